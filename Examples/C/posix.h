// SPDX-License-Identifier: Apache-2.0
// What the examples share: files that a crash leaves whole, frames over a socket, and a session with the server on this machine.
#include <arpa/inet.h>
#include <countersign.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static countersign_context device;
static uint8_t in[65535], out[65535];
static char *file;
static int server = -1, port, listens, knows_applications;

static void demand(int isTrue, const char *what) {
    if (!isTrue) exit((fprintf(stderr, "%s\n", what), 1));
}

static void check(countersign_result result, const char *what) {
    if (result != COUNTERSIGN_OK) exit((fprintf(stderr, "%s: result %d\n", what, result), 1));
}

// Replaces a file: a crash leaves the old content or the new.
static void keep(const char *name, const uint8_t *bytes, size_t size) {
    char new[4096];
    snprintf(new, sizeof new, "%s.new", name);
    int target = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    demand(target >= 0 && write(target, bytes, size) == (ssize_t)size && fsync(target) == 0, "cannot store");
    demand(close(target) == 0 && rename(new, name) == 0, "cannot store");
}

static size_t load(const char *name, uint8_t *bytes, size_t capacity) {
    int source = open(name, O_RDONLY);
    ssize_t size = read(source, bytes, capacity);
    close(source);
    return size < 0 ? 0 : (size_t)size;
}

static void store(void) {
    uint8_t stored[COUNTERSIGN_STORED_SIZE];
    check(countersign_encode(&device, stored, sizeof stored), "encode");
    keep(file, stored, sizeof stored);
    explicit_bzero(stored, sizeof stored);
    countersign_stored(&device);
}

// Each frame follows its length.
static void transmit(size_t size) {
    uint8_t header[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    demand(write(server, header, 2) == 2 && write(server, out, size) == (ssize_t)size, "the server is gone");
}

static size_t receive(void) {
    demand(recv(server, in, 2, MSG_WAITALL) == 2, "the server is gone");
    ssize_t size = in[0] << 8 | in[1];
    demand(recv(server, in, (size_t)size, MSG_WAITALL) == size, "the server is gone");
    return (size_t)size;
}

static void open_session(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t size;
    if (server >= 0) close(server);
    countersign_close(&device);
    server = socket(AF_INET, SOCK_STREAM, 0);
    demand(connect(server, (struct sockaddr *)&address, sizeof address) == 0, "no server at this port");
    countersign_set_listening(&device, listens);
    countersign_set_applications(&device, knows_applications);
    check(countersign_handshake(&device, NULL, 0, out, sizeof out, &size), "first frame");
    transmit(size);
    size = receive();
    check(countersign_handshake(&device, in, size, out, sizeof out, &size), "the server's answer");
    transmit(size);
}

// The next record that is not about the device's own keys. It lies in `in`.
static countersign_record next(size_t *size) {
    countersign_record record;
    uint32_t todo;
    for (;;) {
        check(countersign_open(&device, in, receive(), size, &todo), "a record");
        if (todo & COUNTERSIGN_STORE) store();
        check(countersign_parse(in, *size, &record), "a record");
        if (todo & COUNTERSIGN_ROTATE) {
            size_t frame_size;
            check(countersign_rotate(&device, out, sizeof out, &frame_size, &todo), "rotate");
            if (todo & COUNTERSIGN_STORE) store();
            transmit(frame_size);
        } else if (todo & COUNTERSIGN_RECONNECT) {
            open_session();
        } else {
            return record;
        }
    }
}
