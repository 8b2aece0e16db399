// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] and its sponge (FIPS 202), for processors with registers of 32 bits.
//
// A lane is stored as two words, its even bits and its odd bits, so that a rotation of 64 bits is two of 32.
#ifndef COUNTERSIGN_KECCAK_H
#define COUNTERSIGN_KECCAK_H

#include <stdint.h>

typedef struct mlkem_keccak {
  uint32_t state[50];  // even and odd bits of each lane in turn
  uint32_t other[50];  // where every second round leaves its result
  uint32_t rate;       // in lanes
  uint32_t next;       // the next lane to be absorbed or squeezed
} mlkem_keccak;

enum {
  mlkem_keccak_sha3_512_rate = 9,
  mlkem_keccak_sha3_256_rate = 17,
  mlkem_keccak_shake256_rate = 17,
  mlkem_keccak_shake128_rate = 21,
  mlkem_keccak_sha3_suffix = 0x06,
  mlkem_keccak_shake_suffix = 0x1f,
};

void mlkem_keccak_begin(mlkem_keccak *sponge, uint32_t rate);
/// Absorbs whole lanes, of eight bytes each.
void mlkem_keccak_absorb(mlkem_keccak *sponge, const uint8_t *data, uint32_t lanes);
/// Absorbs at most three bytes with the suffix after them, the first byte lowest, and the padding; what follows is squeezed.
void mlkem_keccak_finish(mlkem_keccak *sponge, uint32_t tail);
/// The next lane of the output, as it is stored.
void mlkem_keccak_lane(mlkem_keccak *sponge, uint32_t *even, uint32_t *odd);
/// The next lanes of the output as bytes.
void mlkem_keccak_squeeze(mlkem_keccak *sponge, uint8_t *output, uint32_t lanes);

#endif
