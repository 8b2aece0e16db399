// SPDX-License-Identifier: Apache-2.0
// An Ed25519 certificate authority of one level, in memory: what a fleet with client certificates has.
#pragma once
#include <openssl/ssl.h>

typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} identity;

// A self-signed root, or, with an issuer, a certificate of `name` under it.
identity pki_issue(const char *name, const identity *issuer);

// A context for one side. `mode` is psk-tls12, psk-x25519 or ed25519; `self` and `root` may be null without certificates.
// The 32 bytes of psk are the same for all.
SSL_CTX *pki_context(const char *mode, int is_server, const identity *self, X509 *root);

// The psk that pki_context uses, in hexadecimal, and the name that a client gives with it.
const char *pki_psk(void);
extern _Thread_local const char *pki_psk_identity;

void pki_check(int condition, const char *what);
