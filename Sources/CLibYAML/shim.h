#ifndef SWIFTPROV_CLIBYAML_SHIM_H
#define SWIFTPROV_CLIBYAML_SHIM_H
#include <yaml.h>
#endif
