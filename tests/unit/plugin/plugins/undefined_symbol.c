// Needs a function that nobody provides.
#include "coldload/abi.h"

extern int coldload_test_function_nobody_provides(void);

COLDLOAD_EXPORT int call_it(void);
int call_it(void) {
  return coldload_test_function_nobody_provides();
}
