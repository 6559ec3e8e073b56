// Bringing the files of a manifest from another backend into a directory: ranged reads on several threads,
// written as they come, digested on the way, made durable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "coldload/cpp/host.hpp"
#include "coldload/cpp/upstream.hpp"
#include "coldload/ext/digest.h"
#include "manifest.hpp"
#include "tree.hpp"

namespace coldload::staged {

struct CopySettings {
  uint32_t threads = 1;
  uint64_t chunk_bytes = 8U << 20U;
  uint64_t limit_bytes_per_second = 0;  // 0: none
};

// What the copy took, besides the bytes.
struct CopyTimes {
  uint64_t transfer_ns = 0;  // reading and writing, overlapped
  uint64_t sync_ns = 0;      // making the files durable, after the last byte
};

using CopyProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

// Copies every file of `manifest`, whose object is `source_prefix` + its name, and fills its digest and the
// object's version. Throws INTEGRITY where an object has another size than the manifest says, or changes
// until all are copied; CANCELLED when the run stops.
CopyTimes copy_files(const sdk::Host& host, const sdk::Upstream& source, const std::string& source_prefix,
                     const Directory& directory, const CopySettings& settings, Manifest& manifest,
                     const CopyProgress& progress);

// Who is held to a manifest: the copy, or its source.
struct Verified {
  const sdk::Upstream& holder;
  std::string prefix;  // as above, there
  bool drop_pages;     // first, so that what is read is what is stored: only of files that are ours
  std::string advice;  // where it differs
};

// Reads the manifest's files and compares them with its digests. Throws INTEGRITY with the first that
// differs.
void verify_files(const sdk::Host& host, const Verified& verified, const CopySettings& settings,
                  const Manifest& manifest, const CopyProgress& progress);

}  // namespace coldload::staged
