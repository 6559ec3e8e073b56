// What a component's option table says: looking up, describing, and whether it can be trusted.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/limits.hpp"
#include "core/plugin/names.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

bool has_range(uint32_t type) {
  return type == COLDLOAD_OPTION_INT || type == COLDLOAD_OPTION_FLOAT || type == COLDLOAD_OPTION_BYTES ||
         type == COLDLOAD_OPTION_DURATION || type == COLDLOAD_OPTION_RATE;
}

std::vector<std::string> choices_of(const coldload_option& option) {
  std::vector<std::string> out;
  for (const char* const* choice = option.choices; choice != nullptr && *choice != nullptr; ++choice) {
    out.emplace_back(*choice);
  }
  return out;
}

// "1 MiB to 5 GiB", "at least 1", or nothing.
std::string range_of(const coldload_option& option) {
  if (option.minimum != nullptr && option.maximum != nullptr) {
    return fmt::format("{} to {}", option.minimum, option.maximum);
  }
  if (option.minimum != nullptr) return fmt::format("at least {}", option.minimum);
  if (option.maximum != nullptr) return fmt::format("at most {}", option.maximum);
  return {};
}

std::string kind_and_range(const coldload_option& option) {
  const std::string range = range_of(option);
  const std::string unit = option.unit == nullptr ? "" : option.unit;
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
      return "true or false";
    case COLDLOAD_OPTION_INT:
    case COLDLOAD_OPTION_FLOAT: {
      const std::string number = option.type == COLDLOAD_OPTION_INT ? "integer" : "number";
      if (unit.empty()) return range.empty() ? number : fmt::format("{}, {}", number, range);
      return range.empty() ? fmt::format("{} of {}", number, unit) : fmt::format("{} {}", range, unit);
    }
    case COLDLOAD_OPTION_CHOICE:
      return fmt::format("one of {}", fmt::join(choices_of(option), ", "));
    case COLDLOAD_OPTION_SECRET:
      return "secret, as \"env:NAME\" or \"file:PATH\"";
    case COLDLOAD_OPTION_BACKEND:
      return "name of a backend";
    case COLDLOAD_OPTION_LIST:
      return "list of strings";
    case COLDLOAD_OPTION_MAP:
      return "table of strings";
    default:
      break;
  }
  const std::string_view name = option_type_name(option.type);
  return range.empty() ? std::string(name) : fmt::format("{}, {}", name, range);
}

std::unexpected<Error> bad(const coldload_option& option, std::string_view reason) {
  return fail(Status::invalid_option, fmt::format("option \"{}\": {}", option.name, reason));
}

Result<void> check_choices(const coldload_option& option) {
  if (option.type != COLDLOAD_OPTION_CHOICE) {
    return option.choices == nullptr ? Result<void>{} : bad(option, "has choices, but is no choice");
  }
  const std::vector<std::string> choices = choices_of(option);
  if (choices.empty()) return bad(option, "is a choice without choices");
  for (const std::string& choice : choices) {
    if (choice.empty()) return bad(option, "has an empty choice");
    if (std::ranges::count(choices, choice) > 1) {
      return bad(option, fmt::format("has the choice \"{}\" twice", choice));
    }
  }
  return {};
}

// A range's end, read as an option of the same type without a range.
Result<EffectiveOption> read_bound(const coldload_option& option, const char* text, std::string_view which) {
  coldload_option unbounded = option;
  unbounded.minimum = nullptr;
  unbounded.maximum = nullptr;
  unbounded.default_value = text;
  auto bound = read_option(unbounded, default_value_of(unbounded), OptionContext{"", {}, {}, "/"});
  if (!bound) {
    return bad(option, fmt::format("{} \"{}\" is no value of its type ({})", which, text,
                                   option_type_name(option.type)));
  }
  return std::move(*bound);
}

Result<void> check_range(const coldload_option& option) {
  if (option.minimum == nullptr && option.maximum == nullptr) return {};
  if (!has_range(option.type)) {
    return bad(option, fmt::format("has a range, but is of type {}", option_type_name(option.type)));
  }
  if (option.minimum != nullptr) {
    auto low = read_bound(option, option.minimum, "minimum");
    if (!low) return pass(low);
    if (option.maximum == nullptr) return {};
    auto high = read_bound(option, option.maximum, "maximum");
    if (!high) return pass(high);
    if (low->integer > high->integer || low->quantity > high->quantity || low->real > high->real) {
      return bad(option, fmt::format("minimum {} is above maximum {}", option.minimum, option.maximum));
    }
    return {};
  }
  auto high = read_bound(option, option.maximum, "maximum");
  return high ? Result<void>{} : pass(high);
}

Result<void> check_default(const coldload_option& option) {
  const bool required = (option.flags & COLDLOAD_OPTION_REQUIRED) != 0;
  if (required && option.default_value != nullptr) return bad(option, "is required and has a default");
  if (required) return {};
  if (option.default_value == nullptr) return bad(option, "has no default and is not required");
  // Left out: no such thing is meant, and there is nothing to name.
  const bool may_be_none = option.type == COLDLOAD_OPTION_SECRET || option.type == COLDLOAD_OPTION_BACKEND;
  if (may_be_none && *option.default_value == '\0') return {};
  if (option.type == COLDLOAD_OPTION_BACKEND) return bad(option, "names a backend by default");
  auto value = read_option(option, default_value_of(option), OptionContext{"", {}, {}, "/"});
  if (!value) {
    return bad(option, fmt::format("default \"{}\" is not {}", option.default_value, kind_and_range(option)));
  }
  return {};
}

