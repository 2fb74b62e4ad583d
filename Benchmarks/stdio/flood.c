// flood serve out BYTES LINE     a server that writes BYTES in lines of LINE bytes, then waits for the end of its input
// flood serve in BYTES           a server that reads nothing for two seconds, then BYTES, then says so by one line
// flood drive out BYTES -- COMMAND...         a client of the first that reads nothing for two seconds
// flood drive in BYTES LINE -- COMMAND...     a client of the second
//
// The client prints the peak resident memory of COMMAND in KiB while it is still running. It gives up after two minutes.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { pause_seconds = 2, limit_seconds = 120 };

static char buffer[1 << 16];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// Lines like those of a tool's result, numbered so that no two are equal.
static void write_lines(int descriptor, size_t total, size_t line) {
    char *bytes = malloc(line);
    if (bytes == NULL || line < 160) fail("malloc");
    static const char tail[] = "\"}],\"isError\":false}}\n";
    for (size_t done = 0, number = 1; done < total; done += line, number++) {
        int head = snprintf(bytes, line,
                            "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"",
                            number);
        for (size_t i = (size_t)head; i < line; i++) bytes[i] = "quiet harbour lights move over the water "[i % 41];
        memcpy(bytes + line - (sizeof tail - 1), tail, sizeof tail - 1);
        for (size_t offset = 0; offset < line;) {
            ssize_t count = write(descriptor, bytes + offset, line - offset);
            if (count <= 0) fail("write");
            offset += (size_t)count;
        }
    }
    free(bytes);
}

static void read_bytes(int descriptor, size_t total) {
    for (size_t done = 0; done < total;) {
        ssize_t count = read(descriptor, buffer, sizeof buffer);
        if (count <= 0) fail("the other side ended early");
        done += (size_t)count;
    }
}

static int serve(int argc, char **argv) {
    if (strcmp(argv[2], "out") == 0 && argc == 5) {
        write_lines(STDOUT_FILENO, (size_t)atoll(argv[3]), (size_t)atoll(argv[4]));
        while (read(STDIN_FILENO, buffer, sizeof buffer) > 0) {}
        return 0;
    }
    sleep(pause_seconds);
    read_bytes(STDIN_FILENO, (size_t)atoll(argv[3]));
    if (write(STDOUT_FILENO, "\n", 1) != 1) fail("write");
    while (read(STDIN_FILENO, buffer, sizeof buffer) > 0) {}
    return 0;
}

static void print_peak(pid_t id) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)id);
    FILE *status = fopen(path, "r");
    if (status == NULL) fail(path);
    long peak = -1;
    while (fgets(buffer, sizeof buffer, status) != NULL) sscanf(buffer, "VmHWM: %ld kB", &peak);
    fclose(status);
    printf("%ld\n", peak);
}

static int drive(int argc, char **argv) {
    int is_out = strcmp(argv[2], "out") == 0;
    int command = is_out ? 5 : 6;
    if (argc <= command || strcmp(argv[command - 1], "--") != 0) return 2;
    size_t total = (size_t)atoll(argv[3]);
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) fail("pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    pid_t id;
    if (posix_spawnp(&id, argv[command], &actions, NULL, argv + command, environ) != 0) fail(argv[command]);
    close(to[0]);
    close(from[1]);
    // When this process is ended by the alarm, the command sees the ends of its pipes and goes, too.
    alarm(limit_seconds);
    if (is_out) {
        sleep(pause_seconds);
        read_bytes(from[0], total);
    } else {
        write_lines(to[1], total, (size_t)atoll(argv[4]));
        read_bytes(from[0], 1);
    }
    print_peak(id);
    close(to[1]);
    while (read(from[0], buffer, sizeof buffer) > 0) {}
    int status;
    if (waitpid(id, &status, 0) != id || !WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(argv[command]);
    return 0;
}

int main(int argc, char **argv) {
    if (argc >= 4 && strcmp(argv[1], "serve") == 0) return serve(argc, argv);
    if (argc >= 6 && strcmp(argv[1], "drive") == 0) return drive(argc, argv);
    fputs("usage: see the first lines of flood.c\n", stderr);
    return 2;
}
