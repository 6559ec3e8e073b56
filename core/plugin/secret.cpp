#include <fmt/format.h>

#include <cstdlib>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

Result<std::string> read_reference(const std::string& reference) {
  constexpr std::string_view kEnvironment = "env:";
  constexpr std::string_view kFile = "file:";
  if (reference.starts_with(kEnvironment)) {
    const std::string name = reference.substr(kEnvironment.size());
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      return fail(Status::not_found, fmt::format("secret: environment variable {} is not set", name));
    }
    return std::string(value);
  }
  if (!reference.starts_with(kFile)) {
    return fail(Status::invalid_option, "a secret must be given as \"env:NAME\" or \"file:PATH\"");
  }
  auto content = read_small_file(reference.substr(kFile.size()), limits::kSecretBytesMax);
  if (!content) {
    return fail(content.error().status, "secret: " + content.error().message, content.error().os_error);
  }
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return content;
}

}  // namespace

Result<std::string> resolve_secret(const std::string& reference) {
  auto secret = read_reference(reference);
  if (!secret) return secret;
  if (secret->empty()) return fail(Status::invalid_option, fmt::format("secret: {} is empty", reference));
  // A component gets it as a C string, which would end there.
  if (secret->find('\0') != std::string::npos) {
    return fail(Status::invalid_option, fmt::format("secret: {} contains a NUL byte", reference));
  }
  return secret;
}

}  // namespace coldload