Result<void> check_option(const coldload_option& option) {
  if (option.name == nullptr || !is_snake_case(option.name)) {
    return fail(Status::invalid_option, fmt::format("option name \"{}\" is not snake_case",
                                                    option.name == nullptr ? "" : option.name));
  }
  if (option_type_name(option.type) == "unknown") {
    return bad(option, fmt::format("has type {}, which is none", option.type));
  }
  if ((option.flags & ~uint32_t{COLDLOAD_OPTION_REQUIRED}) != 0) {
    return bad(option, fmt::format("has flags {:#x}, which are none", option.flags));
  }
  if (!is_one_line(option.summary)) return bad(option, "has no summary of one line");
  if (option.unit == nullptr) return bad(option, "has no unit (\"\" where the type says it)");
  if (auto choices = check_choices(option); !choices) return choices;
  if (auto range = check_range(option); !range) return range;
  return check_default(option);
}

ValueList split_list(std::string_view text) {
  ValueList out;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    out.push_back({std::string(text.substr(0, comma)), {}});
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

ValueTable split_map(std::string_view text) {
  ValueTable out;
  for (const Value& element : split_list(text)) {
    const auto& pair = std::get<std::string>(element.data);
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string value = equals == pair.size() ? "" : pair.substr(equals + 1);
    out.push_back({pair.substr(0, equals), {}, {value, {}}});
  }
  return out;
}

// The whole of `text` as a number, or the text itself: then its type is wrong, and says so later.
template <typename Number>
Value number_value(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {std::string(text), {}};
  return {number, {}};
}

}  // namespace

std::string_view option_type_name(uint32_t type) {
  constexpr std::array<std::string_view, 14> kNames = {"unknown", "bool",  "int",      "float", "string",
                                                       "choice",  "bytes", "duration", "rate",  "secret",
                                                       "backend", "list",  "map",      "path"};
  return type < kNames.size() ? kNames.at(type) : kNames[0];
}

const coldload_option& option_at(const coldload_component& component, uint32_t index) {
  const auto* first = reinterpret_cast<const char*>(component.options);
  return *reinterpret_cast<const coldload_option*>(first + size_t{index} * component.options->struct_size);
}

std::vector<std::string> option_names(const coldload_component& component) {
  std::vector<std::string> names;
  names.reserve(component.option_count);
  for (uint32_t i = 0; i < component.option_count; ++i) names.emplace_back(option_at(component, i).name);
  return names;
}

const coldload_option* find_option(const coldload_component& component, std::string_view name) {
  for (uint32_t i = 0; i < component.option_count; ++i) {
    const coldload_option& option = option_at(component, i);
    if (option.name == name) return &option;
  }
  return nullptr;
}

const EffectiveOption* find_option(const EffectiveOptions& options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &EffectiveOption::name);
  return found == options.end() ? nullptr : &*found;
}

std::string describe_option(const coldload_option& option) {
  const std::string what = kind_and_range(option);
  if (option.default_value == nullptr) return what + ", required";
  const std::string_view text = option.default_value;
  switch (option.type) {
    case COLDLOAD_OPTION_LIST:
    case COLDLOAD_OPTION_MAP:
    case COLDLOAD_OPTION_STRING:
    case COLDLOAD_OPTION_PATH:
    case COLDLOAD_OPTION_SECRET:
    case COLDLOAD_OPTION_BACKEND:
      return text.empty() ? what + ", default none" : fmt::format("{}, default \"{}\"", what, text);
    default:
      return fmt::format("{}, default {}", what, text);
  }
}

Value default_value_of(const coldload_option& option) {
  const std::string_view text = option.default_value == nullptr ? "" : option.default_value;
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
      if (text == "true" || text == "false") return {text == "true", {}};
      return {std::string(text), {}};
    case COLDLOAD_OPTION_INT:
      return number_value<int64_t>(text);
    case COLDLOAD_OPTION_FLOAT:
      return number_value<double>(text);
    case COLDLOAD_OPTION_LIST:
      return {split_list(text), {}};
    case COLDLOAD_OPTION_MAP:
      return {split_map(text), {}};
    default:
      return {std::string(text), {}};
  }
}

Result<void> check_option_table(const coldload_component& component) {
  if (component.option_count == 0) return {};
  if (component.options == nullptr) return fail(Status::invalid_option, "has options, but no table of them");
  if (component.option_count > limits::kComponentOptionsMax) {
    return fail(Status::invalid_option, fmt::format("has {} options, above the limit of {}",
                                                    component.option_count, limits::kComponentOptionsMax));
  }
  const uint32_t stride = component.options->struct_size;
  if (stride < sizeof(coldload_option) || stride % alignof(coldload_option) != 0) {
    return fail(Status::invalid_option, fmt::format("options have a struct_size of {}, this host's is {}",
                                                    stride, sizeof(coldload_option)));
  }
  for (uint32_t i = 0; i < component.option_count; ++i) {
    const coldload_option& option = option_at(component, i);
    if (option.struct_size != stride) {
      return fail(Status::invalid_option,
                  fmt::format("option {} of {} has a struct_size of {}, the first of {}", i + 1,
                              component.option_count, option.struct_size, stride));
    }
    if (auto checked = check_option(option); !checked) return checked;
    if (find_option(component, option.name) != &option) return bad(option, "stands twice in the table");
  }
  return {};
}

std::vector<std::string> swept_options(const coldload_component& component, const ValueTable& written) {
  std::vector<std::string> swept;
  for (const Member& member : written) {
    const coldload_option* option = find_option(component, member.key);
    if (option == nullptr || option->type == COLDLOAD_OPTION_LIST || option->type == COLDLOAD_OPTION_MAP)
      continue;
    if (std::holds_alternative<ValueList>(member.value.data)) swept.push_back(member.key);
  }
  return swept;
}

}  // namespace coldload
