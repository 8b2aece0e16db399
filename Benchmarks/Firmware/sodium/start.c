// SPDX-License-Identifier: Apache-2.0
// libsodium works without sodium_init, but then with its portable code only: ChaCha20-Poly1305 is four times slower than with the
// processor's vector instructions. The dynamic loader calls this, so that nobody has to remember to.
#include <sodium.h>

__attribute__((constructor)) static void start(void) { (void)sodium_init(); }
