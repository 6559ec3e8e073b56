// One load of a strategy in the kit, from requirements() to teardown(), and what it left.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/conformance/sink.hpp"
#include "core/conformance/source.hpp"
#include "core/conformance/subject.hpp"

namespace coldload::conformance {

struct LoadSettings {
  SinkSettings sink;
  uint64_t fail_read_at = UINT64_MAX;
  bool slow_reads = false;
  std::filesystem::path directory;  // of the files; "": the kit's samples
};

// Over all files of the settings. Makes the contract inapplicable where this machine or the kit's files lack
// what the strategy needs, and for strategies that deliver nothing.
class Loading {
 public:
  Loading(const Subject& subject, const LoadSettings& settings);
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

  // setup() and load(), once.
  void run();
  void teardown() const { strategy_->teardown(); }
  // The host says to stop, before load() begins.
  void stop() { host_.cancel(); }

  [[nodiscard]] const coldload_requirements& needs() const { return needs_; }
  [[nodiscard]] const Result<void>& result() const { return result_; }
  [[nodiscard]] const Sink& sink() const { return *sink_; }
  [[nodiscard]] const SourceState& source() const { return source_state_; }
  [[nodiscard]] const KitHost& host() const { return host_; }
  [[nodiscard]] uint64_t returned_ns() const { return returned_ns_; }
  // What was true before load(), and is to be again after it.
  [[nodiscard]] size_t threads_before() const { return threads_before_; }
  [[nodiscard]] uint64_t reads_in_setup() const { return reads_in_setup_; }
  [[nodiscard]] uint64_t anonymous_bytes_before() const { return anonymous_bytes_before_; }

  // Breaks the contract unless the load succeeded.
  void need_success() const;
  // Breaks the contract if the strategy committed this fault.
  void need_none(Fault kind) const;

 private:
  KitHost host_;
  SourceState source_state_;
  std::unique_ptr<Strategy> strategy_;
  coldload_requirements needs_{};
  std::unique_ptr<Source> files_;
  std::unique_ptr<Sink> sink_;
  Result<void> result_;
  uint64_t returned_ns_ = 0;
  size_t threads_before_ = 0;
  uint64_t reads_in_setup_ = 0;
  uint64_t anonymous_bytes_before_ = 0;
};

// The awkward files, which most contracts are checked with.
[[nodiscard]] LoadSettings awkward_load();
// The large ones, for what takes many chunks.
[[nodiscard]] LoadSettings large_load();

[[nodiscard]] coldload_model_size size_of(std::span<const SampleFile> files);

}  // namespace coldload::conformance
