// SPDX-License-Identifier: Apache-2.0
// What libsodium's primitives cost on this core, one by one, and whether their instruction counts depend on the key.
#include <string.h>
#include "firmware.h"
#include "sodium.h"

static uint8_t secret[64], point[32], result[64], message[1024 + 16];
static uint8_t verifyKey[32], signKey[64];

// The X25519 and signature operations run with this many different keys; the harness demands equal counts.
enum { secrets = 16 };

static void agreement(void) {
    crypto_scalarmult_curve25519_base(point, secret);
    for (int i = 0; i < secrets; i++) {
        hook_random(secret, 32);
        op_begin();
        if (crypto_scalarmult_curve25519(result, secret, point)) fail(1);
        op_end("x25519");
        report("x25519", result, 32);
    }
    for (int i = 0; i < secrets; i++) {
        hook_random(secret, 32);
        op_begin();
        crypto_scalarmult_curve25519_base(point, secret);
        op_end("x25519-base");
    }
    report("public", point, 32);
}

#ifndef AGREEMENT_ALONE
static void sealing(size_t size, const char *seal, const char *open) {
    unsigned long long length;
    static const uint8_t nonce[12];
    for (int i = 0; i < secrets; i++) {
        hook_random(secret, 32);
        hook_random(message, size);
        op_begin();
        crypto_aead_chacha20poly1305_ietf_encrypt(message, &length, message, size, 0, 0, 0, nonce, secret);
        op_end(seal);
        op_begin();
        int failed = crypto_aead_chacha20poly1305_ietf_decrypt(message, &length, 0, message, size + 16, 0, 0, nonce, secret);
        op_end(open);
        if (failed) fail(2);
    }
}

static void hashing(void) {
    for (int i = 0; i < secrets; i++) {
        hook_random(secret, 32);
        op_begin();
        crypto_hash_sha256(result, message, 64);
        op_end("sha256-64");
        op_begin();
        crypto_auth_hmacsha256(result, message, 64, secret);
        op_end("hmac-sha256-64");
    }
}
#endif

#ifdef SIGNING
static void signing(void) {
    unsigned long long length;
    for (int i = 0; i < secrets; i++) {
        hook_random(secret, 32);
        crypto_sign_ed25519_seed_keypair(verifyKey, signKey, secret);
        op_begin();
        crypto_sign_ed25519_detached(result, &length, message, 64, signKey);
        op_end("ed25519-sign");
        op_begin();
        int failed = crypto_sign_ed25519_verify_detached(result, message, 64, verifyKey);
        op_end("ed25519-verify");
        if (failed) fail(3);
    }
}
#endif

void image_main(void) {
    op_begin();
    op_end("nothing");  // the stack that the image itself takes
    hook_random(secret, 32);
    agreement();
#ifndef AGREEMENT_ALONE
    sealing(64, "seal-64", "open-64");
    sealing(1024, "seal-1024", "open-1024");
    hashing();
#endif
#ifdef SIGNING
    signing();
#endif
    memset(secret, 0, sizeof secret);
}
