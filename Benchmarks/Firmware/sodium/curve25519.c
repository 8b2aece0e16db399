// SPDX-License-Identifier: Apache-2.0
// libsodium's names for what Sources/CCurve25519 computes, so that the device modules call one or the other as it is linked. Takes
// the place of ladder.c, and of libsodium's verification, SHA-256 and SHA-512.
#include <stddef.h>
#include "curve25519.h"

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p) {
    return curve25519_agree(q, n, p);
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n) {
    curve25519_public_key(q, n);
    return 0;
}

int crypto_sign_ed25519_verify_detached(const unsigned char *sig, const unsigned char *m, unsigned long long mlen,
                                        const unsigned char *pk) {
    return curve25519_verify(sig, m, (size_t)mlen, pk);
}

int crypto_hash_sha512_init(curve25519_sha512 *state) {
    curve25519_sha512_init(state);
    return 0;
}

int crypto_hash_sha512_update(curve25519_sha512 *state, const unsigned char *in, unsigned long long inlen) {
    curve25519_sha512_update(state, in, (size_t)inlen);
    return 0;
}

int crypto_hash_sha512_final(curve25519_sha512 *state, unsigned char *out) {
    curve25519_sha512_final(state, out);
    return 0;
}

int crypto_hash_sha256_init(curve25519_sha256 *state) {
    curve25519_sha256_init(state);
    return 0;
}

int crypto_hash_sha256_update(curve25519_sha256 *state, const unsigned char *in, unsigned long long inlen) {
    curve25519_sha256_update(state, in, (size_t)inlen);
    return 0;
}

int crypto_hash_sha256_final(curve25519_sha256 *state, unsigned char *out) {
    curve25519_sha256_final(state, out);
    return 0;
}

int crypto_hash_sha256(unsigned char *out, const unsigned char *in, unsigned long long inlen) {
    curve25519_sha256 state;
    curve25519_sha256_init(&state);
    curve25519_sha256_update(&state, in, (size_t)inlen);
    curve25519_sha256_final(&state, out);
    return 0;
}

int crypto_hash_sha512(unsigned char *out, const unsigned char *in, unsigned long long inlen) {
    curve25519_sha512 state;
    curve25519_sha512_init(&state);
    curve25519_sha512_update(&state, in, (size_t)inlen);
    curve25519_sha512_final(&state, out);
    return 0;
}
