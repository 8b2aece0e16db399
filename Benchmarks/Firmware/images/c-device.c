// SPDX-License-Identifier: Apache-2.0
// Firmware in C over libcountersign.a: a session with the server, in which the server orders a change of keys, a second one
// under the new key, and a ping. With MESSAGES also a message to another device, one of it, and a session with it through the relay.
// The storage page: the images' seed (16), then the stored identity.
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

#ifdef MESSAGES
static const countersign_address other = {.device = 2, .system = 7};
static const uint8_t text[16] = "open the valve";
static countersign_peer peer;
static uint8_t inbox[COUNTERSIGN_INBOX_SIZE(8)];

// Opens the server's next record.
static countersign_record next(const char *name, size_t *record_size) {
    countersign_record record;
    uint32_t todo;
    size_t size = wire_receive(wire_frame(), wire_frame_capacity);
    op_begin();
    demand(countersign_open(&device, wire_frame(), size, record_size, &todo));
    demand(countersign_parse(wire_frame(), *record_size, &record));
    op_end(name);
    return record;
}

// Sends the frame that lies in the board's buffer, and opens the record that answers it.
static countersign_record ask(const char *name, size_t size, size_t *record_size) {
    wire_send(wire_frame(), size);
    return next(name, record_size);
}

static void look_up(void) {
    size_t size;
    uint32_t todo;
    demand(countersign_lookup(&device, &other, wire_frame(), wire_frame_capacity, &size));
    if (ask("open-peer", size, &size).kind != COUNTERSIGN_RECORD_PEER) fail(101);
    op_begin();
    demand(countersign_peer_take(&device, &peer, sizeof peer, &other, wire_frame(), size, &todo));
    op_end("verify-peer");
}

static uint64_t next_number(void) {
    uint64_t number;
    uint32_t todo;
    demand(countersign_next_number(&device, &number, &todo));
    if (todo & COUNTERSIGN_STORE) store();
    return number;
}

static void judge(const countersign_message *message) {
    if (message->text_size != sizeof text || memcmp(message->text, text, sizeof text)) fail(102);
    demand(countersign_inbox_judge(inbox, sizeof inbox, message));
    demand(countersign_inbox_remember(inbox, sizeof inbox, message));
}

// A message that goes to the mailbox, and one that comes from there.
static void exchange(void) {
    size_t size;
    uint32_t todo;
    countersign_message message;
    uint64_t number = next_number();
    op_begin();
    demand(countersign_deposit(&device, &peer, number, text, sizeof text, wire_frame(), wire_frame_capacity, &size));
    op_end("seal-message");
    countersign_record record = ask("open-accepted", size, &size);
    if (record.kind != COUNTERSIGN_RECORD_ACCEPTED || record.number != number) fail(103);
    if (next("open-mail", &size).kind != COUNTERSIGN_RECORD_MAIL) fail(104);
    op_begin();
    demand(countersign_open_mail(&device, wire_frame(), size, &message, &todo));
    op_end("open-message");
    if (todo & COUNTERSIGN_STORE) store();
    judge(&message);
    demand(countersign_delivered(&device, &message.from, message.number, wire_frame(), wire_frame_capacity, &size));
    wire_send(wire_frame(), size);
}

// Puts the frame of the peer's session into a record, and moves the one that comes back to where it was.
static size_t relay(const char *name, size_t size, uint32_t *session) {
    demand(countersign_relay(&device, &other, *session, wire_frame(), wire_frame_capacity, size, &size));
    countersign_record record = ask(name, size, &size);
    if (record.kind != COUNTERSIGN_RECORD_FRAME) fail(105);
    *session = record.session;
    return record.body_size;
}

// A session with the other device: a message, and its answer.
static void converse(void) {
    uint8_t *frame = wire_frame() + COUNTERSIGN_RELAY_OFFSET;
    const size_t capacity = wire_frame_capacity - COUNTERSIGN_RELAY_OFFSET;
    size_t size;
    uint32_t todo, session = 0;
    countersign_message message;
    op_begin();
    demand(countersign_peer_call(&device, &peer));
    demand(countersign_peer_handshake(&device, &peer, NULL, 0, frame, capacity, &size, &todo));
    op_end("peer-1");
    size = relay("open-frame", size, &session);
    op_begin();
    demand(countersign_peer_handshake(&device, &peer, frame, size, frame, capacity, &size, &todo));
    op_end("peer-2");
    uint64_t number = next_number();
    op_begin();
    demand(countersign_peer_seal(&peer, number, text, sizeof text, frame, capacity, &size));
    op_end("peer-seal");
    size = relay("open-frame", size, &session);
    op_begin();
    demand(countersign_peer_open(&device, &peer, frame, size, &message));
    op_end("peer-open");
    if (message.kind != COUNTERSIGN_KIND_ACKNOWLEDGEMENT || message.number != number) fail(106);
    countersign_peer_close(&peer);
}
#endif

void image_main(void) {
    op_begin();
    demand(countersign_init(&device, sizeof device, hook_storage() + 16, COUNTERSIGN_STORED_SIZE));
    op_end("load");
    while (!session()) countersign_close(&device);
    ping();
#ifdef MESSAGES
    demand(countersign_inbox_create(inbox, sizeof inbox));
    look_up();
    exchange();
    converse();
#endif
    countersign_close(&device);
    countersign_clear(&device);
    secrets_gone();
}
