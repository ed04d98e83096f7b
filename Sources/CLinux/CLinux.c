#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int swiftprov_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int swiftprov_terminal(char *path, size_t length) {
    int controlling = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (controlling < 0) return -1;
    struct termios modes;
    int error = 0;
    if (grantpt(controlling) != 0 || unlockpt(controlling) != 0 || tcgetattr(controlling, &modes) != 0) error = errno;
    if (!error) error = ptsname_r(controlling, path, length);
    if (!error) {
        modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        if (tcsetattr(controlling, TCSANOW, &modes) != 0) error = errno;
    }
    if (!error) return controlling;
    close(controlling);
    errno = error;
    return -1;
}

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
