// SPDX-License-Identifier: Apache-2.0
// libsodium's names for BearSSL's X25519, so that the images' own measurement takes it.
#include <string.h>
#include "bearssl.h"

#ifdef __ARM_ARCH_6M__
#define CURVE br_ec_c25519_m15  // for processors whose multiplication gives the low word
#else
#define CURVE br_ec_c25519_m31
#endif

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p) {
    memmove(q, p, 32);
    return CURVE.mul(q, 32, n, 32, BR_EC_curve25519) ? 0 : -1;
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n) {
    return CURVE.mulgen(q, n, 32, BR_EC_curve25519) ? 0 : -1;
}
