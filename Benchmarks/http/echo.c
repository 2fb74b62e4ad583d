// echo
//
// An HTTP/1.1 server on a free loopback port, which it prints on one line. One connection at a time, kept alive.
// A request to a target that begins with /events is answered with 500 server-sent events, one each millisecond, whose
// data is the monotonic time in nanoseconds at which it was sent; any other with a JSON message of about 180 bytes.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void put(int to, const char *bytes, size_t count) {
    if (write(to, bytes, count) != (ssize_t)count) exit(0);
}

static long long nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void events(int client) {
    char text[128];
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    put(client, head, sizeof head - 1);
    for (int index = 0; index < 500; index++) {
        usleep(1000);
        char event[64];
        int length = snprintf(event, sizeof event, "data: %lld\n\n", nanoseconds());
        int count = snprintf(text, sizeof text, "%x\r\n%s\r\n", length, event);
        put(client, text, (size_t)count);
    }
    put(client, "0\r\n\r\n", 5);
}

static void answer(int client) {
    static const char body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
                               "\"the quick brown fox jumps over the lazy dog, again and again and again and again\"}],"
                               "\"isError\":false}}";
    char text[512];
    int count = snprintf(text, sizeof text,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         sizeof body - 1, body);
    put(client, text, (size_t)count);
}

static void serve(int client) {
    static char buffer[1 << 16];
    size_t held = 0;
    for (;;) {
        buffer[held] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        char *length = end ? strcasestr(buffer, "content-length:") : NULL;
        size_t whole = end ? (size_t)(end - buffer) + 4 + (length && length < end ? strtoul(length + 15, NULL, 10) : 0) : 0;
        if (end == NULL || held < whole) {
            ssize_t count = read(client, buffer + held, sizeof buffer - 1 - held);
            if (count <= 0) return;
            held += (size_t)count;
            continue;
        }
        if (strstr(buffer, " /events") && strstr(buffer, " /events") < end) events(client);
        else answer(client);
        memmove(buffer, buffer + whole, held - whole);
        held -= whole;
    }
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) fail("accept");
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        serve(client);
        close(client);
    }
}
