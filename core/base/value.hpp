// A value as somebody wrote it, before an option table or a scenario key gives it a type, and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/location.hpp"
#include "core/base/result.hpp"

namespace coldload {

struct Value;
struct Member;
using ValueList = std::vector<Value>;
using ValueTable = std::vector<Member>;  // in the order written, keys unique

struct Value {
  std::variant<bool, int64_t, double, std::string, ValueList, ValueTable> data;
  Location where;
};

struct Member {
  std::string key;
  Location where;  // of the key
  Value value;
};

// "a string", "an integer", "a table", …: what a message says was found.
[[nodiscard]] std::string_view type_name(const Value& value);

// As a scenario would write it: 16, 0.5, true, 8 MiB (strings bare), [a, b].
[[nodiscard]] std::string to_string(const Value& value);

[[nodiscard]] const Member* find_member(const ValueTable& table, std::string_view key);

// To the worker and back; locations travel as "file:line:col" parts so that a worker's complaint names them.
[[nodiscard]] json::value to_json(const Value& value);
[[nodiscard]] Result<Value> value_from_json(const json::value& document);
[[nodiscard]] json::value to_json(const ValueTable& table);
[[nodiscard]] Result<ValueTable> table_from_json(const json::value& document);

}  // namespace coldload
