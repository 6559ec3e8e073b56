#include "core/conformance/self.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace coldload::conformance {
namespace fs = std::filesystem;

size_t thread_count() {
  size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator task("/proc/self/task", error); !error && task != fs::directory_iterator();
       task.increment(error)) {
    std::string name;
    std::getline(std::ifstream(task->path() / "comm"), name);
    if (!name.empty() && !name.starts_with("iou-")) ++count;
  }
  return count;
}

bool threads_come_back_to(size_t count) {
  for (int tries = 0; tries < 300; ++tries) {
    if (thread_count() <= count) return true;
    ::usleep(10'000);
  }
  return false;
}

size_t descriptor_count() {
  std::error_code error;
  const fs::directory_iterator open("/proc/self/fd", error);
  return error ? 0 : static_cast<size_t>(std::distance(begin(open), end(open)));
}

uint64_t anonymous_bytes() {
  unsigned long long all = 0;
  unsigned long long resident = 0;
  unsigned long long shared = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const int fields = std::fscanf(file, "%llu %llu %llu", &all, &resident, &shared);
  std::fclose(file);
  if (fields != 3 || resident < shared) return 0;
  return (resident - shared) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace coldload::conformance
