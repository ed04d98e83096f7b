#ifndef SWIFTPROV_CLINUX_H
#define SWIFTPROV_CLINUX_H
// What Swift's Glibc module leaves out of Linux's own interface.
#include <signal.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/// A descriptor that becomes readable when the process ends, or -1 where the kernel (before 5.3) has none.
/// glibc has a wrapper only since 2.36, and Swift cannot call the variadic `syscall`.
static inline int swiftprov_pidfd_open(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    return -1;
#endif
}

/// Both ends of a new pipe, which no child inherits; 0 or -1 with errno.
int swiftprov_pipe(int ends[2]);

/// The controlling end of a new terminal that shows nothing of what is typed, and the path of its other end; -1 with
/// errno. No child inherits it.
int swiftprov_terminal(char *path, size_t length);

/// A file without a name in memory, which no child inherits; -1 with errno.
int swiftprov_memory_file(void);

/// Where the needle begins in the haystack, or -1: `memmem`, which Swift's Glibc module leaves out.
ssize_t swiftprov_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

/// Whether what is written below this path stays in memory (tmpfs, ramfs); `statfs` hides behind its function's name.
static inline int swiftprov_is_in_memory(const char *path) {
    struct statfs information;
    if (statfs(path, &information) != 0) return 0;
    return information.f_type == 0x01021994 || (unsigned int)information.f_type == 0x858458f6u;
}

/// Sets a thread's name, as `ps -L` shows it.
void swiftprov_name_thread(const char *name);

/// `POSIX_SPAWN_SETSID`, which Swift's Glibc module leaves out: the child leads a session of its own.
short swiftprov_spawn_setsid(void);

/// The lowest address of the current thread's stack, or 0 if nobody knows.
unsigned long swiftprov_stack_bottom(void);

/// How far down the current thread's stack the caller is. Taking a Swift variable's address tells it, too, but makes
/// the compiler guard the whole function's frame.
static inline unsigned long swiftprov_stack_mark(void) { return (unsigned long)__builtin_frame_address(0); }

/// The exit status or signal; a member of a union that Swift does not see.
static inline int swiftprov_status(const siginfo_t *information) { return information->si_status; }

/// Reads a date as `strptime` does, which is declared for X/Open sources only, and gives its seconds since 1970 in UTC.
/// Returns 1, or 0 if the text does not fit the format, or -1 if there is no such day.
int swiftprov_parse_time(const char *text, const char *format, long *seconds);
#endif
