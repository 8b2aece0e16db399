// SPDX-License-Identifier: Apache-2.0
#include "AtLoad.h"

__attribute__((constructor)) static void at_load(void) { countersign_seed_tests(); }
