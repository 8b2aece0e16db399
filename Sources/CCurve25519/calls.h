// SPDX-License-Identifier: Apache-2.0
// How C calls the field's operations where they are in assembly: they may change every register but the stack pointer, which
// spares each of them from saving what its caller does not need. One of those registers is the frame pointer: compile without it
// (-fomit-frame-pointer). On Arm clang says so, as an error from here on; on RISC-V it is silent and wrong.
#pragma clang diagnostic error "-Winline-asm"
#ifdef __arm__
#define FIELD25519_CALL "bl "
#define FIELD25519_ARGUMENT(n) "r" #n
#define FIELD25519_CHANGED "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory"
#define FIELD25519_CHANGED_FROM_3 "r3", FIELD25519_CHANGED
#define FIELD25519_CHANGED_FROM_2 "r2", FIELD25519_CHANGED_FROM_3
#else
#define FIELD25519_CALL "call "
#define FIELD25519_ARGUMENT(n) "a" #n
#define FIELD25519_CHANGED                                                                                                  \
  "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8",   \
      "s9", "s10", "s11", "ra", "memory"
#define FIELD25519_CHANGED_FROM_3 "a3", FIELD25519_CHANGED
#define FIELD25519_CHANGED_FROM_2 "a2", FIELD25519_CHANGED_FROM_3
#endif

static inline void field25519_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = r;
  register const uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = a;
  register const uint32_t *third __asm__(FIELD25519_ARGUMENT(2)) = b;
  __asm__ volatile(FIELD25519_CALL "field25519_multiply"
                   : "+r"(first), "+r"(second), "+r"(third)::FIELD25519_CHANGED_FROM_3);
}

static inline void field25519_difference(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = r;
  register const uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = a;
  register const uint32_t *third __asm__(FIELD25519_ARGUMENT(2)) = b;
  __asm__ volatile(FIELD25519_CALL "field25519_difference"
                   : "+r"(first), "+r"(second), "+r"(third)::FIELD25519_CHANGED_FROM_3);
}

static inline void field25519_square(uint32_t *r, const uint32_t *a) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = r;
  register const uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = a;
  __asm__ volatile(FIELD25519_CALL "field25519_square" : "+r"(first), "+r"(second)::FIELD25519_CHANGED_FROM_2);
}

static inline void field25519_square_selected(uint32_t *r, const uint32_t *a, const uint32_t *b, uint32_t mask) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = r;
  register const uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = a;
  register const uint32_t *third __asm__(FIELD25519_ARGUMENT(2)) = b;
  register uint32_t fourth __asm__(FIELD25519_ARGUMENT(3)) = mask;
  __asm__ volatile(FIELD25519_CALL "field25519_square_selected"
                   : "+r"(first), "+r"(second), "+r"(third), "+r"(fourth)::FIELD25519_CHANGED);
}

static inline void field25519_sum_and_difference(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = sum;
  register uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = difference;
  register const uint32_t *third __asm__(FIELD25519_ARGUMENT(2)) = a;
  register const uint32_t *fourth __asm__(FIELD25519_ARGUMENT(3)) = b;
  __asm__ volatile(FIELD25519_CALL "field25519_sum_and_difference"
                   : "+r"(first), "+r"(second), "+r"(third), "+r"(fourth)::FIELD25519_CHANGED);
}

static inline void field25519_scale_and_add(uint32_t *r, const uint32_t *a, uint32_t k, const uint32_t *b) {
  register uint32_t *first __asm__(FIELD25519_ARGUMENT(0)) = r;
  register const uint32_t *second __asm__(FIELD25519_ARGUMENT(1)) = a;
  register uint32_t third __asm__(FIELD25519_ARGUMENT(2)) = k;
  register const uint32_t *fourth __asm__(FIELD25519_ARGUMENT(3)) = b;
  __asm__ volatile(FIELD25519_CALL "field25519_scale_and_add"
                   : "+r"(first), "+r"(second), "+r"(third), "+r"(fourth)::FIELD25519_CHANGED);
}
