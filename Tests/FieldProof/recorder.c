// SPDX-License-Identifier: Apache-2.0
// A record of X25519. With a scalar as 64 hexadecimal digits, or `base` and a scalar, prints the field's operations on the point POINT,
// and the result.
#include "recorder.h"

int main(int count, char **arguments) {
  uint8_t scalar[32], point[32], result[32];
  memset(point, 0x55, sizeof point);
  int isBase = count > 2 && !strcmp(arguments[1], "base");
  for (int i = 0; i < 32; i++) {
    unsigned byte = 0;
    if (count < 2 || sscanf(arguments[count - 1] + 2 * i, "%2x", &byte) != 1) return 64;
    scalar[i] = (uint8_t)byte;
  }
  if (isBase) curve25519_public_key(result, scalar);
  else curve25519_agree(result, scalar, point);
  printf("result ");
  for (int i = 31; i >= 0; i--) printf("%02x", result[i]);
  putchar('\n');
  return 0;
}
