// What a strategy delivers, from where to where, and whether what it says of itself is so.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/base/limits.hpp"
#include "core/conformance/loading.hpp"
#include "core/conformance/strategy_checks.hpp"

namespace coldload::conformance {
namespace {

// Stacks, allocators and what the kit itself needs.
constexpr uint64_t kOwnMemoryBytesMax = 48 * limits::kMiB;

void load_and_expect_everything(const Subject& subject, const LoadSettings& settings) {
  Loading loading(subject, settings);
  loading.run();
  loading.need_success();
  loading.need_none(Fault::coverage);
  loading.need_none(Fault::bytes);
  if (const std::string gap = loading.sink().gap(); !gap.empty())
    broken("load() says that all is well, and {}", gap);
  loading.teardown();
}

std::vector<std::string> extension_names(const coldload_requirements& needs) {
  std::vector<std::string> names;
  for (const char* const* id = needs.extensions; id != nullptr && *id != nullptr; ++id)
    names.emplace_back(*id);
  return names;
}

}  // namespace

void check_strategy_create(const Subject& subject) {
  const KitHost host;
  const auto first = create_strategy(subject, host);
  const auto second = create_strategy(subject, host);
}

void check_strategy_requirements(const Subject& subject) {
  const KitHost host;
  const auto strategy = create_strategy(subject, host);
  for (const auto files : {awkward_files(), large_files()}) {
    const coldload_model_size model = size_of(files);
    const coldload_requirements first = expect(strategy->requirements(model), "requirements()");
    const coldload_requirements second = expect(strategy->requirements(model), "requirements() asked again");
    if (first.capabilities != second.capabilities || first.open_flags != second.open_flags ||
        first.buffer_bytes != second.buffer_bytes || first.buffers_in_flight != second.buffers_in_flight ||
        first.thread_count != second.thread_count ||
        first.memory_alignment_bytes != second.memory_alignment_bytes ||
        extension_names(first) != extension_names(second)) {
      broken("requirements() gave another answer when it was asked again for the same model");
    }
    if (first.buffer_bytes != 0 && first.buffer_bytes % limits::kPageBytes != 0) {
      broken("buffer_bytes is {}, and chunks are cut at multiples of it: expected a multiple of 4096",
             first.buffer_bytes);
    }
    if (first.buffers_in_flight != 0 && first.thread_count == 0)
      broken("thread_count is 0, and somebody has to read");
  }
}

void check_strategy_setup(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.teardown();
  if (loading.reads_in_setup() != 0) {
    broken("setup() read {} times: it comes before the cache state is made", loading.reads_in_setup());
  }
}

void check_strategy_every_byte_once(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.need_success();
  loading.need_none(Fault::coverage);
  if (const std::string gap = loading.sink().gap(); !gap.empty())
    broken("load() says that all is well, and {}", gap);
  loading.teardown();
}

void check_strategy_bytes_landed(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.need_success();
  loading.need_none(Fault::bytes);
  loading.teardown();
}

void check_strategy_any_order(const Subject& subject) {
  LoadSettings settings = awkward_load();
  settings.slow_reads = true;
  load_and_expect_everything(subject, settings);
}

void check_strategy_any_pool(const Subject& subject) {
  for (const uint32_t factor : {1u, 3u}) {
    LoadSettings settings = awkward_load();
    settings.sink.buffer_factor = factor;
    settings.sink.delivery_pause_us = 300;
    load_and_expect_everything(subject, settings);
  }
}

void check_strategy_buffers(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.need_success();
  loading.need_none(Fault::buffers);
  if (const size_t kept = loading.sink().outstanding(); kept != 0) {
    broken("load() says that all is well, and {} buffers that it acquired were never delivered", kept);
  }
  loading.teardown();
}

void check_strategy_requirements_true(const Subject& subject) {
  for (const LoadSettings& settings : {awkward_load(), large_load()}) {
    Loading loading(subject, settings);
    loading.run();
    loading.need_none(Fault::requirements);
    loading.need_success();
    if (loading.sink().delivering_threads() > loading.needs().thread_count) {
      broken("{} threads acquired and delivered, and requirements() says {}",
             loading.sink().delivering_threads(), loading.needs().thread_count);
    }
    const bool reads = loading.source().reads > 0;
    if (reads && (loading.needs().capabilities & COLDLOAD_CAN_READ_AT) == 0 &&
        loading.needs().extensions == nullptr) {
      broken("it read through the backend, and its requirements name neither READ_AT nor an extension");
    }
    loading.teardown();
  }
}

void check_strategy_memory(const Subject& subject) {
  LoadSettings settings = large_load();
  settings.sink.measure_memory = true;
  Loading loading(subject, settings);
  loading.run();
  loading.need_success();
  const uint64_t most = loading.sink().anonymous_bytes_max();
  const uint64_t allowed =
      loading.anonymous_bytes_before() + loading.sink().pool_bytes() + kOwnMemoryBytesMax;
  if (most > allowed) {
    broken(
        "loading {} bytes took {} bytes of memory over and above the pool of {}, more than {} for itself: it "
        "keeps what it "
        "reads",
        size_of(large_files()).total_bytes,
        most - loading.anonymous_bytes_before() - loading.sink().pool_bytes(), loading.sink().pool_bytes(),
        kOwnMemoryBytesMax);
  }
  loading.teardown();
}

void check_strategy_evidence(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.need_success();
  loading.teardown();
  if (const std::string fault = loading.host().metric_fault(); !fault.empty()) throw Broken(fault);
  const auto evidence = loading.host().evidence_given();
  if (evidence.empty()) broken("it gave no evidence of what it did: threads, chunk_bytes, direct, reads");
  const auto given = [&](const char* key) {
    const auto found = evidence.find(key);
    return found == evidence.end() ? std::string() : found->second;
  };
  const bool asks_direct = (loading.needs().open_flags & COLDLOAD_OPEN_DIRECT) != 0;
  if (given("direct") == "true" && !asks_direct) {
    broken("its evidence says \"direct\", and it never asked for objects opened DIRECT");
  }
  const bool by_backend = loading.source().reads > 0;
  const std::string reads = given("reads");
  if (by_backend && !reads.empty() && std::strtoull(reads.c_str(), nullptr, 10) != loading.source().reads) {
    broken("its evidence says {} reads, the backend was asked for {}", reads, loading.source().reads.load());
  }
  const std::string chunk = given("chunk_bytes");
  if (!chunk.empty() && std::strtoull(chunk.c_str(), nullptr, 10) < loading.sink().longest_range()) {
    broken("its evidence says chunks of {} bytes, it acquired {} at once", chunk,
           loading.sink().longest_range());
  }
  const std::string threads = given("threads");
  if (!threads.empty() && std::strtoull(threads.c_str(), nullptr, 10) < loading.sink().delivering_threads()) {
    broken("its evidence says {} threads, {} acquired and delivered", threads,
           loading.sink().delivering_threads());
  }
}

}  // namespace coldload::conformance
