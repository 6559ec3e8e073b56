#include "core/conformance/subject.hpp"

#include <algorithm>
#include <cctype>

namespace coldload::conformance {

std::unique_ptr<Backend> create_backend(const Subject& subject, const KitHost& host) {
  return expect(Backend::create(*subject.registry, subject.chain, subject.base_directory, host), "create()");
}

std::unique_ptr<Strategy> create_strategy(const Subject& subject, const KitHost& host) {
  return expect(Strategy::create(*subject.registry, subject.spec(), subject.base_directory, host),
                "create()");
}

void check_failure(const Error& error, std::initializer_list<Status> expected, std::string_view what) {
  if (expected.size() > 0 && std::ranges::find(expected, error.status) == expected.end()) {
    broken("{} failed as \"{}\", expected \"{}\"; it said: {}", what, to_string(error.status),
           to_string(*expected.begin()), error.message);
  }
  if (expected.size() == 0 && error.status == Status::internal) {
    broken("{} failed as \"internal\", which says that a program has a bug: {}", what, error.message);
  }
  if (error.message.ends_with('.')) broken("{}: its message ends with a period: {}", what, error.message);
  const auto first = static_cast<unsigned char>(error.message.empty() ? '\0' : error.message.front());
  const auto second = static_cast<unsigned char>(error.message.size() < 2 ? 'A' : error.message[1]);
  // "S3 said 403" and "HTTP 503" are names, "Not found" is a sentence.
  if (std::isupper(first) != 0 && std::islower(second) != 0) {
    broken("{}: its message starts with a capital: {}", what, error.message);
  }
}

}  // namespace coldload::conformance
