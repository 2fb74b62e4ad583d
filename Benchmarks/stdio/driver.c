// driver REQUESTS WINDOW -- COMMAND...
//
// Starts COMMAND as a stdio server, sends it the lines of the file REQUESTS with at most WINDOW of them unanswered, and
// prints on one line, in microseconds:
//   first answer since the start, p50 and p99 of a call, wall time a call, processor time of COMMAND with its children
// The first call is no part of the other figures; the processor time is that of the whole run.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char buffer[1 << 16];

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

static pid_t start(char **command, int *input, int *output) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) fail("pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    pid_t id;
    if (posix_spawnp(&id, command[0], &actions, NULL, command, environ) != 0) fail(command[0]);
    close(to[0]);
    close(from[1]);
    *input = to[1];
    *output = from[0];
    return id;
}

int main(int argc, char **argv) {
    if (argc < 5 || strcmp(argv[3], "--") != 0) {
        fputs("usage: driver REQUESTS WINDOW -- COMMAND...\n", stderr);
        return 2;
    }
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) fail(argv[1]);
    char *requests = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (requests == MAP_FAILED) fail("mmap");
    char *end = requests + status.st_size;
    size_t total = 0;
    for (char *at = requests; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) total++;
    size_t window = (size_t)atol(argv[2]);
    double *sent = calloc(total, sizeof *sent), *taken = calloc(total, sizeof *taken);
    if (total < 2 || window < 1 || sent == NULL || taken == NULL) fail("too few requests, or too little memory");

    double begin = now(), first = 0;
    int input, output;
    pid_t id = start(argv + 4, &input, &output);
    size_t asked = 0, answered = 0;
    char *request = requests;
    while (answered < total) {
        // Nothing else is asked before the first answer: it tells how long the start took.
        while (asked < total && asked - answered < (answered == 0 ? 1 : window)) {
            char *next = (char *)memchr(request, '\n', (size_t)(end - request)) + 1;
            sent[asked++] = now();
            if (write(input, request, (size_t)(next - request)) != next - request) fail("write");
            request = next;
        }
        ssize_t count = read(output, buffer, sizeof buffer);
        if (count <= 0) fail("the server ended before the last answer");
        double time = now();
        for (char *at = buffer; (at = memchr(at, '\n', (size_t)(buffer + count - at))) != NULL; at++) {
            taken[answered] = time - sent[answered];
            answered++;
        }
        if (first == 0 && answered > 0) first = time;
    }
    double wall = (now() - first) / (double)(total - 1);
    close(input);
    while (read(output, buffer, sizeof buffer) > 0) {}
    int end_status;
    struct rusage usage;
    if (wait4(id, &end_status, 0, &usage) != id) fail("wait4");
    double processor = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    if (!WIFEXITED(end_status) || WEXITSTATUS(end_status) != 0) {
        fprintf(stderr, "%s ended with status %d\n", argv[4], end_status);
        return 1;
    }
    qsort(taken + 1, total - 1, sizeof *taken, ascending);
    printf("%.0f %.2f %.2f %.2f %.2f\n", first - begin, taken[1 + (total - 1) / 2], taken[1 + (total - 1) * 99 / 100],
           wall, processor);
}
