// SPDX-License-Identifier: Apache-2.0
// TLS as OpenSSL does it, server and client verifying each other: by a shared key, or by Ed25519 certificates.
//
// tls memory MODE COUNT    both ends in this process; the median of the server's part, and the bytes of the records
// tls loopback MODE COUNT  a server on one core, clients on another, over TCP; the server's processor time, kernel included
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pki.h"

enum { clients = 4 };

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

// One step of a side that may have to wait for the other; returns 1 when its handshake is done.
static int step(SSL *ssl) {
  int done = SSL_do_handshake(ssl);
  if (done != 1) pki_check(SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ, "the handshake");
  return done == 1;
}

static void in_memory(SSL_CTX *server_context, SSL_CTX *client_context, int count) {
  double *samples = calloc(count, sizeof *samples);
  uint64_t up = 0, down = 0;
  for (int i = 0; i < count; i++) {
    SSL *client = SSL_new(client_context);
    BIO *client_end, *server_end;
    BIO_new_bio_pair(&client_end, 1 << 16, &server_end, 1 << 16);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_connect_state(client);
    SSL *server = NULL;
    int client_done = 0, server_done = 0;
    double spent = 0;
    while (!client_done || !server_done) {
      client_done = client_done || step(client);
      double start = seconds(CLOCK_THREAD_CPUTIME_ID);
      if (!server) {
        server = SSL_new(server_context);
        SSL_set_bio(server, server_end, server_end);
        SSL_set_accept_state(server);
      }
      server_done = server_done || step(server);
      spent += seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    samples[i] = spent * 1e6;
    up = BIO_number_written(client_end);
    down = BIO_number_written(server_end);
    SSL_free(client);
    SSL_free(server);
  }
  qsort(samples, count, sizeof *samples, ascending);
  printf("{\"server_us\": %.2f, \"device_bytes\": %lu, \"server_bytes\": %lu}\n", samples[count / 2], up, down);
}

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core % sysconf(_SC_NPROCESSORS_ONLN), &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void finish(int socket, SSL_CTX *context, int is_server) {
  int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, socket);
  char byte = 1;
  if (is_server) {
    pki_check(SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1 && SSL_write(ssl, &byte, 1) == 1, "serving");
  } else {
    pki_check(SSL_connect(ssl) == 1 && SSL_write(ssl, &byte, 1) == 1 && SSL_read(ssl, &byte, 1) == 1, "connecting");
  }
  SSL_free(ssl);
  close(socket);
}

static void on_loopback(SSL_CTX *server_context, SSL_CTX *client_context, int count) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  pki_check(bind(listener, (void *)&address, length) == 0 && listen(listener, 1024) == 0, "listening");
  getsockname(listener, (void *)&address, &length);
  count -= count % clients;
  for (int i = 0; i < clients; i++) {
    if (fork() == 0) {
      pin(1);
      for (int n = 0; n < count / clients; n++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        pki_check(connect(s, (void *)&address, length) == 0, "connect");
        finish(s, client_context, 0);
      }
      _exit(0);
    }
  }
  pin(0);
  double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < count; i++) finish(accept(listener, NULL, NULL), server_context, 1);
  processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
  wall = seconds(CLOCK_MONOTONIC) - wall;
  while (wait(NULL) > 0) continue;
  printf("{\"server_us\": %.2f, \"per_second\": %.1f}\n", processor / count * 1e6, count / wall);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: tls memory|loopback psk-tls12|psk-x25519|ed25519 COUNT\n");
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  int has_certificates = strcmp(argv[2], "ed25519") == 0;
  identity root = {0}, server = {0}, client = {0};
  if (has_certificates) {
    root = pki_issue("root", NULL);
    server = pki_issue("server", &root);
    client = pki_issue("0102030405060708", &root);
  }
  SSL_CTX *server_context = pki_context(argv[2], 1, &server, root.certificate);
  SSL_CTX *client_context = pki_context(argv[2], 0, &client, root.certificate);
  (strcmp(argv[1], "memory") == 0 ? in_memory : on_loopback)(server_context, client_context, atoi(argv[3]));
  return 0;
}
