#include "core/scenario/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

// Enough to recognise the value, never a page of it.
std::string shown(const Value& value) {
  constexpr size_t kShownBytesMax = 60;
  const bool is_text = std::holds_alternative<std::string>(value.data);
  const bool is_scalar =
      !std::holds_alternative<ValueList>(value.data) && !std::holds_alternative<ValueTable>(value.data);
  if (!is_scalar) return std::string(type_name(value));
  std::string text = to_string(value);
  if (text.size() > kShownBytesMax) text = json::utf8(text.substr(0, kShownBytesMax)) + "…";
  return is_text ? fmt::format("{} (\"{}\")", type_name(value), text)
                 : fmt::format("{} ({})", type_name(value), text);
}

struct QuantityGrammar {
  std::string_view article;
  std::string_view example;
  Result<uint64_t> (*parse)(std::string_view);
};

QuantityGrammar grammar_of(Quantity kind) {
  switch (kind) {
    case Quantity::bytes:
      return {"a size", "20 GB", parse_bytes};
    case Quantity::duration:
      return {"a duration", "45 min", parse_duration};
    case Quantity::rate:
      break;
  }
  return {"a rate", "2 Gbit/s", parse_rate};
}

}  // namespace

void Mistakes::add(const Location& where, std::string message) {
  if (full()) {
    ++left_out_;
    return;
  }
  const bool known = std::ranges::any_of(found_, [&](const Diagnostic& other) {
    return other.where.line == where.line && other.where.column == where.column && other.message == message;
  });
  if (!known) found_.push_back({where, std::move(message)});
}

void Mistakes::add(Diagnostics found) {
  for (Diagnostic& diagnostic : found) add(diagnostic.where, std::move(diagnostic.message));
}

bool Mistakes::full() const {
  return found_.size() >= limits::kDiagnosticsMax;
}

Diagnostics Mistakes::take() && {
  std::ranges::sort(found_, {}, [](const Diagnostic& diagnostic) {
    return std::tie(diagnostic.where.line, diagnostic.where.column, diagnostic.message);
  });
  if (left_out_ > 0) {
    const std::string file = found_.back().where.file;
    found_.push_back({{file, 0, 0}, fmt::format("{} more mistakes are not shown", left_out_)});
  }
  return std::move(found_);
}

void Slot::expected(std::string_view what, const Value& found) const {
  wrong(fmt::format("expected {}, found {}", what, shown(found)), found);
}

void Slot::wrong(std::string_view message, const Value& found) const {
  mistakes.add(found.where, fmt::format("{}: {}: {}", section, member.key, message));
}

void unknown_key(const Member& member, std::string_view section, std::span<const std::string> known,
                 Mistakes& mistakes) {
  // A suggestion costs a comparison with every known key: not for mistakes nobody will be shown.
  const std::string near = mistakes.full() ? "" : suggestion(member.key, known);
  mistakes.add(member.where, fmt::format("{}: no key \"{}\"{}", section, member.key, near));
}

std::optional<int64_t> read_integer(const Slot& slot, const Value& value, IntegerRange range) {
  const auto* integer = std::get_if<int64_t>(&value.data);
  if (integer != nullptr && *integer >= range.minimum && *integer <= range.maximum) return *integer;
  slot.expected(range.maximum == INT64_MAX
                    ? fmt::format("an integer, at least {}", range.minimum)
                    : fmt::format("an integer, {} to {}", range.minimum, range.maximum),
                value);
  return std::nullopt;
}

std::optional<int64_t> read_integer(const Slot& slot, IntegerRange range) {
  return read_integer(slot, slot.member.value, range);
}

void read_bool(const Slot& slot, bool& out) {
  if (const auto* boolean = std::get_if<bool>(&slot.member.value.data)) {
    out = *boolean;
  } else {
    slot.expected("true or false");
  }
}

const std::string* read_text(const Slot& slot) {
  const auto* text = std::get_if<std::string>(&slot.member.value.data);
  if (text == nullptr) slot.expected("a string");
  return text;
}

std::optional<double> read_real(const Slot& slot, RealRange range) {
  double number = std::nan("");
  if (const auto* real = std::get_if<double>(&slot.member.value.data)) number = *real;
  if (const auto* integer = std::get_if<int64_t>(&slot.member.value.data)) {
    number = static_cast<double>(*integer);
  }
  if (number >= range.minimum && number <= range.maximum) return number;  // false for NaN
  slot.expected(fmt::format("a number, {} to {}", range.minimum, range.maximum));
  return std::nullopt;
}

std::optional<uint64_t> read_quantity(const Slot& slot, Quantity kind, QuantityRange range) {
  const QuantityGrammar grammar = grammar_of(kind);
  const auto* text = std::get_if<std::string>(&slot.member.value.data);
  const std::string wanted = fmt::format("{}, {} to {}, such as \"{}\"", grammar.article, range.minimum,
                                         range.maximum, grammar.example);
  if (text == nullptr) {
    slot.expected(wanted);
    return std::nullopt;
  }
  const auto quantity = grammar.parse(*text);
  if (!quantity) {
    slot.wrong(quantity.error().message);
    return std::nullopt;
  }
  const auto minimum = grammar.parse(range.minimum);
  const auto maximum = grammar.parse(range.maximum);
  if (*quantity >= minimum.value_or(0) && *quantity <= maximum.value_or(UINT64_MAX)) return *quantity;
  slot.expected(wanted);
  return std::nullopt;
}

std::vector<LocatedText> read_texts(const Slot& slot) {
  const Value& value = slot.member.value;
  if (const auto* text = std::get_if<std::string>(&value.data)) return {{*text, value.where}};
  const auto* list = std::get_if<ValueList>(&value.data);
  if (list == nullptr) {
    slot.expected("a string or an array of strings");
    return {};
  }
  if (list->empty()) slot.wrong("the array is empty: leave the key out, or name something");
  std::vector<LocatedText> texts;
  for (const Value& element : *list) {
    if (const auto* text = std::get_if<std::string>(&element.data)) {
      texts.push_back({*text, element.where});
    } else {
      slot.expected("a string", element);
    }
  }
  return texts;
}

}  // namespace coldload
