// SPDX-License-Identifier: Apache-2.0
// What one instruction costs. A model looks at the instruction's bytes and at what came just before it.
#pragma once
#include <stdint.h>

struct step {
    unsigned length;  // bytes
    unsigned cycles;  // when control falls through to the next instruction
    unsigned taken;   // cycles to add when control goes elsewhere
};

/// Carried from one instruction to the next inside a straight run of code; all zero at its start.
struct history {
    int loaded;         // the last instruction was a single load whose data phase the next access can overlap
    unsigned register_; // which register it loaded
};

/// What an instruction does with return addresses.
enum linkage { unrelated, call, save };  // `save`: it stores the return address on the stack

typedef enum linkage decoder(const uint8_t *code);

decoder thumb_linkage, riscv_linkage;

typedef struct step model(const uint8_t *code, struct history *history);

model cortex_m0, cortex_m4, rv32;
