// A shared object, but not a plugin.
#include "coldload/abi.h"

extern "C" COLDLOAD_EXPORT int coldload_something_else;
int coldload_something_else = static_cast<int>(COLDLOAD_ABI_MAJOR);
