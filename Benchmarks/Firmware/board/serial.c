// SPDX-License-Identifier: Apache-2.0
// The line protocol of firmware.h. Everything is printable, so a terminal on a real board shows the same lines.
#include "firmware.h"

static void text(const char *line) {
    while (*line) serial_put((uint8_t)*line++);
}

static void hex(const uint8_t *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        serial_put((uint8_t)digits[bytes[i] >> 4]);
        serial_put((uint8_t)digits[bytes[i] & 15]);
    }
    serial_put('\n');
}

// Subtracts powers of ten: the Cortex-M0 has no divider, and a library's would be code that nothing else needs.
static void decimal(uint32_t value) {
    uint32_t power = 1000000000;
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    int printing = 0;
    for (int i = 0; i < 10; i++) {
        uint8_t digit = '0';
        power = powers[i];
        while (value >= power) value -= power, digit++;
        printing |= digit != '0' || i == 9;
        if (printing) serial_put(digit);
    }
    serial_put('\n');
}

uint8_t *wire_frame(void) {
    static uint8_t frame[wire_frame_capacity];
    return frame;
}

void wire_send(const uint8_t *bytes, size_t size) {
    text("> ");
    hex(bytes, size);
}

void report(const char *name, const uint8_t *bytes, size_t size) {
    text(name);
    serial_put(' ');
    hex(bytes, size);
}

static uint8_t nibble(uint8_t digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

size_t wire_receive(uint8_t *bytes, size_t capacity) {
    text("<\n");
    for (size_t size = 0;; size++) {
        uint8_t high = serial_get();
        if (high == '\n') return size;
        uint8_t low = serial_get();
        if (size == capacity) fail(0xFF);
        bytes[size] = (uint8_t)(nibble(high) << 4 | nibble(low));
    }
}

// ---- Measuring. The plugin counts between the two markers; the board's own counter cross-checks it. ----

static uint32_t started;

__attribute__((noinline, used)) void marker_begin(void) { __asm__ volatile(""); }
__attribute__((noinline, used)) void marker_end(void) { __asm__ volatile(""); }
__attribute__((noinline, used)) void marker_scan(void) { __asm__ volatile(""); }

void op_begin(void) {
    started = ticks();
    marker_begin();
}

void op_end(const char *name) {
    marker_end();
    uint32_t spent = ticks() - started;
    text("op ");
    text(name);
    serial_put(' ');
    decimal(spent);
}

void secrets_gone(void) { marker_scan(); }

void fail(uint32_t code) {
    text("fail ");
    decimal(code);
    for (;;) {}
}

int main(void) {
    board_start();
    text("image\n");
    image_main();
    text("done\n");
    for (;;) {}
}
