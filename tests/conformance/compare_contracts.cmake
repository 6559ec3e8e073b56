# Fails unless FILE holds the ids that `COLDLOAD plugin check --list` shows, in that order.
execute_process(COMMAND "${COLDLOAD}" plugin check --list OUTPUT_VARIABLE shown COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "  [^\n]*" "" shown "${shown}")
file(READ "${FILE}" listed)
if(NOT shown STREQUAL listed)
  message(FATAL_ERROR "${FILE} is not what coldload plugin check --list shows:\n${shown}")
endif()
