// driver calls PORT PATH COUNT     begins an MCP session and makes COUNT calls of a tool, one after the other
// driver events PORT               reads one stream of 500 timed events
// driver open PORT COUNT           opens COUNT streams, reads three events of each, and waits for a line of input
//
// The first two print on one line, in microseconds, p50 and p99: of a call, or of the time between the sending and the
// receiving of an event. The first ten calls are no part of the figures.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 10, EVENTS = 500 };

static char buffer[1 << 16];
static char session[256];
static const char *port;

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
    printf("%.1f %.1f\n", values[count / 2], values[count * 99 / 100]);
}

static int dial(void) {
    int to = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)atoi(port));
    if (connect(to, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return to;
}

static size_t receive(int from, size_t held) {
    ssize_t count = read(from, buffer + held, sizeof buffer - 1 - held);
    if (count <= 0) fail("the connection ended");
    buffer[held + (size_t)count] = 0;
    return held + (size_t)count;
}

static void request(int to, const char *method, const char *path, const char *body) {
    char text[2048];
    int count = snprintf(text, sizeof text,
                         "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\n"
                         "Accept: application/json, text/event-stream\r\nContent-Length: %zu\r\n%s\r\n%s",
                         method, path, port, strlen(body), session, body);
    if (write(to, text, (size_t)count) != count) fail("write");
}

// Reads one response, by its length or in chunks, and keeps the session id that it gives.
static void response(int from) {
    size_t held = 0;
    for (;;) {
        held = receive(from, held);
        char *end = strstr(buffer, "\r\n\r\n");
        if (end == NULL) continue;
        char *id = strcasestr(buffer, "mcp-session-id: ");
        if (id != NULL && id < end && session[0] == 0)
            snprintf(session, sizeof session, "Mcp-Session-Id: %.*s\r\n", (int)strcspn(id + 16, "\r"), id + 16);
        char *length = strcasestr(buffer, "content-length:");
        if (length != NULL && length < end) {
            size_t whole = (size_t)(end - buffer) + 4 + strtoul(length + 15, NULL, 10);
            while (held < whole) held = receive(from, held);
            return;
        }
        while (strcmp(buffer + held - 5, "0\r\n\r\n") != 0) held = receive(from, held);
        return;
    }
}

static void calls(const char *path, size_t count) {
    double *times = calloc(count, sizeof *times);
    int to = dial();
    if (times == NULL) fail("calloc");
    request(to, "POST", path,
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\","
            "\"capabilities\":{},\"clientInfo\":{\"name\":\"driver\",\"version\":\"1\"}}}");
    response(to);
    request(to, "POST", path, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    response(to);
    for (size_t call = 0; call < count + WARM_UP; call++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
                 "\"arguments\":{\"text\":\"the quick brown fox jumps over the lazy dog, again and again\"}}}",
                 call + 1);
        double start = now();
        request(to, "POST", path, body);
        response(to);
        if (call >= WARM_UP) times[call - WARM_UP] = now() - start;
    }
    print(times, count);
}

static void timed_events(void) {
    double late[EVENTS];
    size_t events = 0;
    int to = dial();
    request(to, "GET", "/events", "");
    for (size_t held = 0; events < EVENTS;) {
        held = receive(to, held);
        double received = now();
        char *next = buffer, *data;
        while (events < EVENTS && (data = strstr(next, "data: ")) != NULL && strstr(data, "\n\n") != NULL) {
            late[events++] = received - strtod(data + 6, NULL) / 1e3;
            next = strstr(data, "\n\n") + 2;
        }
        held -= (size_t)(next - buffer);
        memmove(buffer, next, held + 1);
    }
    print(late, EVENTS);
}

static void open_streams(size_t count) {
    int *streams = calloc(count, sizeof *streams);
    if (streams == NULL) fail("calloc");
    for (size_t index = 0; index < count; index++) {
        streams[index] = dial();
        request(streams[index], "GET", "/open", "");
    }
    for (int round = 0; round < 3; round++)
        for (size_t index = 0; index < count; index++) receive(streams[index], 0);
    puts("open");
    fflush(stdout);
    (void)getchar();
}

int main(int argc, char **argv) {
    port = argc > 2 ? argv[2] : "";
    if (argc == 5 && strcmp(argv[1], "calls") == 0) calls(argv[3], strtoul(argv[4], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "events") == 0) timed_events();
    else if (argc == 4 && strcmp(argv[1], "open") == 0) open_streams(strtoul(argv[3], NULL, 10));
    else {
        fputs("usage: driver calls PORT PATH COUNT | driver events PORT | driver open PORT COUNT\n", stderr);
        return 2;
    }
    return 0;
}
