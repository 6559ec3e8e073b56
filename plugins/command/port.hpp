// TCP ports of this machine.
#pragma once

#include <cstdint>

namespace coldload::command {

// One that nobody listens on, on any address, outside the range that the kernel gives to clients: a client
// that asks there before the server listens cannot be given the same port for itself. Throws if there is
// none.
[[nodiscard]] uint16_t choose_port();

// Throws COLDLOAD_IO_ERROR where something holds `port` already: its answer would be taken for the program's.
void require_free(uint16_t port);

}  // namespace coldload::command
