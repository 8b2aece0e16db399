// SPDX-License-Identifier: Apache-2.0
// X25519 with the Montgomery ladder alone, and the Edwards curve, from libsodium's own sources in one compilation unit.
//
// libsodium reaches X25519 through a table of two functions, and the second, a multiple of the base point, drags in 30 KB
// of Edwards tables. A device that makes one ephemeral key per handshake is better served by the ladder, which treats the
// base point like any other. Compiled together, the two curves also share one copy of the field arithmetic. This file takes
// the place of scalarmult_curve25519.c, x25519_ref10.c and ed25519_ref10.c in images that never sign.
#include "crypto_core/ed25519/ref10/ed25519_ref10.c"
#include "crypto_scalarmult/curve25519/ref10/x25519_ref10.c"

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p) {
    volatile unsigned char any = 0;

    if (crypto_scalarmult_curve25519_ref10(q, n, p) != 0) return -1;
    for (size_t i = 0; i < 32; i++) any |= q[i];
    return -(1 & ((any - 1) >> 8));
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n) {
    static const unsigned char base[32] = {9};

    return crypto_scalarmult_curve25519_ref10(q, n, base);
}
