// SPDX-License-Identifier: Apache-2.0
// A fleet comes back to its broker: how long Mosquitto takes to readmit COUNT devices, at most IN_FLIGHT of them at once, from
// TCP's first packet to MQTT's CONNACK, and what that costs its process.
//
// mqtt MODE COUNT IN_FLIGHT DIRECTORY   MODE is tcp, psk-tls12, psk-x25519 or ed25519; a certificate of its own for each device
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pki.h"

static const char *mode, *directory;
static int count;
static struct sockaddr_in address;
static SSL_CTX *context;
static identity *devices;
static SSL **sessions;
static int *sockets;
static atomic_int next;
static atomic_ulong bytes_up, bytes_down;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core % sysconf(_SC_NPROCESSORS_ONLN), &set);
  sched_setaffinity(0, sizeof set, &set);
}

static FILE *file(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *made = fopen(path, "w");
  pki_check(made != NULL, path);
  fchmod(fileno(made), 0600);
  return made;
}

static void write_pem(const char *name, const identity *of, int with_key) {
  FILE *out = file(name);
  PEM_write_X509(out, of->certificate);
  if (with_key) PEM_write_PrivateKey(out, of->key, NULL, NULL, 0, NULL, NULL);
  fclose(out);
}

static void configure(const identity *root, const identity *server) {
  int has_tls = strcmp(mode, "tcp") != 0, has_psk = strncmp(mode, "psk", 3) == 0;
  FILE *out = file("mosquitto.conf");
  fprintf(out, "listener %d 127.0.0.1\nmax_connections -1\nlog_type error\n", ntohs(address.sin_port));
  if (geteuid() == 0) fprintf(out, "user root\n");
  if (!has_tls) fprintf(out, "allow_anonymous true\n");
  if (has_tls) fprintf(out, "use_identity_as_username true\n");
  if (has_psk) {
    fprintf(out, "psk_hint fleet\npsk_file %s/psk\n", directory);
    fprintf(out, strcmp(mode, "psk-tls12") == 0 ? "tls_version tlsv1.2\nciphers PSK-CHACHA20-POLY1305\n"
                                                : "tls_version tlsv1.3\nciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256\n");
    FILE *keys = file("psk");
    for (int i = 0; i < count; i++) fprintf(keys, "device-%d:%s\n", i, pki_psk());
    fclose(keys);
  } else if (has_tls) {
    fprintf(out, "tls_version tlsv1.3\nrequire_certificate true\n");
    fprintf(out, "cafile %s/root.pem\ncertfile %s/server.pem\nkeyfile %s/server.pem\n", directory, directory, directory);
    write_pem("root.pem", root, 0);
    write_pem("server.pem", server, 1);
  }
  fclose(out);
}

// Seconds that the broker has been on a processor, all threads.
static double processor_seconds(pid_t pid) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  double sum = 0;
  struct dirent *entry;
  while (tasks && (entry = readdir(tasks))) {
    // `..` would be the process once more.
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
    FILE *in = fopen(path, "r");
    double nanoseconds;
    if (!in) continue;
    if (fscanf(in, "%lf", &nanoseconds) == 1) sum += nanoseconds / 1e9;
    fclose(in);
  }
  if (tasks) closedir(tasks);
  return sum;
}

static double resident_kib(pid_t pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *in = fopen(path, "r");
  double size = 0;
  while (in && fgets(line, sizeof line, in)) sscanf(line, "VmRSS: %lf", &size);
  if (in) fclose(in);
  return size;
}

static int dial(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(s, (void *)&address, sizeof address) == 0) return s;
  close(s);
  return -1;
}

