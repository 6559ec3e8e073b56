// What comes before the objects of a staging backend can be opened: its source made cold, its copy made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/instance.hpp"
#include "core/run/proof.hpp"
#include "core/run/request.hpp"

namespace coldload {

// How cold the objects below what a staging backend is built on were, just before they were copied.
struct SourceReading {
  std::optional<double>
      resident;                 // the largest share of any backend's bytes in the page cache; absent: unknown
  bool no_local_cache = false;  // of every one of them
  std::string why_unknown;
  // Whether the copy that follows reads from the storage, not from this machine's memory.
  [[nodiscard]] bool cold() const;
};

// Evicts the model on every backend that `backend` is built on and measures what stayed. A backend that does
// not hold it is passed over. Error (unsupported): a file is in use by another process and `disturb` is not
// set. [control-thread]
[[nodiscard]] Result<SourceReading> make_sources_cold(const Backend& backend, const std::string& model_path,
                                                      bool disturb, ResidencyBy by);

// prepare() of the request's model, held to max_bandwidth, with its progress told a few times a second.
// [control-thread]
[[nodiscard]] Result<void> copy_model(const Backend& backend, const WorkerRequest& request,
                                      const HostServices& host, EventSink& events);

// A first start's proof: how cold the source was, and that the caches are as the copy left them.
void judge_first_start(const SourceReading& source, Proof& proof);

// What `coldload stage` did.
struct StagedCopy {
  bool copied = false;  // else it was there, whole
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t copy_ns = 0;
  std::vector<std::string> disturbed;  // such as requests that had to be sent again
};

// Makes the request's staging backend prepared unless it is, and with `verify` reads all of it back, in a
// worker. [control-thread]
[[nodiscard]] Result<StagedCopy> stage_copy(const WorkerRequest& request, const Registry& registry,
                                            const HostServices& host, EventSink& events);

// What stage_copy() would do and how it would fail, as far as can be known without writing: `copied` is
// whether it would copy. [control-thread]
[[nodiscard]] Result<StagedCopy> rehearse_copy(const WorkerRequest& request, const Registry& registry,
                                               const HostServices& host);

// Undoes what a staging backend prepared, in a worker. [control-thread]
[[nodiscard]] Result<void> discard_copy(const WorkerRequest& request, const Registry& registry,
                                        const HostServices& host);

// Unless --disturb allows it, files that another process maps or holds open are neither evicted nor warmed.
[[nodiscard]] Result<void> refuse_used_files(const Objects& objects);

}  // namespace coldload
