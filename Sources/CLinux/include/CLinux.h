#ifndef SWIFTPROV_CLINUX_H
#define SWIFTPROV_CLINUX_H
// What Swift's Glibc module leaves out of Linux's own interface.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#endif
