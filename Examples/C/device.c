// SPDX-License-Identifier: Apache-2.0
// A device on Linux: makes its key, is certified, sends messages, and prints those that it gets.
//
//   device create FILE SYSTEM ID ISSUER-KEY SERVER-KEY     prints the key that `countersign device add --public-key` certifies
//   device install FILE CERTIFICATE
//   device send FILE PORT ID TEXT
//   device receive FILE PORT COUNT
#include "posix.h"

static countersign_peer peer;
static uint8_t inbox[COUNTERSIGN_INBOX_SIZE(16)];
static char inbox_file[4096];

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
            if (judgement == COUNTERSIGN_OK && left-- > 0) {
                printf("%016llx  %.*s\n", (unsigned long long)message.from.device, (int)message.text_size, (const char *)message.text);
                fflush(stdout);
                check(countersign_inbox_remember(inbox, sizeof inbox, &message), "inbox");
                keep(inbox_file, inbox, sizeof inbox);
            }
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
    countersign_address address = {.system = (uint32_t)strtoul(words[0], NULL, 10), .device = strtoull(words[1], NULL, 16)};
    countersign_enrolment enrolment = {.address = address, .issuer_key = issuer, .server_key = key};
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
    snprintf(inbox_file, sizeof inbox_file, "%s.c-inbox", file = words[2]);
    if (strcmp(words[1], "create") == 0 && count == 7) return create(words + 3), 0;
    check(countersign_init(&device, sizeof device, bytes, load(file, bytes, sizeof bytes)), "this is no device file");
    if (strcmp(words[1], "install") == 0) {
        check(countersign_install(&device, bytes, load(words[3], bytes, sizeof bytes)), "certificate");
        store();
    } else if (count > 4) {
        port = atoi(words[3]);
        listens = strcmp(words[1], "receive") == 0;
        open_session();
        if (listens) receive_messages(atoi(words[4]));
        if (strcmp(words[1], "send") == 0 && count == 6) send_message(strtoull(words[4], NULL, 16), words[5]);
    }
    explicit_bzero(bytes, sizeof bytes);
    countersign_clear(&device);
    return 0;
}
