// SPDX-License-Identifier: Apache-2.0
// libsodium's names for Monocypher's X25519, so that the images' own measurement takes it.
#include "monocypher.h"

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p) {
    crypto_x25519(q, n, p);
    return 0;
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n) {
    crypto_x25519_public_key(q, n);
    return 0;
}
