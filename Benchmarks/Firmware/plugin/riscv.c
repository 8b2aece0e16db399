// SPDX-License-Identifier: Apache-2.0
// A cycle model for small in-order RV32IMC cores (three to five stages, single-cycle multiplier). It is not calibrated
// against any part: every instruction takes one cycle, a jump or taken branch two more, and a load one more when the
// next instruction needs its result.
#include "model.h"

enum { redirect = 2, stall = 1, divide = 33 };

static unsigned word(const uint8_t *code) {
    return code[0] | (unsigned)code[1] << 8 | (unsigned)code[2] << 16 | (unsigned)code[3] << 24;
}

static unsigned waits(struct history *history, unsigned a, unsigned b) {
    int needed = history->loaded && history->register_ && (a == history->register_ || b == history->register_);
    history->loaded = 0;
    return needed ? 1 + stall : 1;
}

static struct step compressed(unsigned h, struct history *history) {
    unsigned quadrant = h & 3, function = h >> 13;
    unsigned first = h >> 7 & 31, second = h >> 2 & 31;                // full register fields
    unsigned shortBase = 8 + (h >> 7 & 7), shortOther = 8 + (h >> 2 & 7);
    if (quadrant == 0) {
        unsigned cycles = waits(history, function == 0 ? 2 : shortBase, function == 6 ? shortOther : 0);
        if (function == 2) *history = (struct history){1, shortOther};  // C.LW
        return (struct step){2, cycles, 0};
    }
    if (quadrant == 1) {
        if (function == 1 || function == 5) return (struct step){2, waits(history, 0, 0), redirect};  // C.JAL, C.J
        if (function >= 6) return (struct step){2, waits(history, shortBase, 0), redirect};           // C.BEQZ, C.BNEZ
        if (function == 4) return (struct step){2, waits(history, shortBase, (h >> 10 & 3) == 3 ? shortOther : 0), 0};
        return (struct step){2, waits(history, function == 0 ? first : 0, 0), 0};
    }
    if (function == 2) {                                                                              // C.LWSP
        unsigned cycles = waits(history, 2, 0);
        *history = (struct history){1, first};
        return (struct step){2, cycles, 0};
    }
    if (function == 4 && second == 0) return (struct step){2, waits(history, first, 0), redirect};    // C.JR, C.JALR
    if (function == 0) return (struct step){2, waits(history, first, 0), 0};                           // C.SLLI
    return (struct step){2, waits(history, function == 4 ? first : 2, second), 0};                    // C.ADD, C.SWSP
}

struct step rv32(const uint8_t *code, struct history *history) {
    if ((code[0] & 3) != 3) return compressed(code[0] | (unsigned)code[1] << 8, history);
    unsigned w = word(code), a = w >> 15 & 31, b = w >> 20 & 31, target = w >> 7 & 31;
    switch (w & 0x7F) {
    case 0x03: {                                                                     // loads
        unsigned cycles = waits(history, a, 0);
        *history = (struct history){1, target};
        return (struct step){4, cycles, 0};
    }
    case 0x63: return (struct step){4, waits(history, a, b), redirect};              // branches
    case 0x6F: return (struct step){4, waits(history, 0, 0), redirect};              // JAL
    case 0x67: return (struct step){4, waits(history, a, 0), redirect};              // JALR
    case 0x33: {                                                                     // register to register
        unsigned cycles = waits(history, a, b);
        int divides = w >> 25 == 1 && (w >> 14 & 1);
        return (struct step){4, divides ? cycles + divide : cycles, 0};
    }
    case 0x13: return (struct step){4, waits(history, a, 0), 0};
    case 0x23: return (struct step){4, waits(history, a, b), 0};                     // stores
    default: return (struct step){4, waits(history, 0, 0), 0};
    }
}
