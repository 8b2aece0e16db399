// SPDX-License-Identifier: Apache-2.0
// Firmware in C over libcountersign.a: a session with the server, in which the server orders a change of keys, a second one
// under the new key, and a ping. The storage page: the images' seed (16), then the stored identity.
#include <string.h>
#include "countersign.h"
#include "firmware.h"

static countersign_context device;
static uint8_t stored[COUNTERSIGN_STORED_SIZE];

static void demand(countersign_result result) {
    if (result != COUNTERSIGN_OK) fail((uint32_t)result);
}

static void store(void) {
    op_begin();
    demand(countersign_encode(&device, stored, sizeof stored));
    op_end("store");
    hook_store(0, stored, sizeof stored);
    memset(stored, 0, sizeof stored);
    countersign_stored(&device);
}

// Answers what the server asked for: a certificate for a key.
static void renew(void) {
    size_t size;
    uint32_t todo;
    op_begin();
    demand(countersign_rotate(&device, wire_frame(), wire_frame_capacity, &size, &todo));
    op_end("rotate");
    if (todo & COUNTERSIGN_STORE) store();
    wire_send(wire_frame(), size);
}

static void handshake(void) {
    size_t size, received;
    op_begin();
    demand(countersign_handshake(&device, NULL, 0, wire_frame(), wire_frame_capacity, &size));
    op_end("write-1");
    wire_send(wire_frame(), size);
    received = wire_receive(wire_frame(), wire_frame_capacity);
    op_begin();
    demand(countersign_handshake(&device, wire_frame(), received, wire_frame(), wire_frame_capacity, &size));
    op_end("read-2");
    wire_send(wire_frame(), size);
}

// One session, until the server has certified a new key (0) or has nothing more to say (1).
static int session(void) {
    enum { welcome = 0x81, certificate = 0x87, caughtUp = 0x8C };
    handshake();
    for (;;) {
        size_t size, received = wire_receive(wire_frame(), wire_frame_capacity);
        uint32_t todo;
        op_begin();
        demand(countersign_open(&device, wire_frame(), received, &size, &todo));
        uint8_t kind = wire_frame()[0];
        op_end(kind == welcome ? "welcome" : kind == certificate ? "certified" : "open");
        if (todo & COUNTERSIGN_STORE) store();
        if (todo & COUNTERSIGN_ROTATE) renew();
        if (todo & COUNTERSIGN_RECONNECT) return 0;
        if (kind == caughtUp) return 1;
    }
}

static void ping(void) {
    enum { ping = 0x07, pong = 0x8D };
    size_t size;
    uint32_t todo;
    wire_frame()[0] = ping;
    op_begin();
    demand(countersign_seal(&device, wire_frame(), wire_frame_capacity, 1, &size));
    op_end("seal");
    wire_send(wire_frame(), size);
    size = wire_receive(wire_frame(), wire_frame_capacity);
    op_begin();
    demand(countersign_open(&device, wire_frame(), size, &size, &todo));
    op_end("open-pong");
    if (size != 1 || wire_frame()[0] != pong) fail(100);
}

void image_main(void) {
    op_begin();
    demand(countersign_init(&device, sizeof device, hook_storage() + 16, COUNTERSIGN_STORED_SIZE));
    op_end("load");
    while (!session()) countersign_close(&device);
    ping();
    countersign_close(&device);
    countersign_clear(&device);
    secrets_gone();
}
