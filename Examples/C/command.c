// SPDX-License-Identifier: Apache-2.0
// A device on Linux that reports to its system's default application, then prints that application's commands and answers them.
//
//   command FILE PORT TEXT COUNT     reports TEXT, and answers COUNT commands
#include "posix.h"
#include <time.h>

static countersign_channel channel;
static char channel_file[4096];
static int is_open, waiting; // Reports that the server has not stored yet.

static void store_channel(void) {
    uint8_t stored[COUNTERSIGN_CHANNEL_STORED_SIZE];
    check(countersign_channel_encode(&channel, stored, sizeof stored), "encode");
    keep(channel_file, stored, sizeof stored);
    explicit_bzero(stored, sizeof stored);
    countersign_channel_stored(&channel);
}

static void report(const char *text, const uint64_t *answers) {
    uint64_t number;
    uint32_t todo;
    size_t size;
    check(countersign_next_number(&device, &number, &todo), "number");
    if (todo & COUNTERSIGN_STORE) store();
    check(countersign_report(&device, &channel, number, 0, answers, (const uint8_t *)text, strlen(text), out, sizeof out, &size), "report");
    transmit(size);
    waiting++;
}

// An application of the system: the channel to the default one is opened where there is none that serves, and the report sent.
static void take_application(const countersign_record *record, size_t size, const char *text) {
    uint32_t todo;
    if (record->reason != 1) return;
    check(countersign_channel_open(&device, &channel, in, size, (uint64_t)time(NULL), out, sizeof out, &size, &todo), "channel");
    if (todo & COUNTERSIGN_STORE_CHANNEL) store_channel();
    if (size > 0) transmit(size);
    if (!is_open) report(text, NULL);
    is_open = 1;
}

// A command, and whether it was new. It is carried out, answered, noted on the disk, and only then taken from the server.
static int obey(size_t size) {
    countersign_request request;
    uint32_t todo;
    size_t frame_size;
    countersign_result result = countersign_request_open(&channel, in, size, &request);
    if (result != COUNTERSIGN_OK && result != COUNTERSIGN_REPEATED) return 0;
    if (result == COUNTERSIGN_OK) {
        printf("command  %.*s\n", (int)request.text_size, (const char *)request.text);
        fflush(stdout);
        if (!request.wants_no_reply) report("done", &request.number);
        check(countersign_request_accept(&channel, in, size, &todo), "command");
        store_channel();
    }
    check(countersign_request_taken(&device, &channel, request.number, out, sizeof out, &frame_size), "taken");
    transmit(frame_size);
    return result == COUNTERSIGN_OK;
}

int main(int count, char **words) {
    uint8_t bytes[COUNTERSIGN_STORED_SIZE];
    demand(count == 5, "see the first lines of command.c");
    snprintf(channel_file, sizeof channel_file, "%s.c-channel", file = words[1]);
    check(countersign_init(&device, sizeof device, bytes, load(file, bytes, sizeof bytes)), "this is no device file");
    // An empty channel where none is stored.
    countersign_channel_load(&channel, sizeof channel, bytes, load(channel_file, bytes, sizeof bytes));
    explicit_bzero(bytes, sizeof bytes);
    port = atoi(words[2]);
    listens = knows_applications = 1;
    open_session();
    for (int left = atoi(words[4]); left > 0 || waiting > 0;) {
        size_t size;
        countersign_record record = next(&size);
        if (record.kind == COUNTERSIGN_RECORD_ACCEPTED) waiting--;
        if (record.kind == COUNTERSIGN_RECORD_APPLICATION) take_application(&record, size, words[3]);
        if (record.kind == COUNTERSIGN_RECORD_REQUEST) left -= obey(size);
    }
    countersign_channel_clear(&channel);
    countersign_clear(&device);
    return 0;
}
