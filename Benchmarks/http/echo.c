// echo
//
// An HTTP/1.1 server on a free loopback port, which it prints on one line; a process for each connection, kept alive.
// What it answers depends on the end of the target's path:
//   /sse     one server-sent event with a JSON message of about 180 bytes, and the end of the stream
//   /events  500 events, one each millisecond, whose data is the monotonic time in nanoseconds at which it was sent
//   /open    an event each tenth of a second for as long as the client stays
//   others   the JSON message as a body
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char message[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
                              "\"the quick brown fox jumps over the lazy dog, again and again and again and again\"}],"
                              "\"isError\":false}}";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void put(int to, const char *bytes, size_t count) {
    if (write(to, bytes, count) != (ssize_t)count) exit(0);
}

static void event(int to, const char *data) {
    char text[512];
    int count = snprintf(text, sizeof text, "%zx\r\ndata: %s\n\n\r\n", strlen(data) + 8, data);
    put(to, text, (size_t)count);
}

static void timed_events(int to, int count, unsigned microseconds) {
    put(to, stream_head, sizeof stream_head - 1);
    for (int index = 0; count == 0 || index < count; index++) {
        struct timespec time;
        char text[32];
        usleep(microseconds);
        clock_gettime(CLOCK_MONOTONIC, &time);
        snprintf(text, sizeof text, "%lld", time.tv_sec * 1000000000LL + time.tv_nsec);
        event(to, text);
    }
    put(to, "0\r\n\r\n", 5);
}

static void answer(int to, const char *request, const char *end) {
    const char *path = strstr(request, " HTTP/1.1");
    if (path != NULL && path < end && path - request > 8) {
        if (strncmp(path - 4, "/sse", 4) == 0) {
            put(to, stream_head, sizeof stream_head - 1);
            event(to, message);
            put(to, "0\r\n\r\n", 5);
            return;
        }
        if (strncmp(path - 7, "/events", 7) == 0) return timed_events(to, 500, 1000);
        if (strncmp(path - 5, "/open", 5) == 0) return timed_events(to, 0, 100000);
    }
    char text[512];
    int count = snprintf(text, sizeof text,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         sizeof message - 1, message);
    put(to, text, (size_t)count);
}

static void serve(int client) {
    static char buffer[1 << 16];
    size_t held = 0;
    for (;;) {
        buffer[held] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        char *length = end ? strcasestr(buffer, "content-length:") : NULL;
        size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
        size_t whole = end ? (size_t)(end - buffer) + 4 + body : 0;
        if (end == NULL || held < whole) {
            ssize_t count = read(client, buffer + held, sizeof buffer - 1 - held);
            if (count <= 0) return;
            held += (size_t)count;
            continue;
        }
        answer(client, buffer, end);
        memmove(buffer, buffer + whole, held - whole);
        held -= whole;
    }
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    signal(SIGCHLD, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 512) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) fail("accept");
        if (fork() == 0) {
            close(listener);
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            serve(client);
            exit(0);
        }
        close(client);
    }
}
