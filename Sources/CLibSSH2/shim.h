#ifndef SWIFTPROV_CLIBSSH2_SHIM_H
#define SWIFTPROV_CLIBSSH2_SHIM_H
#include <libssh2.h>
#endif
