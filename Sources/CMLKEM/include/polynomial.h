// SPDX-License-Identifier: Apache-2.0
// Polynomials of degree 255 modulo q = 3329 and X^256 + 1 (FIPS 203, section 4).
//
// A coefficient is any 16-bit number that stands for one modulo q; each function says how large it may be. Products leave a factor
// of 2^-16 behind (Montgomery), which `mlkem_polynomial_inverse_ntt` takes away.
#ifndef COUNTERSIGN_POLYNOMIAL_H
#define COUNTERSIGN_POLYNOMIAL_H

#include <stdint.h>
#include "keccak.h"

enum { mlkem_polynomial_modulus = 3329 };

typedef int16_t mlkem_polynomial[256];

/// What the computations need beside a few words: 2.5 KB.
typedef struct mlkem_work {
  mlkem_polynomial vector[3];
  mlkem_polynomial sum;
  mlkem_keccak sponge;
} mlkem_work;

/// The same word, about which the optimiser no longer knows anything: it makes a branch of a mask that it knows for one.
static inline uint32_t mlkem_barrier(uint32_t word) {
  __asm__("" : "+r"(word));
  return word;
}

/// Overwrites memory in a way that the optimiser may not remove.
void mlkem_wipe(void *start, uint32_t size);

void mlkem_polynomial_clear(mlkem_polynomial r);
/// r to its transform. Coefficients below q in size; the result is at most q / 2.
void mlkem_polynomial_ntt(mlkem_polynomial r);
/// r from its transform, 2^16 times. Coefficients at most 3 q in size; the result is below q.
void mlkem_polynomial_inverse_ntt(mlkem_polynomial r);
/// r = 2^16 r, below q in size.
void mlkem_polynomial_scale(mlkem_polynomial r);
/// Adds small random coefficients, at most 2 in size, that follow from 32 secret bytes and a number (PRF and SamplePolyCBD).
void mlkem_polynomial_add_noise(mlkem_polynomial r, const uint8_t seed[32], uint32_t number, mlkem_keccak *sponge);
/// sum += 2^-16 a b, where `a` is drawn from 32 public bytes and a place in the matrix (SampleNTT) and `b` at most q in size.
void mlkem_polynomial_add_drawn_product(
    mlkem_polynomial sum, const uint8_t rho[32], uint32_t column, uint32_t row, const mlkem_polynomial b, mlkem_keccak *sponge);
/// sum += 2^-16 a b, where `a` is 384 bytes of 12 bits a coefficient and `b` at most q in size.
void mlkem_polynomial_add_packed_product(mlkem_polynomial sum, const uint8_t *a, const mlkem_polynomial b);
/// 384 bytes: 12 bits a coefficient, the smallest that stands for it.
void mlkem_polynomial_pack(uint8_t *bytes, const mlkem_polynomial r);

/// Compress of section 4.2.1 for 10, 4 and 1 bits, of a coefficient from 0 to q - 1.
uint32_t mlkem_polynomial_compress10(uint32_t coefficient);
uint32_t mlkem_polynomial_compress4(uint32_t coefficient);
uint32_t mlkem_polynomial_compress1(uint32_t coefficient);
/// 320 bytes of 10 bits a coefficient, or 128 of 4: written to `bytes`, or without it compared with `expected`. Returns 0, or
/// something else where a byte differs.
uint32_t mlkem_polynomial_pack10(uint8_t *bytes, const uint8_t *expected, const mlkem_polynomial r);
uint32_t mlkem_polynomial_pack4(uint8_t *bytes, const uint8_t *expected, const mlkem_polynomial r);
/// The coefficients that 320 bytes of 10 bits stand for (Decompress).
void mlkem_polynomial_unpack10(mlkem_polynomial r, const uint8_t *bytes);
/// 32 bytes: which coefficients of v - r are nearer to q / 2 than to 0, where v is 128 bytes of 4 bits a coefficient.
void mlkem_polynomial_difference_bits(uint8_t bits[32], const uint8_t *v, const mlkem_polynomial r);
/// Adds (q + 1) / 2 where a bit is 1.
void mlkem_polynomial_add_bits(mlkem_polynomial r, const uint8_t bits[32]);

#endif
