#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int swiftprov_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int swiftprov_memory_file(void) { return memfd_create("swiftprov", MFD_CLOEXEC); }

ssize_t swiftprov_find(const void *haystack, size_t length, const void *needle, size_t needle_length) {
    const char *found = memmem(haystack, length, needle, needle_length);
    return found ? found - (const char *)haystack : -1;
}

void swiftprov_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

short swiftprov_spawn_setsid(void) { return POSIX_SPAWN_SETSID; }

unsigned long swiftprov_stack_bottom(void) {
    pthread_attr_t attributes;
    void *bottom = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
    pthread_attr_getstack(&attributes, &bottom, &size);
    pthread_attr_destroy(&attributes);
    return (unsigned long)bottom;
}
