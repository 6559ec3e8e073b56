// The tables a plugin is made of, one readable line for an option:
//
//   constexpr coldload_option kOptions[] = {
//       sdk::bytes_option("chunk", "8 MiB", {"4 KiB", "256 MiB"}, "bytes asked for in one read"),
//       sdk::bool_option("direct", "false", "read past the page cache"),
//   };
//   constexpr coldload_component kSequential =
//       sdk::strategy_component<Sequential>("sequential", "one thread, front to back", kOptions);
//   COLDLOAD_EXPORT_PLUGIN("org.example.sequential", "1.0.0", "example", &kSequential);
//
// All of it is constant data: a scan of plugins reads it and runs no code.
#pragma once

#include <cstddef>

#include "coldload/abi.h"
#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/destination.hpp"
#include "coldload/cpp/strategy.hpp"

namespace coldload::sdk {

// Both ends allowed; written as a scenario would write them. nullptr: no bound.
struct Range {
  const char* minimum = nullptr;
  const char* maximum = nullptr;
};

namespace detail {

constexpr coldload_option option(uint32_t type, const char* name, const char* default_value, const char* unit,
                                 Range range, const char* const* choices, const char* summary) {
  const uint32_t flags = default_value == nullptr ? uint32_t{COLDLOAD_OPTION_REQUIRED} : 0u;
  return {sizeof(coldload_option), type,          flags,         0,      name, unit, summary,
          default_value,           range.minimum, range.maximum, choices};
}

}  // namespace detail

// In each, `default_value` is written as in a scenario, strings without quotes; nullptr makes the option
// required.
constexpr coldload_option bool_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_BOOL, name, default_value, "", {}, nullptr, summary);
}
constexpr coldload_option int_option(const char* name, const char* default_value, Range range,
                                     const char* unit, const char* summary) {
  return detail::option(COLDLOAD_OPTION_INT, name, default_value, unit, range, nullptr, summary);
}
constexpr coldload_option float_option(const char* name, const char* default_value, Range range,
                                       const char* unit, const char* summary) {
  return detail::option(COLDLOAD_OPTION_FLOAT, name, default_value, unit, range, nullptr, summary);
}
constexpr coldload_option string_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_STRING, name, default_value, "", {}, nullptr, summary);
}
// The host makes it absolute, from the scenario's folder.
constexpr coldload_option path_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_PATH, name, default_value, "", {}, nullptr, summary);
}
// `choices` is NULL-terminated.
constexpr coldload_option choice_option(const char* name, const char* default_value,
                                        const char* const* choices, const char* summary) {
  return detail::option(COLDLOAD_OPTION_CHOICE, name, default_value, "", {}, choices, summary);
}
constexpr coldload_option bytes_option(const char* name, const char* default_value, Range range,
                                       const char* summary) {
  return detail::option(COLDLOAD_OPTION_BYTES, name, default_value, "", range, nullptr, summary);
}
constexpr coldload_option duration_option(const char* name, const char* default_value, Range range,
                                          const char* summary) {
  return detail::option(COLDLOAD_OPTION_DURATION, name, default_value, "", range, nullptr, summary);
}
constexpr coldload_option rate_option(const char* name, const char* default_value, Range range,
                                      const char* summary) {
  return detail::option(COLDLOAD_OPTION_RATE, name, default_value, "", range, nullptr, summary);
}
constexpr coldload_option secret_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_SECRET, name, default_value, "", {}, nullptr, summary);
}
constexpr coldload_option backend_option(const char* name, const char* summary) {
  return detail::option(COLDLOAD_OPTION_BACKEND, name, nullptr, "", {}, nullptr, summary);
}
constexpr coldload_option list_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_LIST, name, default_value, "", {}, nullptr, summary);
}
constexpr coldload_option map_option(const char* name, const char* default_value, const char* summary) {
  return detail::option(COLDLOAD_OPTION_MAP, name, default_value, "", {}, nullptr, summary);
}

// `flags` is COLDLOAD_COMPONENT_*; `schemes` is NULL-terminated.
template <typename T, size_t N>
constexpr coldload_component backend_component(const char* id, const char* summary,
                                               const coldload_option (&options)[N],
                                               const char* const* schemes = nullptr, uint32_t flags = 0) {
  return {sizeof(coldload_component),
          N,
          flags,
          0,
          COLDLOAD_KIND_BACKEND,
          id,
          summary,
          options,
          schemes,
          &kBackendOps<T>};
}
template <typename T>
constexpr coldload_component backend_component(const char* id, const char* summary) {
  return {sizeof(coldload_component),
          0,
          0,
          0,
          COLDLOAD_KIND_BACKEND,
          id,
          summary,
          nullptr,
          nullptr,
          &kBackendOps<T>};
}
template <typename T, size_t N>
constexpr coldload_component strategy_component(const char* id, const char* summary,
                                                const coldload_option (&options)[N], uint32_t flags = 0) {
  return {sizeof(coldload_component),
          N,
          flags,
          0,
          COLDLOAD_KIND_STRATEGY,
          id,
          summary,
          options,
          nullptr,
          &kStrategyOps<T>};
}
template <typename T>
constexpr coldload_component strategy_component(const char* id, const char* summary) {
  return {sizeof(coldload_component),
          0,
          0,
          0,
          COLDLOAD_KIND_STRATEGY,
          id,
          summary,
          nullptr,
          nullptr,
          &kStrategyOps<T>};
}
template <typename T, size_t N>
constexpr coldload_component destination_component(const char* id, const char* summary,
                                                   const coldload_option (&options)[N]) {
  return {sizeof(coldload_component), N, 0, 0, COLDLOAD_KIND_DESTINATION, id, summary, options, nullptr,
          &kDestinationOps<T>};
}

}  // namespace coldload::sdk

// Once in a plugin, at file scope: its id (a reverse URI), version and vendor, then a pointer to each
// component.
#define COLDLOAD_EXPORT_PLUGIN(plugin_id, plugin_version, plugin_vendor, ...) \
  namespace {                                                                 \
  constexpr const coldload_component* kColdloadComponents[] = {__VA_ARGS__};  \
  }                                                                           \
  extern "C" COLDLOAD_EXPORT const coldload_plugin coldload_plugin_v1;        \
  constexpr coldload_plugin coldload_plugin_v1 = {                            \
      COLDLOAD_ABI_MAJOR,                                                     \
      COLDLOAD_ABI_MINOR,                                                     \
      sizeof(coldload_plugin),                                                \
      sizeof(kColdloadComponents) / sizeof(*kColdloadComponents),             \
      plugin_id,                                                              \
      plugin_version,                                                         \
      plugin_vendor,                                                          \
      kColdloadComponents,                                                    \
      nullptr,                                                                \
      nullptr};
