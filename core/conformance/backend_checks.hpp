// The checks behind a backend's contracts, by file. For this folder only.
#pragma once

namespace coldload::conformance {

struct Subject;

// backend_naming.cpp
void check_backend_create(const Subject& subject);
void check_backend_list(const Subject& subject);
void check_backend_list_stops(const Subject& subject);
void check_backend_missing(const Subject& subject);
void check_backend_open(const Subject& subject);
void check_backend_probe(const Subject& subject);

// backend_reading.cpp
void check_backend_read_edges(const Subject& subject);
void check_backend_past_end(const Subject& subject);
void check_backend_direct(const Subject& subject);
void check_backend_concurrent(const Subject& subject);

// backend_faults.cpp
void check_backend_refused_reads(const Subject& subject);
void check_backend_short_file(const Subject& subject);
void check_backend_upstream_faults(const Subject& subject);

// backend_cache.cpp
void check_backend_descriptor(const Subject& subject);
void check_backend_map(const Subject& subject);
void check_backend_path(const Subject& subject);
void check_backend_evict(const Subject& subject);
void check_backend_residency(const Subject& subject);
void check_backend_no_local_cache(const Subject& subject);

// backend_conduct.cpp
void check_backend_cancel(const Subject& subject);
void check_backend_gives_back(const Subject& subject);
void check_backend_after_close(const Subject& subject);

// backend_extensions.cpp
void check_backend_async_read(const Subject& subject);
void check_backend_async_cancel(const Subject& subject);
void check_backend_prepare(const Subject& subject);
void check_backend_directory(const Subject& subject);
void check_backend_diagnose(const Subject& subject);

}  // namespace coldload::conformance
