// The backend that strategies load from in the kit: files, with everything a strategy may ask for, and faults
// at the call that a check names.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "coldload/backend.h"
#include "coldload/cpp/backend.hpp"
#include "core/conformance/samples.hpp"

namespace coldload::conformance {

inline constexpr const char* kReadFault = "a read fault made by the conformance kit";

// What happened to the objects, and what shall happen. One for each load.
struct SourceState {
  std::atomic<uint64_t> reads{0};  // read_at() and submit()
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> fail_at{UINT64_MAX};  // the read that fails, from 0
  std::atomic<uint64_t> late_reads{0};        // while `closed`
  std::atomic<bool> closed{true};             // outside load()
  bool slow = false;                          // reads take a while and come out of order
};

// Opens `files` of `directory` with these flags, in their order. [control-thread]
class Source {
 public:
  Source(const std::filesystem::path& directory, std::span<const SampleFile> files, uint32_t open_flags,
         SourceState& state);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] const std::vector<coldload_object>& objects() const { return objects_; }
  // What all objects offer.
  [[nodiscard]] uint32_t capabilities() const;
  [[nodiscard]] uint32_t alignment_bytes() const;
  [[nodiscard]] bool offers(const char* extension) const;

 private:
  class Files;
  [[nodiscard]] static const coldload_backend_ops& table();

  std::unique_ptr<Files> files_;
  std::vector<coldload_object_info> infos_;
  std::vector<std::string> keys_;
  std::vector<coldload_object> objects_;
};

}  // namespace coldload::conformance
