// What the kernel says of this process: what a plugin may have left behind.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coldload::conformance {

// Threads, without those that the kernel lends to a ring and takes back when it is idle.
[[nodiscard]] size_t thread_count();
// A joined thread may show for a moment longer; one that was left behind shows for good. Waits up to 3 s.
[[nodiscard]] bool threads_come_back_to(size_t count);
[[nodiscard]] size_t descriptor_count();
// Memory that belongs to no file, in bytes.
[[nodiscard]] uint64_t anonymous_bytes();

}  // namespace coldload::conformance
