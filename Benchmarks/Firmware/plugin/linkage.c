// SPDX-License-Identifier: Apache-2.0
// Which instructions call, and which save the return address on the stack: what the stack's frames are told from.
#include "model.h"

static unsigned half(const uint8_t *code) { return code[0] | (unsigned)code[1] << 8; }

enum linkage thumb_linkage(const uint8_t *code) {
    unsigned h = half(code), second = half(code + 2);
    if ((h & 0xFF87) == 0x4780) return call;                                // BLX
    if ((h & 0xFF00) == 0xB500) return save;                                // PUSH with LR
    if ((h & 0xF800) == 0xF000 && (second & 0xD000) == 0xD000) return call; // BL
    if (h == 0xE92D && second & 0x4000) return save;                        // STMDB SP! with LR
    if (h == 0xF84D && (second & 0xFF00) == 0xED00) return save;            // STR LR, [SP, #-n]!
    return unrelated;
}

enum linkage riscv_linkage(const uint8_t *code) {
    unsigned h = half(code);
    if ((h & 3) != 3) {
        if ((h & 0xE003) == 0x2001) return call;                            // C.JAL
        if ((h & 0xF07F) == 0x9002 && h & 0xF80) return call;               // C.JALR
        if ((h & 0xE07F) == 0xC006) return save;                            // C.SWSP ra
        return unrelated;
    }
    unsigned w = h | half(code + 2) << 16, target = w >> 7 & 31;
    unsigned opcode = w & 0x7F;
    // t0 is the return address of the small functions that the compiler makes of repeated code.
    if ((opcode == 0x6F || opcode == 0x67) && (target == 1 || target == 5)) return call;
    if ((w & 0x1FFF07F) == 0x112023) return save;                           // SW ra, n(sp)
    return unrelated;
}
