#include "core/plugin/option_values.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace coldload {

OptionValues::~OptionValues() {
  for (const auto& secret : secrets_) ::explicit_bzero(secret->data(), secret->size());
}

Result<const char*> OptionValues::text_of(const EffectiveOption& option) {
  if (option.type != COLDLOAD_OPTION_SECRET || option.text.empty()) return option.text.c_str();
  auto secret = resolve_secret(option.text);
  if (!secret) {
    return fail(secret.error().status, fmt::format("option \"{}\": {}", option.name, secret.error().message),
                secret.error().os_error);
  }
  secrets_.push_back(std::make_unique<std::string>(std::move(*secret)));
  return secrets_.back()->c_str();
}

Result<OptionValues> OptionValues::build(const EffectiveOptions& options, const FindBackend& find_backend) {
  OptionValues out;
  for (const EffectiveOption& option : options) {
    coldload_option_value value{};
    value.struct_size = sizeof value;
    value.type = option.type;
    value.name = option.name.c_str();
    switch (option.type) {
      case COLDLOAD_OPTION_BOOL:
      case COLDLOAD_OPTION_INT:
        value.as.integer = option.integer;
        break;
      case COLDLOAD_OPTION_FLOAT:
        value.as.real = option.real;
        break;
      case COLDLOAD_OPTION_BYTES:
      case COLDLOAD_OPTION_DURATION:
      case COLDLOAD_OPTION_RATE:
        value.as.quantity = option.quantity;
        break;
      case COLDLOAD_OPTION_BACKEND:
        value.as.backend = option.text.empty() ? nullptr : find_backend(option.text);
        break;
      case COLDLOAD_OPTION_LIST:
      case COLDLOAD_OPTION_MAP: {
        std::vector<const char*>& items = out.lists_.emplace_back();
        for (const std::string& item : option.items) items.push_back(item.c_str());
        // `count` of a map is that of its strings, keys and values in turn.
        value.as.list = {static_cast<uint32_t>(items.size()), 0, items.data()};
        break;
      }
      default: {
        const auto text = out.text_of(option);
        if (!text) return pass(text);
        value.as.text = *text;
      }
    }
    out.values_.push_back(value);
  }
  return out;
}

}  // namespace coldload
