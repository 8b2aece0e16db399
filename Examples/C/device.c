// SPDX-License-Identifier: Apache-2.0
// A device on Linux: makes its key, is certified, sends messages, and prints those that it gets.
//
//   device create FILE SYSTEM ID ISSUER-KEY SERVER-KEY     prints the key that `countersign device add --public-key` certifies
//   device install FILE CERTIFICATE
//   device send FILE PORT ID TEXT
//   device receive FILE PORT COUNT
#include <arpa/inet.h>
#include <countersign.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static countersign_context device;
static countersign_peer peer;
static uint8_t inbox[COUNTERSIGN_INBOX_SIZE(16)], in[65535], out[65535];
static char *file, inbox_file[4096];
static uint16_t port;
static int server = -1, listens;

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
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t size;
    if (server >= 0) close(server);
    countersign_close(&device);
    server = socket(AF_INET, SOCK_STREAM, 0);
    demand(connect(server, (struct sockaddr *)&address, sizeof address) == 0, "no server at this port");
    countersign_set_listening(&device, listens);
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

static void send_message(uint64_t id, const char *text) {
    countersign_address to;
    size_t size;
    uint64_t number;
    uint32_t todo;
    countersign_own_address(&device, &to);
    to.device = id;
    check(countersign_lookup(&device, &to, out, sizeof out, &size), "lookup");
    transmit(size);
    while (next(&size).kind != COUNTERSIGN_RECORD_PEER) {}
    check(countersign_peer_take(&device, &peer, sizeof peer, &to, in, size, &todo), "the recipient's certificate");
    check(countersign_next_number(&device, &number, &todo), "number");
    if (todo & COUNTERSIGN_STORE) store();
    check(countersign_deposit(&device, &peer, number, (const uint8_t *)text, strlen(text), out, sizeof out, &size), "seal");
    transmit(size);
    countersign_record record;
    do record = next(&size); while (record.number != number);
    demand(record.kind == COUNTERSIGN_RECORD_ACCEPTED, "the server did not store the message");
    printf("stored %016llx\n", (unsigned long long)number);
}

// Prints a message, and notes that before the mailbox is told.
static void print(const countersign_message *message) {
    printf("%016llx  %.*s\n", (unsigned long long)message->from.device, (int)message->text_size, (const char *)message->text);
    fflush(stdout);
    check(countersign_inbox_remember(inbox, sizeof inbox, message), "inbox");
    keep(inbox_file, inbox, sizeof inbox);
}

static void receive_messages(int left) {
    if (load(inbox_file, inbox, sizeof inbox) == 0) check(countersign_inbox_create(inbox, sizeof inbox), "inbox");
    check(countersign_inbox_check(inbox, sizeof inbox), "the inbox is damaged");
    while (left > 0) {
        size_t size;
        uint32_t todo;
        countersign_message message;
        countersign_record record = next(&size);
        if (record.kind == COUNTERSIGN_RECORD_FRAME) {
            // Another device begins a session. This one wants its messages from the mailbox, and says that it cannot read the frame.
            out[COUNTERSIGN_RELAY_OFFSET] = COUNTERSIGN_PEER_REJECTION;
            check(countersign_relay(&device, &record.device, record.session, out, sizeof out, 1, &size), "relay");
            transmit(size);
        }
        if (record.kind != COUNTERSIGN_RECORD_MAIL) continue;
        // What cannot be opened now never can: the mailbox may forget that too.
        if (countersign_open_mail(&device, in, size, &message, &todo) == COUNTERSIGN_OK) {
            if (todo & COUNTERSIGN_STORE) store();
            countersign_result judgement = countersign_inbox_judge(inbox, sizeof inbox, &message);
            if (judgement == COUNTERSIGN_INBOX_FULL) continue;
            if (judgement == COUNTERSIGN_OK) print(&message);
            left -= judgement == COUNTERSIGN_OK;
        }
        check(countersign_delivered(&device, &message.from, message.number, out, sizeof out, &size), "delivered");
        transmit(size);
    }
}

static void hexadecimal(const char *text, uint8_t *bytes) {
    for (int i = 0; i < COUNTERSIGN_KEY_SIZE; i++) demand(sscanf(text + 2 * i, "%2hhx", bytes + i) == 1, "64 hexadecimal digits");
}

static void create(char **words) {
    uint8_t issuer[COUNTERSIGN_KEY_SIZE], key[COUNTERSIGN_KEY_SIZE];
    countersign_enrolment enrolment = {.issuer_key = issuer, .server_key = key};
    enrolment.address.system = (uint32_t)strtoul(words[0], NULL, 10);
    enrolment.address.device = strtoull(words[1], NULL, 16);
    hexadecimal(words[2], issuer);
    hexadecimal(words[3], key);
    check(countersign_create(&device, sizeof device, &enrolment), "create");
    store();
    check(countersign_certificate_request(&device, key), "request");
    for (int i = 0; i < COUNTERSIGN_KEY_SIZE; i++) printf("%02x%s", key[i], i + 1 < COUNTERSIGN_KEY_SIZE ? "" : "\n");
}

int main(int count, char **words) {
    uint8_t bytes[COUNTERSIGN_STORED_SIZE];
    demand(count > 3, "see the first lines of device.c");
    const char *verb = words[1];
    snprintf(inbox_file, sizeof inbox_file, "%s.c-inbox", file = words[2]);
    if (strcmp(verb, "create") == 0 && count == 7) return create(words + 3), 0;
    check(countersign_init(&device, sizeof device, bytes, load(file, bytes, sizeof bytes)), "this is no device file");
    if (strcmp(verb, "install") == 0) {
        check(countersign_install(&device, bytes, load(words[3], bytes, sizeof bytes)), "certificate");
        store();
    } else if (count > 4) {
        port = (uint16_t)atoi(words[3]);
        listens = strcmp(verb, "receive") == 0;
        open_session();
        if (listens) receive_messages(atoi(words[4]));
        if (strcmp(verb, "send") == 0 && count == 6) send_message(strtoull(words[4], NULL, 16), words[5]);
    }
    explicit_bzero(bytes, sizeof bytes);
    countersign_clear(&device);
    return 0;
}
