// Effective options as the C table that create() takes. For this folder only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coldload/abi.h"
#include "core/base/result.hpp"
#include "core/plugin/options.hpp"

namespace coldload {

// Points into the EffectiveOptions it was built from, which must outlive it; secrets are its own, and are
// overwritten on destruction.
class OptionValues {
 public:
  // The opened backend of a name: a const coldload_backend*.
  using FindBackend = std::function<const void*(const std::string& name)>;

  // Resolves secrets; a failure names the option.
  [[nodiscard]] static Result<OptionValues> build(const EffectiveOptions& options,
                                                  const FindBackend& find_backend);
  ~OptionValues();
  OptionValues(OptionValues&&) = default;
  OptionValues& operator=(OptionValues&&) = delete;
  OptionValues(const OptionValues&) = delete;
  OptionValues& operator=(const OptionValues&) = delete;

  [[nodiscard]] const coldload_option_value* data() const { return values_.data(); }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(values_.size()); }

 private:
  OptionValues() = default;
  [[nodiscard]] Result<const char*> text_of(const EffectiveOption& option);

  std::vector<coldload_option_value> values_;
  std::vector<std::unique_ptr<std::string>> secrets_;
  std::vector<std::vector<const char*>> lists_;
};

}  // namespace coldload
