// SPDX-License-Identifier: Apache-2.0
// What an image may ask of the board it runs on, and what the measuring harness offers it.
#pragma once
#include <stddef.h>
#include <stdint.h>

// ---- The board: one file per board implements these ----

/// Clocks and pins, before `main`.
void board_start(void);
/// Sends one byte over the serial line, waiting until there is room.
void serial_put(uint8_t byte);
/// Waits for one byte from the serial line.
uint8_t serial_get(void);
/// A free-running counter of processor cycles; it wraps. Under emulation with `-icount shift=0` one tick stands
/// for a fixed span of virtual time instead: see `ticks_per_instruction` in harness/targets.py.
uint32_t ticks(void);

// ---- The hooks a product supplies: entropy, storage, clock ----

/// Fills `out` with `size` unpredictable bytes. The images read them from a seed on the storage page, so that two runs
/// agree to the instruction: a product reads its hardware generator here.
void hook_random(uint8_t *out, size_t size);
/// The page of flash that the assembly line writes: keys, certificate, server key. Read-only to the images.
const uint8_t *hook_storage(void);
/// Keeps `size` bytes under `slot` so that they outlive a reset. The images let them go.
void hook_store(uint8_t slot, const uint8_t *bytes, size_t size);

// ---- The harness: a line protocol over the serial line ----

/// Marks the start of an operation whose cost is measured.
void op_begin(void);
/// Marks its end, and prints `op NAME TICKS`.
void op_end(const char *name);
/// The buffer that every frame passes through, and its size in bytes.
uint8_t *wire_frame(void);
enum { wire_frame_capacity = 256 };
/// Sends a message to the peer on the host: `> HEX`.
void wire_send(const uint8_t *bytes, size_t size);
/// Asks the host for the peer's next message, and waits for it. Returns its size; larger than `capacity` ends the image.
size_t wire_receive(uint8_t *bytes, size_t capacity);
/// Prints `NAME HEX`: a result that the host checks.
void report(const char *name, const uint8_t *bytes, size_t size);
/// Says that every secret of the session must be gone from RAM by now: the harness searches all of it at this instant.
void secrets_gone(void);
/// Ends the image as failed: `fail CODE`.
void fail(uint32_t code) __attribute__((noreturn));

/// The image itself.
void image_main(void);
