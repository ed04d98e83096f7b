#ifndef SWIFTPROV_CCRYPT_SHIM_H
#define SWIFTPROV_CCRYPT_SHIM_H
#include <crypt.h>
#endif
