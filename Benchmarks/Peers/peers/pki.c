// SPDX-License-Identifier: Apache-2.0
#include "pki.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

static const unsigned char psk[32] = "a key to measure with, no secret";
_Thread_local const char *pki_psk_identity = "device-1";

void pki_check(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "%s failed\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

const char *pki_psk(void) {
  static char text[65];
  for (int i = 0; i < 32; i++) sprintf(text + 2 * i, "%02x", psk[i]);
  return text;
}

identity pki_issue(const char *name, const identity *issuer) {
  static long serial = 1;
  identity made = {X509_new(), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
  X509 *x = made.certificate;
  pki_check(made.key != NULL && X509_set_version(x, 2), "making a key");
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer->certificate : x));
  X509_set_pubkey(x, made.key);
  X509_EXTENSION *constraint =
      X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
  X509_add_ext(x, constraint, -1);
  X509_EXTENSION_free(constraint);
  pki_check(X509_sign(x, issuer ? issuer->key : made.key, NULL) > 0, "signing a certificate");
  return made;
}

static unsigned int client_psk(
    SSL *ssl, const char *hint, char *name, unsigned int name_size, unsigned char *key, unsigned int key_size) {
  (void)ssl, (void)hint, (void)key_size;
  snprintf(name, name_size, "%s", pki_psk_identity);
  memcpy(key, psk, sizeof psk);
  return sizeof psk;
}

static unsigned int server_psk(SSL *ssl, const char *name, unsigned char *key, unsigned int key_size) {
  (void)ssl, (void)name, (void)key_size;
  memcpy(key, psk, sizeof psk);
  return sizeof psk;
}

SSL_CTX *pki_context(const char *mode, int is_server, const identity *self, X509 *root) {
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  int version = strcmp(mode, "psk-tls12") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  // Tickets would only add bytes and time: every handshake here is a full one.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  pki_check(SSL_CTX_set1_groups_list(context, "X25519"), "choosing X25519");
  pki_check(SSL_CTX_set_ciphersuites(context, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), "choosing ciphers");
  if (strncmp(mode, "psk", 3) == 0) {
    if (version == TLS1_2_VERSION) pki_check(SSL_CTX_set_cipher_list(context, "PSK-CHACHA20-POLY1305"), "choosing PSK");
    if (is_server) {
      SSL_CTX_set_psk_server_callback(context, server_psk);
    } else {
      SSL_CTX_set_psk_client_callback(context, client_psk);
    }
    return context;
  }
  pki_check(SSL_CTX_use_certificate(context, self->certificate) && SSL_CTX_use_PrivateKey(context, self->key), "own key");
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  return context;
}
