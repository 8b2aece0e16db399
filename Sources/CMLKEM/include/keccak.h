// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] and its sponge (FIPS 202), for processors with registers of 32 bits.
//
// A lane is stored as two words, its even bits and its odd bits, so that a rotation of 64 bits is two of 32.
#ifndef COUNTERSIGN_KECCAK_H
#define COUNTERSIGN_KECCAK_H

#include <stdint.h>

typedef struct keccak {
  uint32_t state[50];  // even and odd bits of each lane in turn
  uint32_t other[50];  // where every second round leaves its result
  uint32_t rate;       // in lanes
  uint32_t next;       // the next lane to be absorbed or squeezed
} keccak;

enum {
  keccak_sha3_512_rate = 9,
  keccak_sha3_256_rate = 17,
  keccak_shake256_rate = 17,
  keccak_shake128_rate = 21,
  keccak_sha3_suffix = 0x06,
  keccak_shake_suffix = 0x1f,
};

void keccak_begin(keccak *sponge, uint32_t rate);
/// Absorbs whole lanes, of eight bytes each.
void keccak_absorb(keccak *sponge, const uint8_t *data, uint32_t lanes);
/// Absorbs at most three bytes with the suffix after them, the first byte lowest, and the padding; what follows is squeezed.
void keccak_finish(keccak *sponge, uint32_t tail);
/// The next lane of the output, as it is stored.
void keccak_lane(keccak *sponge, uint32_t *even, uint32_t *odd);
/// The next lanes of the output as bytes.
void keccak_squeeze(keccak *sponge, uint8_t *output, uint32_t lanes);

#endif
