#include "driver.h"

extern int LLVMFuzzerRunDriver(int *argc, char ***argv, driver_target target);

int driver_run(int argc, char **argv, driver_target target) { return LLVMFuzzerRunDriver(&argc, &argv, target); }
