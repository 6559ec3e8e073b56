#include "core/conformance/loading.hpp"

#include <algorithm>
#include <thread>

#include "core/base/file.hpp"
#include "core/conformance/contract.hpp"
#include "core/conformance/self.hpp"

namespace coldload::conformance {

LoadSettings awkward_load() {
  LoadSettings settings;
  settings.sink.files = awkward_files();
  return settings;
}

LoadSettings large_load() {
  LoadSettings settings;
  settings.sink.files = large_files();
  return settings;
}

coldload_model_size size_of(std::span<const SampleFile> files) {
  coldload_model_size model{};
  model.struct_size = sizeof model;
  model.item_count = static_cast<uint32_t>(files.size());
  for (const SampleFile& file : files) {
    model.total_bytes += file.size_bytes;
    model.largest_item_bytes = std::max(model.largest_item_bytes, file.size_bytes);
  }
  return model;
}

Loading::Loading(const Subject& subject, const LoadSettings& settings) {
  if (subject.has_flag(COLDLOAD_COMPONENT_EXTERNAL))
    inapplicable("another program reads: it delivers nothing to the host");
  strategy_ = create_strategy(subject, host_);
  needs_ = expect(strategy_->requirements(size_of(settings.sink.files)), "requirements()");
  if (needs_.buffers_in_flight == 0) inapplicable("it says that it delivers nothing: no buffers in flight");
  source_state_.fail_at = settings.fail_read_at;
  source_state_.slow = settings.slow_reads;
  files_ = std::make_unique<Source>(settings.directory.empty() ? subject.samples : settings.directory,
                                    settings.sink.files, needs_.open_flags, source_state_);
  if (const uint32_t missing = needs_.capabilities & ~files_->capabilities(); missing != 0) {
    inapplicable("it needs {}, which files in {} do not offer: set TMPDIR to a directory on a disk",
                 capability_names(missing), subject.samples.string());
  }
  for (const char* const* id = needs_.extensions; id != nullptr && *id != nullptr; ++id) {
    if (!files_->offers(*id))
      inapplicable("it needs the extension {}, which the kit's backend does not offer", *id);
  }
  sink_ = std::make_unique<Sink>(settings.sink, needs_, *files_, host_);
}

void Loading::run() {
  // A sanitizer starts a thread of its own with the first one.
  std::thread([] {}).join();
  (void)threads_come_back_to(1);
  threads_before_ = thread_count();
  expect(strategy_->setup(sink_->job()), "setup()");
  reads_in_setup_ = source_state_.reads;
  anonymous_bytes_before_ = anonymous_bytes();
  sink_->open();
  source_state_.closed = false;
  result_ = strategy_->load(sink_->job());
  returned_ns_ = now_ns();
  source_state_.closed = true;
  sink_->close();
}

void Loading::need_success() const {
  if (!result_) broken("load() failed: {} ({})", result_.error().message, to_string(result_.error().status));
}

void Loading::need_none(Fault kind) const {
  if (const std::string fault = sink_->fault(kind); !fault.empty()) throw Broken(fault);
}

}  // namespace coldload::conformance
