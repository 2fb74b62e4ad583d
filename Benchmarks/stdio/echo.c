// A JSON-RPC server that answers every line on standard input with a result that carries its id.
// It allocates nothing and writes each answer by one write, so that what is measured is what stands around it.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char input[1 << 20];
static char output[512];

static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":";
static const char tail[] = ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"Cloudy, 17 degrees, light wind from "
                           "the north-west; tomorrow sunny with a high of 21.\"}],\"isError\":false}}\n";

static int write_all(const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0) return -1;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

static int answer(const char *line, size_t count) {
    static const char key[] = "\"id\":";
    const char *id = memmem(line, count, key, sizeof key - 1);
    if (id == NULL) return 0;
    id += sizeof key - 1;
    size_t length = 0;
    while (id + length < line + count && id[length] != ',' && id[length] != '}') length++;
    if (length > 64) return -1;
    size_t size = 0;
    memcpy(output, head, sizeof head - 1);
    size += sizeof head - 1;
    memcpy(output + size, id, length);
    size += length;
    memcpy(output + size, tail, sizeof tail - 1);
    return write_all(output, size + sizeof tail - 1);
}

int main(void) {
    size_t held = 0;
    for (;;) {
        ssize_t count = read(STDIN_FILENO, input + held, sizeof input - held);
        if (count <= 0) return count < 0;
        size_t end = held + (size_t)count, start = 0;
        for (size_t i = held; i < end; i++) {
            if (input[i] != '\n') continue;
            if (answer(input + start, i - start) != 0) return 1;
            start = i + 1;
        }
        held = end - start;
        memmove(input, input + start, held);
        if (held == sizeof input) return 1;
    }
}
