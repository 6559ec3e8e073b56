#include "core/base/json.hpp"

#include <fmt/format.h>

#include <cmath>

namespace coldload::json {

Result<value> parse(std::string_view text, std::string_view what) {
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read < text.size() && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
    return fail(Status::invalid_option, fmt::format("{}: byte {}: text after the document", what, read));
  }
  if (!error) parser.finish(error);
  if (error) return fail(Status::invalid_option, fmt::format("{}: byte {}: {}", what, read, error.message()));
  return parser.release();
}

std::string dump(const value& document) {
  return boost::json::serialize(document);
}

namespace {

void dump_indented(std::string& out, const value& node, size_t indent) {
  const std::string inner(indent + 2, ' ');
  const std::string outer(indent, ' ');
  if (const auto* members = node.if_object(); members != nullptr && !members->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& member : *members) {
      if (!first) out += ",\n";
      first = false;
      out += inner + boost::json::serialize(value(member.key())) + ": ";
      dump_indented(out, member.value(), indent + 2);
    }
    out += "\n" + outer + "}";
    return;
  }
  if (const auto* elements = node.if_array(); elements != nullptr && !elements->empty()) {
    out += "[\n";
    bool first = true;
    for (const value& element : *elements) {
      if (!first) out += ",\n";
      first = false;
      out += inner;
      dump_indented(out, element, indent + 2);
    }
    out += "\n" + outer + "]";
    return;
  }
  out += boost::json::serialize(node);
}

// Length of the valid UTF-8 sequence at the start of `text`, or 0.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string dump_pretty(const value& document) {
  std::string out;
  dump_indented(out, document, 0);
  out += '\n';
  return out;
}

value number(double number) {
  return std::isfinite(number) ? value(number) : value(nullptr);
}

std::string utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string_view text_or(const object& from, std::string_view key, std::string_view otherwise) {
  const value* found = from.if_contains(key);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string()) : otherwise;
}

uint64_t unsigned_or(const object& from, std::string_view key, uint64_t otherwise) {
  const value* found = from.if_contains(key);
  if (found == nullptr) return otherwise;
  boost::system::error_code error;
  const auto number = found->to_number<uint64_t>(error);
  return error ? otherwise : number;
}

int64_t integer_or(const object& from, std::string_view key, int64_t otherwise) {
  const value* found = from.if_contains(key);
  if (found == nullptr) return otherwise;
  boost::system::error_code error;
  const auto number = found->to_number<int64_t>(error);
  return error ? otherwise : number;
}

double number_or(const object& from, std::string_view key, double otherwise) {
  const value* found = from.if_contains(key);
  if (found == nullptr) return otherwise;
  boost::system::error_code error;
  const auto number = found->to_number<double>(error);
  return error ? otherwise : number;
}

bool bool_or(const object& from, std::string_view key, bool otherwise) {
  const value* found = from.if_contains(key);
  return found != nullptr && found->is_bool() ? found->get_bool() : otherwise;
}

const object* object_at(const object& from, std::string_view key) {
  const value* found = from.if_contains(key);
  return found == nullptr ? nullptr : found->if_object();
}

const array* array_at(const object& from, std::string_view key) {
  const value* found = from.if_contains(key);
  return found == nullptr ? nullptr : found->if_array();
}

}  // namespace coldload::json
