// From a written value to the one a component gets, or to the message that says why not.
#include "core/plugin/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <span>

#include "coldload/cpp/redaction.hpp"
#include "core/base/limits.hpp"
#include "core/base/nearest.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

struct Unit {
  std::string_view name;
  uint64_t scale;
};
constexpr std::array kByteUnits = {Unit{"TiB", 1024 * limits::kGiB},
                                   Unit{"GiB", limits::kGiB},
                                   Unit{"MiB", limits::kMiB},
                                   Unit{"KiB", limits::kKiB},
                                   Unit{"TB", 1'000'000'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"kB", 1000},
                                   Unit{"B", 1}};
constexpr std::array kDurationUnits = {Unit{"h", 3'600'000'000'000},
                                       Unit{"min", 60'000'000'000},
                                       Unit{"s", 1'000'000'000},
                                       Unit{"ms", 1'000'000},
                                       Unit{"us", 1000},
                                       Unit{"ns", 1}};
constexpr std::array kRateUnits = {Unit{"GB/s", 1'000'000'000},
                                   Unit{"MB/s", 1'000'000},
                                   Unit{"GiB/s", limits::kGiB},
                                   Unit{"MiB/s", limits::kMiB},
                                   Unit{"KiB/s", limits::kKiB},
                                   Unit{"kB/s", 1000},
                                   Unit{"B/s", 1}};

// Exact, unlike format_bytes(): what is read back is the same number. The unit that leaves the smallest one.
std::string exact(uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.back();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.scale == 0 && value / unit.scale < value / best->scale) best = &unit;
  }
  return fmt::format("{} {}", value / best->scale, best->name);
}

constexpr size_t kShownBytesMax = 80;  // of a string in a message

// A value as a message shows it.
std::string found(const Value& value) {
  if (const auto* written = std::get_if<std::string>(&value.data)) {
    const std::string text = sdk::has_password(*written) ? sdk::without_secrets(*written) : *written;
    const bool whole = text.size() <= kShownBytesMax;
    return json::utf8(fmt::format("\"{}{}\"", text.substr(0, kShownBytesMax), whole ? "" : "…"));
  }
  if (std::holds_alternative<ValueList>(value.data)) return "an array";
  if (std::holds_alternative<ValueTable>(value.data)) return "a table";
  return to_string(value);
}

std::string_view expected_of(uint32_t type) {
  switch (type) {
    case COLDLOAD_OPTION_BOOL:
      return "true or false";
    case COLDLOAD_OPTION_INT:
      return "an integer";
    case COLDLOAD_OPTION_FLOAT:
      return "a number";
    case COLDLOAD_OPTION_BYTES:
      return "a size such as \"8 MiB\"";
    case COLDLOAD_OPTION_DURATION:
      return "a duration such as \"250 ms\"";
    case COLDLOAD_OPTION_RATE:
      return "a rate such as \"2 Gbit/s\"";
    case COLDLOAD_OPTION_SECRET:
      return "\"env:NAME\" or \"file:PATH\"";
    case COLDLOAD_OPTION_BACKEND:
      return "the name of a backend";
    case COLDLOAD_OPTION_LIST:
      return "an array of strings";
    case COLDLOAD_OPTION_MAP:
      return "a table of strings";
    default:
      return "a string";
  }
}

using Parse = Result<uint64_t> (*)(std::string_view);

// Reads one value as one option; each read_… fills `out` or fails with what follows "option "name"".
class Reader {
 public:
  Reader(const coldload_option& option, const OptionContext& context) : option_(option), context_(context) {}

  [[nodiscard]] Result<EffectiveOption> read(const Value& value) {
    out_.name = option_.name;
    out_.type = option_.type;
    out_.source = OptionSource::written;
    const Result<void> done = read_typed(value);
    if (!done) return pass(done);
    return std::move(out_);
  }

 private:
  [[nodiscard]] Result<void> read_typed(const Value& value) {
    switch (option_.type) {
      case COLDLOAD_OPTION_BOOL:
        return read_bool(value);
      case COLDLOAD_OPTION_INT:
        return read_integer(value);
      case COLDLOAD_OPTION_FLOAT:
        return read_float(value);
      case COLDLOAD_OPTION_BYTES:
        return read_quantity(value, parse_bytes, kByteUnits);
      case COLDLOAD_OPTION_DURATION:
        return read_quantity(value, parse_duration, kDurationUnits);
      case COLDLOAD_OPTION_RATE:
        return read_quantity(value, parse_rate, kRateUnits);
      case COLDLOAD_OPTION_LIST:
        return read_list(value);
      case COLDLOAD_OPTION_MAP:
        return read_map(value);
      default:
        return read_text(value);
    }
  }

  [[nodiscard]] std::unexpected<Error> wrong_type(const Value& value) const {
    const bool sweeps = std::holds_alternative<ValueList>(value.data) && option_.type != COLDLOAD_OPTION_MAP;
    return fail(Status::invalid_option,
                fmt::format(" is {}{}: expected {} ({})", found(value),
                            sweeps ? ", which is for sweeping, but one value is wanted here" : "",
                            expected_of(option_.type), describe_option(option_)));
  }

  [[nodiscard]] std::unexpected<Error> refuse(std::string reason) const {
    return fail(Status::invalid_option, std::move(reason));
  }

  // The ends of the range, typed as the option is. The registry has checked that they parse.
  template <typename Number, typename Read>
  [[nodiscard]] Result<void> check_range(Number value, const std::string& shown, Read read) const {
    if (option_.minimum != nullptr && value < read(option_.minimum)) {
      return refuse(fmt::format(" is {}, below {} ({})", shown, option_.minimum, describe_option(option_)));
    }
    if (option_.maximum != nullptr && value > read(option_.maximum)) {
      return refuse(fmt::format(" is {}, above {} ({})", shown, option_.maximum, describe_option(option_)));
    }
    return {};
  }

  template <typename Number>
  [[nodiscard]] Number bound(const char* text) const {
    coldload_option end = option_;
    end.default_value = text;
    const Value value = default_value_of(end);
    const auto* number = std::get_if<Number>(&value.data);
    return number == nullptr ? Number{} : *number;
  }

  [[nodiscard]] Result<void> read_bool(const Value& value) {
    const auto* boolean = std::get_if<bool>(&value.data);
    if (boolean == nullptr) return wrong_type(value);
    out_.integer = *boolean ? 1 : 0;
    out_.shown = *boolean ? "true" : "false";
    return {};
  }

  [[nodiscard]] Result<void> read_integer(const Value& value) {
    const auto* integer = std::get_if<int64_t>(&value.data);
    if (integer == nullptr) return wrong_type(value);
    out_.integer = *integer;
    out_.shown = to_string(value);
    return check_range(*integer, out_.shown, [this](const char* text) { return bound<int64_t>(text); });
  }

  [[nodiscard]] Result<void> read_float(const Value& value) {
    const auto* real = std::get_if<double>(&value.data);
    const auto* integer = std::get_if<int64_t>(&value.data);
    if (real == nullptr && integer == nullptr) return wrong_type(value);
    out_.real = real != nullptr ? *real : static_cast<double>(*integer);
    if (!std::isfinite(out_.real)) return wrong_type(value);
    out_.shown = fmt::format("{}", out_.real);
    return check_range(out_.real, out_.shown, [this](const char* text) { return bound<double>(text); });
  }

  [[nodiscard]] Result<void> read_quantity(const Value& value, Parse parse, std::span<const Unit> units) {
    std::string text;
    if (const auto* integer = std::get_if<int64_t>(&value.data)) {
      text = fmt::format("{}", *integer);
    } else if (const auto* written = std::get_if<std::string>(&value.data)) {
      text = *written;
    } else {
      return wrong_type(value);
    }
    if (text.size() > kShownBytesMax) return wrong_type(value);
    const Result<uint64_t> quantity = parse(text);
    if (!quantity) {
      return refuse(fmt::format(": {} ({})", quantity.error().message, describe_option(option_)));
    }
    out_.quantity = *quantity;
    out_.shown = exact(*quantity, units);
    const auto read_end = [parse](const char* end) { return parse(end).value_or(0); };
    return check_range(*quantity, out_.shown, read_end);
  }

  // A component gets text as C strings, which would end at a NUL.
  [[nodiscard]] Result<void> check_text(const std::string& text) const {
    if (text.find('\0') == std::string::npos) return {};
    return refuse(" contains a NUL character");
  }

  [[nodiscard]] Result<void> read_text(const Value& value) {
    const auto* text = std::get_if<std::string>(&value.data);
    if (text == nullptr) return wrong_type(value);
    if (auto checked = check_text(*text); !checked) return checked;
    out_.text = *text;
    Result<void> done;
    if (option_.type == COLDLOAD_OPTION_CHOICE) done = read_choice();
    if (option_.type == COLDLOAD_OPTION_SECRET) done = read_secret();
    if (option_.type == COLDLOAD_OPTION_BACKEND) done = read_backend();
    if (option_.type == COLDLOAD_OPTION_PATH) done = read_path();
    if (option_.type == COLDLOAD_OPTION_STRING) done = check_url();
    out_.shown = out_.text;
    return done;
  }

  [[nodiscard]] bool is_none() const {
    return out_.text.empty() && option_.default_value != nullptr && *option_.default_value == '\0';
  }

  [[nodiscard]] Result<void> read_choice() {
    std::vector<std::string> choices;
    for (const char* const* choice = option_.choices; *choice != nullptr; ++choice)
      choices.emplace_back(*choice);
    if (std::ranges::find(choices, out_.text) != choices.end()) return {};
    const auto near = nearest_name(out_.text, choices);
    const std::string hint = near ? fmt::format("; did you mean \"{}\"?", *near) : "";
    return refuse(
        fmt::format(" has no choice {}{} ({})", found({out_.text, {}}), hint, describe_option(option_)));
  }

  // No message shows what was written: it may be the secret itself.
  [[nodiscard]] Result<void> read_secret() {
    if (is_none()) return {};
    constexpr std::string_view kEnvironment = "env:";
    constexpr std::string_view kFile = "file:";
    if (out_.text.starts_with(kEnvironment)) {
      const std::string_view name = std::string_view(out_.text).substr(kEnvironment.size());
      const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      };
      if (!name.empty() && std::ranges::all_of(name, allowed)) return {};
      return refuse(" does not name an environment variable: write \"env:NAME\"");
    }
    if (out_.text.starts_with(kFile) && out_.text.size() > kFile.size()) {
      out_.text = std::string(kFile) + absolute(out_.text.substr(kFile.size()));
      return {};
    }
    return refuse(" is a secret, which must not stand in a scenario: write \"env:NAME\" or \"file:PATH\"");
  }

  // Results repeat what a scenario says.
  [[nodiscard]] Result<void> check_url() const {
    if (out_.text.find("://") == std::string::npos || !sdk::has_password(out_.text)) return {};
    return refuse(
        fmt::format(" is {}, with a password in it, which results would repeat: leave out what stands before "
                    "the '@' ({})",
                    found({sdk::without_secrets(out_.text), {}}), describe_option(option_)));
  }

  [[nodiscard]] Result<void> read_backend() {
    if (is_none()) return {};
    const auto& names = context_.backend_names;
    if (std::ranges::find(names, out_.text) != names.end()) return {};
    const std::string hint = names.empty() ? "; there is none it could name" : suggestion(out_.text, names);
    return refuse(fmt::format(" names no backend: {}{}", found({out_.text, {}}), hint));
  }

  [[nodiscard]] Result<void> read_path() {
    if (is_none()) return {};
    if (out_.text.empty())
      return refuse(fmt::format(" is empty: expected a path ({})", describe_option(option_)));
    if (out_.text == "~" || out_.text.starts_with("~/")) {
      return refuse(
          fmt::format(" is {}: \"~\" is not expanded, write the whole path", found({out_.text, {}})));
    }
    out_.text = absolute(out_.text);
    return {};
  }

  [[nodiscard]] std::string absolute(const std::string& path) const {
    std::filesystem::path whole = (std::filesystem::path(context_.base_directory) / path).lexically_normal();
    // "models/" and "models" are one place.
    if (!whole.has_filename() && whole.has_relative_path()) whole = whole.parent_path();
    return whole.string();
  }

  [[nodiscard]] Result<void> check_count(size_t count) const {
    if (count <= limits::kOptionItemsMax) return {};
    return refuse(fmt::format(" has {} elements, above the limit of {}", count, limits::kOptionItemsMax));
  }

  [[nodiscard]] Result<void> read_list(const Value& value) {
    const auto* list = std::get_if<ValueList>(&value.data);
    if (list == nullptr) return wrong_type(value);
    if (auto checked = check_count(list->size()); !checked) return checked;
    for (const Value& element : *list) {
      const auto* text = std::get_if<std::string>(&element.data);
      if (text == nullptr) {
        return refuse(
            fmt::format(": element {} is {}: expected a string", out_.items.size() + 1, found(element)));
      }
      if (auto checked = check_text(*text); !checked) return checked;
      out_.items.push_back(*text);
    }
    out_.shown = to_string(value);
    return {};
  }

  [[nodiscard]] Result<void> read_map(const Value& value) {
    const auto* table = std::get_if<ValueTable>(&value.data);
    if (table == nullptr) return wrong_type(value);
    if (auto checked = check_count(table->size()); !checked) return checked;
    for (const Member& member : *table) {
      const auto* text = std::get_if<std::string>(&member.value.data);
      if (text == nullptr) {
        return refuse(fmt::format(": \"{}\" is {}: expected a string", member.key, found(member.value)));
      }
      if (auto checked = check_text(member.key); !checked) return checked;
      if (auto checked = check_text(*text); !checked) return checked;
      out_.items.push_back(member.key);
      out_.items.push_back(*text);
    }
    out_.shown = table->empty() ? "{}" : to_string(value);
    return {};
  }

  const coldload_option& option_;
  const OptionContext& context_;
  EffectiveOption out_;
};

Diagnostic unknown_option(const coldload_component& component, const Member& member,
                          const OptionContext& context) {
  const std::vector<std::string> names = option_names(component);
  const std::string name = found({member.key, {}});
  std::string hint;
  if (const auto near = nearest_name(member.key, names)) {
    hint = fmt::format("; did you mean \"{}\" ({})?", *near, describe_option(*find_option(component, *near)));
  } else if (names.empty()) {
    hint = fmt::format("; {} has none", component.id);
  } else {
    hint = fmt::format("; known are {}", fmt::join(names, ", "));
  }
  return {member.where, fmt::format("{}: no option {}{}", context.subject, name, hint)};
}

}  // namespace

