#include "core/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace coldload {
namespace {

struct Unit {
  std::string_view name;
  double scale;
};

constexpr double kKi = 1024.0;
constexpr std::array kByteUnits = {
    Unit{"B", 1},
    Unit{"kB", 1e3},
    Unit{"KB", 1e3},
    Unit{"MB", 1e6},
    Unit{"GB", 1e9},
    Unit{"TB", 1e12},
    Unit{"KiB", kKi},
    Unit{"MiB", kKi* kKi},
    Unit{"GiB", kKi* kKi* kKi},
    Unit{"TiB", kKi* kKi* kKi* kKi},
};
constexpr std::array kDurationUnits = {
    Unit{"ns", 1},  Unit{"us", 1e3},   Unit{"µs", 1e3},   Unit{"ms", 1e6},
    Unit{"s", 1e9}, Unit{"min", 60e9}, Unit{"h", 3600e9},
};
constexpr std::array kRateUnits = {
    Unit{"B/s", 1},       Unit{"kB/s", 1e3},   Unit{"KB/s", 1e3},       Unit{"MB/s", 1e6},
    Unit{"GB/s", 1e9},    Unit{"KiB/s", kKi},  Unit{"MiB/s", kKi* kKi}, Unit{"GiB/s", kKi* kKi* kKi},
    Unit{"bit/s", 0.125}, Unit{"kbit/s", 125}, Unit{"Mbit/s", 125e3},   Unit{"Gbit/s", 125e6},
};
constexpr double kQuantityEnd = 9223372036854775808.0;  // 2^63

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string unit_names(std::span<const Unit> units) {
  std::string names;
  for (const Unit& unit : units) {
    if (!names.empty()) names += ", ";
    names += unit.name;
  }
  return names;
}

Result<uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units, std::string_view kind,
                                bool bare_number_allowed) {
  const std::string_view body = trimmed(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(body.data(), body.data() + body.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number)) {
    return fail(Status::invalid_option,
                fmt::format("\"{}\" is not a {}: it does not start with a number", text, kind));
  }
  if (number < 0)
    return fail(Status::invalid_option, fmt::format("\"{}\": a {} cannot be negative", text, kind));
  const std::string_view name = trimmed(body.substr(static_cast<size_t>(end - body.data())));
  double scale = 1;
  if (name.empty()) {
    if (!bare_number_allowed && number != 0) {
      return fail(Status::invalid_option,
                  fmt::format("\"{}\" has no unit: write one of {}", text, unit_names(units)));
    }
  } else {
    const Unit* found = nullptr;
    for (const Unit& unit : units) {
      if (unit.name == name) found = &unit;
    }
    if (found == nullptr) {
      return fail(Status::invalid_option, fmt::format("\"{}\": unknown unit \"{}\", expected one of {}", text,
                                                      name, unit_names(units)));
    }
    scale = found->scale;
  }
  const double quantity = number * scale;
  if (quantity >= kQuantityEnd) return fail(Status::invalid_option, fmt::format("\"{}\" is too large", text));
  const double whole = std::round(quantity);
  // 0.1 GiB is no whole number of bytes: nobody means it to the byte, but half a byte is a mistake.
  if (quantity < 1e6 && std::abs(whole - quantity) > 1e-6) {
    return fail(Status::invalid_option, fmt::format("\"{}\" is not a whole number of {}", text,
                                                    kind == "duration" ? "nanoseconds" : "bytes"));
  }
  return static_cast<uint64_t>(whole);
}

std::string three_figures(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

}  // namespace

Result<uint64_t> parse_bytes(std::string_view text) {
  return parse_quantity(text, kByteUnits, "size", true);
}

Result<uint64_t> parse_duration(std::string_view text) {
  return parse_quantity(text, kDurationUnits, "duration", false);
}

Result<uint64_t> parse_rate(std::string_view text) {
  return parse_quantity(text, kRateUnits, "rate", false);
}

Result<double> parse_percent(std::string_view text) {
  std::string_view body = trimmed(text);
  if (body.empty() || body.back() != '%') {
    return fail(Status::invalid_option,
                fmt::format("\"{}\" is not a percentage: write it as \"15 %\"", text));
  }
  body = trimmed(body.substr(0, body.size() - 1));
  double number = 0;
  const auto [end, error] =
      std::from_chars(body.data(), body.data() + body.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || end != body.data() + body.size() || !std::isfinite(number) || number < 0) {
    return fail(Status::invalid_option,
                fmt::format("\"{}\" is not a percentage: write it as \"15 %\"", text));
  }
  return number / 100.0;
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  uint64_t value = bytes;
  size_t name = 0;
  while (value != 0 && value % 1024 == 0 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  if (value < 10'000) return fmt::format("{} {}", value, kNames[name]);
  return format_bytes_decimal(bytes);
}

std::string format_bytes_decimal(uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1e3) return fmt::format("{} B", bytes);
  if (value < 999.5e3) return three_figures(value / 1e3) + " kB";
  if (value < 999.5e6) return three_figures(value / 1e6) + " MB";
  if (value < 999.5e9) return three_figures(value / 1e9) + " GB";
  return three_figures(value / 1e12) + " TB";
}

std::string format_duration(uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (value < 1e3) return fmt::format("{} ns", ns);
  if (value < 999.5e3) return three_figures(value / 1e3) + " µs";
  if (value < 999.5e6) return three_figures(value / 1e6) + " ms";
  if (value < 120e9) return three_figures(value / 1e9) + " s";
  const uint64_t seconds = (ns + 500'000'000) / 1'000'000'000;
  if (seconds < 7200) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string format_rate(double bytes_per_second) {
  if (bytes_per_second < 999.5e6) return three_figures(bytes_per_second / 1e6) + " MB/s";
  return three_figures(bytes_per_second / 1e9) + " GB/s";
}

}  // namespace coldload
