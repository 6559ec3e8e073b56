#include <cstdio>
#include <exception>

#include "core/base/file.hpp"
#include "core/cli/app.hpp"

int main(int argc, char** argv) {
  const uint64_t started_ns = coldload::now_ns();
  try {
    return coldload::run_app(argc, argv, started_ns);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: internal: %s\n", error.what());
    return 1;
  }
}