std::expected<EffectiveOption, Diagnostic> read_option(const coldload_option& option, const Value& value,
                                                       const OptionContext& context) {
  auto read = Reader(option, context).read(value);
  if (read) return std::move(*read);
  return std::unexpected(
      Diagnostic{value.where.file.empty() ? context.where : value.where,
                 fmt::format("{}: option \"{}\"{}", context.subject, option.name, read.error().message)});
}

EffectiveOptions check_options(const coldload_component& component, const ValueTable& written,
                               const OptionContext& context, Diagnostics& mistakes) {
  for (const Member& member : written) {
    if (find_option(component, member.key) == nullptr) {
      mistakes.push_back(unknown_option(component, member, context));
    }
  }
  EffectiveOptions effective;
  for (uint32_t i = 0; i < component.option_count; ++i) {
    const coldload_option& option = option_at(component, i);
    const Member* member = find_member(written, option.name);
    if (member == nullptr && (option.flags & COLDLOAD_OPTION_REQUIRED) != 0) {
      mistakes.push_back({context.where, fmt::format("{}: option \"{}\" is missing ({})", context.subject,
                                                     option.name, describe_option(option))});
      continue;
    }
    auto read = read_option(option, member == nullptr ? default_value_of(option) : member->value, context);
    if (!read) {
      mistakes.push_back(std::move(read.error()));
      continue;
    }
    if (member == nullptr) read->source = OptionSource::default_value;
    effective.push_back(std::move(*read));
  }
  return effective;
}

}  // namespace coldload
