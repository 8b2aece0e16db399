// SPDX-License-Identifier: Apache-2.0
// Our Curve25519 on its own, for harness/agreements.py: what it gives for random numbers and for known vectors, where it reads and
// writes, and what it leaves behind. The storage page says which (after the seed, a word) and how often (the next).
#include <string.h>
#include "curve25519.h"
#include "firmware.h"
#include "sodium.h"

enum part { random_agreements, vectors, addresses, remains };

// harness/agreements.py writes them: points and scalars one after the other; signatures with key, size and message.
extern const uint8_t x25519_vectors[][64], ed25519_vectors[];
extern const uint32_t x25519_vector_count, ed25519_vector_count;

static uint8_t secret[32], point[32], result[32];
static curve25519_sha512 hash;

static void report_digest(const char *name) {
    uint8_t digest[64];
    curve25519_sha512_final(&hash, digest);
    report(name, digest, sizeof digest);
    curve25519_sha512_init(&hash);
}

static void agree_at_random(uint32_t hundreds) {
    while (hundreds--) {
        for (int i = 0; i < 100; i++) {
            hook_random(secret, 32);
            hook_random(point, 32);
            curve25519_agree(result, secret, point);
            curve25519_sha512_update(&hash, result, 32);
        }
        report_digest("hundred");
    }
    memset(secret, 0, 32);
    memset(point, 0, 32);
    secret[0] = point[0] = 9;
    for (int i = 0; i < 1000; i++) {
        curve25519_agree(result, secret, point);
        memcpy(point, secret, 32);
        memcpy(secret, result, 32);
    }
    report("thousand", secret, 32);
}

static void sha256(const uint8_t *message, size_t size, size_t cut) {
    curve25519_sha256 state;
    curve25519_sha256_init(&state);
    curve25519_sha256_update(&state, message, cut);
    curve25519_sha256_update(&state, message + cut, size - cut);
    curve25519_sha256_final(&state, result);
}

// Messages of every length up to three blocks, each in two pieces.
static void hash_lengths(void) {
    static uint8_t message[192];
    for (unsigned i = 0; i < sizeof message; i++) message[i] = (uint8_t)(7 * i + 1);
    for (unsigned size = 0; size <= sizeof message; size++) {
        sha256(message, size, size - size / 4);
        curve25519_sha512_update(&hash, result, 32);
    }
    report_digest("sha256");
}

static void run_vectors(void) {
    for (uint32_t i = 0; i < x25519_vector_count; i++) {
        uint8_t refused = (uint8_t)curve25519_agree(result, x25519_vectors[i] + 32, x25519_vectors[i]);
        curve25519_sha512_update(&hash, result, 32);
        curve25519_sha512_update(&hash, &refused, 1);
    }
    report_digest("x25519");
    hash_lengths();
    const uint8_t *next = ed25519_vectors;
    for (uint32_t i = 0; i < ed25519_vector_count; i++) {
        size_t size = next[96] | (size_t)next[97] << 8;
        uint8_t refused = (uint8_t)curve25519_verify(next, next + 98, size, next + 64);
        report("verdict", &refused, 1);
        next += 98 + size;
    }
}

// libsodium's, which seals and opens records.
static void seal_and_open(void) {
    static const uint8_t nonce[12];
    static uint8_t message[64 + 16];
    unsigned long long length;
    hook_random(message, 64);
    op_begin();
    crypto_aead_chacha20poly1305_ietf_encrypt(message, &length, message, 64, 0, 0, 0, nonce, secret);
    op_end("seal-64");
    op_begin();
    int failed = crypto_aead_chacha20poly1305_ietf_decrypt(message, &length, 0, message, 64 + 16, 0, 0, nonce, secret);
    op_end("open-64");
    if (failed) fail(2);
}

static void follow_addresses(uint32_t keys) {
    hook_random(point, 32);
    op_begin();
    op_end("nothing");
    op_begin();
    if (curve25519_verify(ed25519_vectors, ed25519_vectors + 98, 64, ed25519_vectors + 64)) fail(1);
    op_end("ed25519-verify");
    while (keys--) {
        hook_random(secret, 32);
        op_begin();
        curve25519_agree(result, secret, point);
        op_end("x25519");
        op_begin();
        curve25519_public_key(result, secret);
        op_end("x25519-base");
        op_begin();
        sha256(secret, 32, 0);
        op_end("sha256");
        seal_and_open();
    }
}

static void leave_nothing(void) {
    hook_random(secret, 32);
    hook_random(point, 32);
    curve25519_agree(result, secret, point);
    memset(secret, 0, 32);
    memset(result, 0, 32);
    secrets_gone();
}

void image_main(void) {
    const uint32_t *page = (const uint32_t *)hook_storage();
    curve25519_sha512_init(&hash);
    switch (page[4]) {
    case random_agreements: agree_at_random(page[5]); break;
    case vectors: run_vectors(); break;
    case addresses: follow_addresses(page[5]); break;
    case remains: leave_nothing(); break;
    }
}