static void admit(int index) {
  char name[32];
  snprintf(name, sizeof name, "device-%d", index);
  int s = dial();
  pki_check(s >= 0, "connecting");
  // CONNECT of MQTT 3.1.1: clean session, ten minutes of keep-alive, the client's id.
  unsigned char packet[64] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 600 >> 8, 600 & 255, 0, strlen(name)};
  packet[1] = 12 + strlen(name);
  memcpy(packet + 14, name, strlen(name));
  int length = 14 + strlen(name);
  unsigned char answer[4];
  if (context) {
    SSL *ssl = sessions[index] = SSL_new(context);
    pki_psk_identity = name;
    if (devices) pki_check(SSL_use_certificate(ssl, devices[index].certificate) && SSL_use_PrivateKey(ssl, devices[index].key), "its key");
    SSL_set_fd(ssl, s);
    pki_check(SSL_connect(ssl) == 1, "the handshake");
    pki_check(SSL_write(ssl, packet, length) == length && SSL_read(ssl, answer, 4) == 4, "CONNECT");
    bytes_up += BIO_number_written(SSL_get_wbio(ssl));
    bytes_down += BIO_number_read(SSL_get_rbio(ssl));
  } else {
    pki_check(write(s, packet, length) == length && read(s, answer, 4) == 4, "CONNECT");
    bytes_up += length;
    bytes_down += 4;
  }
  pki_check(answer[0] == 0x20 && answer[3] == 0, "CONNACK");
  sockets[index] = s;
}

static void *work(void *nothing) {
  for (int i; (i = next++) < count;) admit(i);
  return nothing;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: mqtt tcp|psk-tls12|psk-x25519|ed25519 COUNT IN_FLIGHT DIRECTORY\n");
    return 64;
  }
  mode = argv[1], count = atoi(argv[2]), directory = argv[4];
  int in_flight = atoi(argv[3]);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  // A port that is free now; the broker takes it a moment later.
  int probe = socket(AF_INET, SOCK_STREAM, 0);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  pki_check(bind(probe, (void *)&address, size) == 0, "finding a port");
  getsockname(probe, (void *)&address, &size);
  close(probe);

  identity root = {0}, server = {0};
  if (strcmp(mode, "ed25519") == 0) {
    root = pki_issue("root", NULL);
    server = pki_issue("server", &root);
    devices = calloc(count, sizeof *devices);
    for (int i = 0; i < count; i++) {
      char name[32];
      snprintf(name, sizeof name, "device-%d", i);
      devices[i] = pki_issue(name, &root);
    }
  }
  if (strcmp(mode, "tcp") != 0) context = pki_context(mode, 0, devices ? &devices[0] : NULL, root.certificate);
  sessions = calloc(count, sizeof *sessions);
  sockets = calloc(count, sizeof *sockets);
  configure(&root, &server);
  pid_t broker = fork();
  if (broker == 0) {
    pin(0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char path[512];
    snprintf(path, sizeof path, "%s/mosquitto.conf", directory);
    execlp("mosquitto", "mosquitto", "-c", path, NULL);
    _exit(127);
  }
  pin(1);
  int first = -1;
  for (int tries = 0; first < 0 && tries < 100; tries++) {
    usleep(50000);
    first = dial();
  }
  pki_check(first >= 0 && waitpid(broker, NULL, WNOHANG) == 0, "starting mosquitto");
  close(first);
  usleep(200000);

  double memory = resident_kib(broker), processor = processor_seconds(broker), start = seconds();
  pthread_t threads[in_flight];
  for (int i = 0; i < in_flight; i++) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < in_flight; i++) pthread_join(threads[i], NULL);
  double wall = seconds() - start;
  processor = processor_seconds(broker) - processor;
  memory = resident_kib(broker) - memory;
  printf("{\"seconds\": %.4f, \"server_us\": %.2f, \"device_bytes\": %.0f, \"server_bytes\": %.0f, \"server_kib\": %.2f}\n", wall,
         processor / count * 1e6, (double)bytes_up / count, (double)bytes_down / count, memory / count);
  kill(broker, SIGTERM);
  waitpid(broker, NULL, 0);
  return 0;
}
