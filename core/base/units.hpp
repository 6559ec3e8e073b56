// Quantities as people write them, and back. One grammar for scenarios, the command line and tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload {

// "8 MiB", "1.5 GB", "4096", "4096 B". Binary (KiB, MiB, GiB, TiB) and decimal (kB, KB, MB, GB, TB) units;
// a blank before the unit is optional. A bare number is bytes.
// Errors (invalid_option): unknown unit, negative, not a whole number of bytes, above 2^63 - 1.
[[nodiscard]] Result<uint64_t> parse_bytes(std::string_view text);

// "250 ms", "2 min", "1.5 s" -> nanoseconds. Units ns, us, ms, s, min, h; only 0 may stand without one.
[[nodiscard]] Result<uint64_t> parse_duration(std::string_view text);

// "2 Gbit/s" (decimal bits), "1.5 GB/s", "800 MiB/s" -> bytes per second; only 0 may stand without a unit.
[[nodiscard]] Result<uint64_t> parse_rate(std::string_view text);

// "15 %", "15%" -> 0.15.
[[nodiscard]] Result<double> parse_percent(std::string_view text);

// Exact where a unit divides it: "8 MiB", "1 GiB", "1000 B"; else two or three figures: "4.37 GB".
[[nodiscard]] std::string format_bytes(uint64_t bytes);
// Decimal, three figures, for totals: "16.1 GB".
[[nodiscard]] std::string format_bytes_decimal(uint64_t bytes);
// Three figures: "250 ms", "1.23 s", "2 min 5 s".
[[nodiscard]] std::string format_duration(uint64_t ns);
// "1.23 GB/s".
[[nodiscard]] std::string format_rate(double bytes_per_second);

}  // namespace coldload
