// The values of a component's options, as the host parsed and checked them against the component's own table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coldload/backend.h"
#include "coldload/cpp/failure.hpp"

namespace coldload::sdk {

// A view, valid during create(). Asking for a name that is not in the table, or as another type, is a bug in
// the plugin and fails with COLDLOAD_INTERNAL.
class Options {
 public:
  Options(const coldload_option_value* values, uint32_t count) : values_(values), count_(count) {}

  [[nodiscard]] bool boolean(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_BOOL).as.integer != 0;
  }
  [[nodiscard]] int64_t integer(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_INT).as.integer;
  }
  // An INT whose minimum is not below 0 and whose maximum fits, such as a number of threads.
  [[nodiscard]] uint32_t count(std::string_view name) const {
    return static_cast<uint32_t>(find(name, COLDLOAD_OPTION_INT).as.integer);
  }
  [[nodiscard]] double real(std::string_view name) const { return find(name, COLDLOAD_OPTION_FLOAT).as.real; }
  [[nodiscard]] uint64_t bytes(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_BYTES).as.quantity;
  }
  [[nodiscard]] uint64_t duration_ns(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_DURATION).as.quantity;
  }
  [[nodiscard]] uint64_t bytes_per_second(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_RATE).as.quantity;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_STRING).as.text;
  }
  // Absolute, whatever the scenario wrote.
  [[nodiscard]] std::string path(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_PATH).as.text;
  }
  [[nodiscard]] std::string choice(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_CHOICE).as.text;
  }
  [[nodiscard]] std::string secret(std::string_view name) const {
    return find(name, COLDLOAD_OPTION_SECRET).as.text;
  }
  // Borrowed, valid until the component is destroyed.
  [[nodiscard]] const coldload_backend& backend(std::string_view name) const {
    return *static_cast<const coldload_backend*>(find(name, COLDLOAD_OPTION_BACKEND).as.backend);
  }
  // A MAP's keys and values in turn.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const {
    const coldload_option_value* value = seek(name);
    const uint32_t type =
        value != nullptr && value->type == COLDLOAD_OPTION_MAP ? COLDLOAD_OPTION_MAP : COLDLOAD_OPTION_LIST;
    const coldload_option_list& list = find(name, type).as.list;
    return {list.items, list.items + list.count};
  }

 private:
  [[nodiscard]] const coldload_option_value* seek(std::string_view name) const {
    for (uint32_t i = 0; i < count_; ++i) {
      if (values_[i].name == name) return &values_[i];
    }
    return nullptr;
  }
  [[nodiscard]] const coldload_option_value& find(std::string_view name, uint32_t type) const {
    const coldload_option_value* value = seek(name);
    if (value == nullptr) {
      throw Failure(COLDLOAD_INTERNAL,
                    "option \"" + std::string(name) + "\" was not passed: is it in the component's table?");
    }
    if (value->type != type) {
      throw Failure(COLDLOAD_INTERNAL, "option \"" + std::string(name) + "\" has type " +
                                           std::to_string(value->type) + " and was asked for as type " +
                                           std::to_string(type));
    }
    return *value;
  }

  const coldload_option_value* values_;
  uint32_t count_;
};

}  // namespace coldload::sdk
