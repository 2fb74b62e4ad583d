// driver PORT CALLS
//
// Posts CALLS JSON messages of about 160 bytes to 127.0.0.1:PORT over one connection, one after the other, then reads
// one stream of events, and prints on one line, in microseconds:
//   p50 and p99 of a call, p50 and p99 of the time between the sending and the receiving of an event
// The first call is no part of the figures.
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

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print(double *values, size_t count) {
    qsort(values, count, sizeof *values, ascending);
    printf("%.1f %.1f ", values[count / 2], values[count * 99 / 100]);
}

static char buffer[1 << 16];

static size_t receive(int from, size_t held) {
    ssize_t count = read(from, buffer + held, sizeof buffer - 1 - held);
    if (count <= 0) fail("the connection ended");
    buffer[held + (size_t)count] = 0;
    return held + (size_t)count;
}

// Reads one response with a content length, or whose chunked body is one chunk.
static void response(int from) {
    size_t held = 0;
    for (;;) {
        held = receive(from, held);
        char *end = strstr(buffer, "\r\n\r\n");
        if (end == NULL) continue;
        char *length = strcasestr(buffer, "content-length:");
        if (length == NULL || length > end) {
            fputs("an answer without Content-Length\n", stderr);
            exit(1);
        }
        size_t whole = (size_t)(end - buffer) + 4 + strtoul(length + 15, NULL, 10);
        while (held < whole) held = receive(from, held);
        return;
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: driver PORT CALLS\n", stderr);
        return 2;
    }
    size_t calls = strtoul(argv[2], NULL, 10), events = 0;
    double *times = calloc(calls, sizeof *times), late[500];
    int to = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    if (times == NULL || connect(to, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (size_t call = 0; call <= calls; call++) {
        char body[256], request[1024];
        int length = snprintf(body, sizeof body,
                              "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
                              "\"arguments\":{\"text\":\"the quick brown fox jumps over the lazy dog, again and again\"}}}",
                              call);
        int count = snprintf(request, sizeof request,
                             "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\n"
                             "Accept: application/json, text/event-stream\r\nContent-Length: %d\r\n\r\n%s",
                             argv[1], length, body);
        double start = now();
        if (write(to, request, (size_t)count) != count) fail("write");
        response(to);
        if (call > 0) times[call - 1] = now() - start;
    }
    char request[256];
    int count = snprintf(request, sizeof request, "GET /events HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", argv[1]);
    if (write(to, request, (size_t)count) != count) fail("write");
    for (size_t held = 0; events < 500;) {
        held = receive(to, held);
        double received = now();
        char *next = buffer, *data;
        while (events < 500 && (data = strstr(next, "data: ")) != NULL && strstr(data, "\n\n") != NULL) {
            late[events++] = received - strtod(data + 6, NULL) / 1e3;
            next = strstr(data, "\n\n") + 2;
        }
        held -= (size_t)(next - buffer);
        memmove(buffer, next, held + 1);
    }
    print(times, calls);
    print(late, events);
    putchar('\n');
}
