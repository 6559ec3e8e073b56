// A shared object, but no plugin.
#include "coldload/abi.h"

COLDLOAD_EXPORT extern const int something_else;
const int something_else = 1;
