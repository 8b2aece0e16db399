// SPDX-License-Identifier: Apache-2.0
/* What glibc 2.34 and later has and declares under _GNU_SOURCE only, which Swift's own module of glibc does not define. */
#ifndef COUNTERSIGN_CSPAWN_H
#define COUNTERSIGN_CSPAWN_H

#include <spawn.h>

int pipe2(int descriptors[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);

#endif
