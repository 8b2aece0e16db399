// SPDX-License-Identifier: Apache-2.0
// Cycle models of the Cortex-M0 and Cortex-M4: the instruction timing tables of Arm's Technical Reference Manuals
// (DDI 0432C section 3.3, DDI 0439B section 3.3.1), without wait states, with the single-cycle multiplier.
#include "model.h"

static unsigned registers(unsigned list) { return (unsigned)__builtin_popcount(list); }

static unsigned half(const uint8_t *code) { return code[0] | (unsigned)code[1] << 8; }

static int wide(unsigned first) { return first >> 11 >= 0x1D; }

// ---- Cortex-M0 ----

struct step cortex_m0(const uint8_t *code, struct history *history) {
    (void)history;
    unsigned h = half(code), top = h >> 12;
    if (wide(h)) return (struct step){4, 4, 0};  // BL; MRS, MSR and the barriers cost the same
    switch (top) {
    case 0x4:
        if (h >= 0x4800) return (struct step){2, 2, 0};              // LDR literal
        if (h >= 0x4700) return (struct step){2, 1, 2};              // BX, BLX
        if (h >= 0x4400) return (struct step){2, 1, 2};              // ADD or MOV; to PC it takes 3
        return (struct step){2, 1, 0};                               // data processing, MULS
    case 0x5: case 0x6: case 0x7: case 0x8: case 0x9:
        return (struct step){2, 2, 0};                               // one load or store
    case 0xB:
        if ((h & 0xFE00) == 0xB400) return (struct step){2, 1 + registers(h & 0x1FF), 0};  // PUSH
        if ((h & 0xFF00) == 0xBC00) return (struct step){2, 1 + registers(h & 0xFF), 0};   // POP
        if ((h & 0xFF00) == 0xBD00) return (struct step){2, 4 + registers(h & 0x1FF), 0};  // POP with PC
        return (struct step){2, 1, 0};
    case 0xC: return (struct step){2, 1 + registers(h & 0xFF), 0};   // LDM, STM
    case 0xD: return (struct step){2, 1, 2};                         // B<cond>
    case 0xE: return (struct step){2, 1, 2};                         // B
    default: return (struct step){2, 1, 0};
    }
}

// ---- Cortex-M4 ----

// Cycles to refill the pipeline: the manual says 1 to 3, depending on the width and alignment of the target and on whether
// its address was known early. Two is the middle, not a measurement.
enum { P = 2 };

// A single load takes 2 cycles, and 1 when the instruction before it was a single load that this address does not need.
static struct step load(struct history *history, unsigned length, unsigned base, unsigned index, unsigned target) {
    int overlaps = history->loaded && base != history->register_ && index != history->register_;
    *history = (struct history){1, target};
    return (struct step){length, overlaps ? 1 : 2, target == 15 ? P + 1 : 0};
}

// A store with an immediate offset always takes 1 cycle; with a register offset it takes 2, and 1 right after a load.
static struct step store(struct history *history, unsigned length, int indexed) {
    int overlaps = history->loaded;
    history->loaded = 0;
    return (struct step){length, indexed && !overlaps ? 2 : 1, 0};
}

static struct step plain(struct history *history, unsigned length, unsigned cycles, unsigned taken) {
    history->loaded = 0;
    return (struct step){length, cycles, taken};
}

enum { none = 16 };  // no such register

static struct step narrow(unsigned h, struct history *history) {
    unsigned low = h & 7, base = h >> 3 & 7, index = h >> 6 & 7, high = h >> 8 & 7;
    switch (h >> 12) {
    case 0x4:
        if (h >= 0x4800) return load(history, 2, 15, none, high);
        return plain(history, 2, 1, h >= 0x4400 ? P : 0);
    case 0x5:
        if (h >= 0x5600) return load(history, 2, base, index, low);
        return store(history, 2, 1);
    case 0x6: case 0x7: case 0x8:
        if (h & 0x800) return load(history, 2, base, none, low);
        return store(history, 2, 0);
    case 0x9:
        if (h & 0x800) return load(history, 2, 13, none, high);
        return store(history, 2, 0);
    case 0xB:
        if ((h & 0xFE00) == 0xB400) return plain(history, 2, 1 + registers(h & 0x1FF), 0);
        if ((h & 0xFE00) == 0xBC00) return plain(history, 2, 1 + registers(h & 0x1FF), P);
        if ((h & 0xF500) == 0xB100) return plain(history, 2, 1, P);  // CBZ, CBNZ
        return plain(history, 2, 1, 0);
    case 0xC: return plain(history, 2, 1 + registers(h & 0xFF), 0);
    case 0xD: case 0xE: return plain(history, 2, 1, P);
    default: return plain(history, 2, 1, 0);
    }
}

static struct step loadOrStoreSingle(unsigned h, unsigned second, struct history *history) {
    int indexed = !(second & 0x800) && (h & 0x80) == 0;
    if (h & 0x10) return load(history, 4, h & 15, indexed ? second & 15 : none, second >> 12);
    return store(history, 4, indexed);
}

static unsigned multiplication(unsigned h, unsigned second) {
    if ((h & 0xFFD0) == 0xFB90) return 7;                                        // SDIV, UDIV: 2 to 12
    if ((h & 0xFFF0) == 0xFB00 && second >> 12 != 15) return 2;                  // MLA, MLS
    return 1;                                                                    // MUL, UMULL, UMLAL, UMAAL
}

struct step cortex_m4(const uint8_t *code, struct history *history) {
    unsigned h = half(code);
    if (!wide(h)) return narrow(h, history);
    unsigned second = half(code + 2);
    if ((h & 0xFE40) == 0xE800)                                                  // LDM, STM, PUSH, POP
        return plain(history, 4, 1 + registers(second), h & 0x10 ? P : 0);
    if ((h & 0xFFF0) == 0xE8D0 && (second & 0xE0) == 0) return plain(history, 4, 4, P);  // TBB, TBH
    if ((h & 0xFE40) == 0xE840) return plain(history, 4, 3, 0);                  // LDRD, STRD
    if ((h & 0xF800) == 0xF000) return plain(history, 4, 1, second & 0x8000 ? P : 0);    // B, BL; data with immediate
    if ((h & 0xFE00) == 0xF800) return loadOrStoreSingle(h, second, history);
    if ((h & 0xFF00) == 0xFB00) return plain(history, 4, multiplication(h, second), 0);
    return plain(history, 4, 1, 0);
}
