// JSON, by Boost.JSON. The only header that includes it, besides the safetensors readers, which need its
// SAX interface: change the library here.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload::json {

using boost::json::array;
using boost::json::kind;
using boost::json::object;
using boost::json::value;

// One document, UTF-8, duplicate keys refused by the schema's tests rather than here.
// Errors (invalid_option): "<what>: byte N: <reason>".
[[nodiscard]] Result<value> parse(std::string_view text, std::string_view what);

// One line, no blanks.
[[nodiscard]] std::string dump(const value& document);

// Indented by two, keys in the order they were inserted.
[[nodiscard]] std::string dump_pretty(const value& document);

// A number for JSON, which has no NaN and no infinity: those become null.
[[nodiscard]] value number(double value);

// Text from outside (a worker's output, a file name) as valid UTF-8: bad bytes become U+FFFD.
[[nodiscard]] std::string utf8(std::string_view text);

// Members by name, or the default where absent or of another type.
[[nodiscard]] std::string_view text_or(const object& from, std::string_view key,
                                       std::string_view otherwise = "");
[[nodiscard]] uint64_t unsigned_or(const object& from, std::string_view key, uint64_t otherwise = 0);
[[nodiscard]] int64_t integer_or(const object& from, std::string_view key, int64_t otherwise = 0);
[[nodiscard]] double number_or(const object& from, std::string_view key, double otherwise = 0);
[[nodiscard]] bool bool_or(const object& from, std::string_view key, bool otherwise = false);
[[nodiscard]] const object* object_at(const object& from, std::string_view key);
[[nodiscard]] const array* array_at(const object& from, std::string_view key);

}  // namespace coldload::json
