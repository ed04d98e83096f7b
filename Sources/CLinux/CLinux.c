#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

int swiftprov_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void swiftprov_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

short swiftprov_spawn_setsid(void) { return POSIX_SPAWN_SETSID; }
