// Functions of the C library that Swift's module for it leaves out, since it is made without _GNU_SOURCE.

#ifndef CPROCESS_SHIM_H
#define CPROCESS_SHIM_H

#ifdef __linux__

#include <spawn.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *directory);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);

#endif

#endif
