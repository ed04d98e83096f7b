#ifndef SWIFTPROV_CLINUX_H
#define SWIFTPROV_CLINUX_H
// What Swift's Glibc module leaves out of Linux's own interface.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>

/// A running thread's attributes, such as where its stack is; declared for GNU sources only.
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
#endif
