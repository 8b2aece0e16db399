// SPDX-License-Identifier: Apache-2.0
// What ML-KEM-768 costs on this core, and whether its counts depend on a secret.
#include <string.h>
#include "firmware.h"
#include "mlkem768.h"

static uint8_t key[mlkem768_private_key_size], ciphertext[mlkem768_ciphertext_size];
static uint8_t seeds[64], sent[32], received[32];

// Each operation runs with this many different secrets; the harness demands equal counts.
enum { secrets = 16 };

static void generation(void) {
    for (int i = 0; i < secrets; i++) {
        hook_random(seeds, sizeof seeds);
        op_begin();
        mlkem768_generate(key, seeds, seeds + 32);
        op_end("generate");
        report("hash", key + 2336, 32);
    }
}

// One place for both, so that the same instructions are counted.
static __attribute__((noinline)) void decapsulate(const char *name) {
    op_begin();
    mlkem768_decapsulate(received, key, ciphertext);
    op_end(name);
    report(name, received, 32);
}

// Under one key, so that the matrix is the same.
static void exchange(void) {
    for (int i = 0; i < secrets; i++) {
        hook_random(seeds, 32);
        op_begin();
        int refused = mlkem768_encapsulate(ciphertext, sent, key + mlkem768_public_key_place, seeds);
        op_end("encapsulate");
        if (refused) fail(1);
        ciphertext[68 * i + i] ^= (uint8_t)(1 << i % 8);
        decapsulate("reject");
        ciphertext[68 * i + i] ^= (uint8_t)(1 << i % 8);
        decapsulate("decapsulate");
        if (memcmp(sent, received, sizeof sent)) fail(2);
    }
}

void image_main(void) {
    op_begin();
    op_end("nothing");  // the stack that the image itself takes
    generation();
    exchange();
    memset(key, 0, sizeof key);
    memset(seeds, 0, sizeof seeds);
    memset(sent, 0, sizeof sent);
    memset(received, 0, sizeof received);
    secrets_gone();
}
