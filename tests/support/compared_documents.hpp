// Two result documents with something of everything that a comparison tells.
#pragma once

#include "core/record/document.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {

inline ResultDocument compared_base() {
  ResultDocument document = empty_document();
  document.scenario["name"] = "nightly";
  document.environment["mounts"] = json::array{json::object{{"backend", "local"},
                                                            {"path", "/mnt/nvme"},
                                                            {"type", "ext4"},
                                                            {"read_ahead_bytes", 131072},
                                                            {"free_bytes", 1}}};
  add_case(document, sample_case("sequential", "cold"), {2.61, 2.55, 2.70, 2.58, 2.66, 2.63});
  add_case(document, sample_case("parallel,threads=4", "cold"), {2.11, 2.05, 2.20, 2.08, 2.16, 2.13});
  add_case(document, sample_case("mmap", "cold"), {2.60, 2.57, 2.71, 2.59, 2.64, 2.62});
  add_case(document, sample_case("io_uring", "cold"), {2.0, 2.1, 2.05});
  CaseRecord shaped = sample_case("network", "cold");
  shaped.emulated = true;
  add_case(document, shaped, {1, 1, 1, 1});
  add_case(document, sample_case("sample", "cold"), {1, 1, 1, 1});
  add_case(document, sample_case("gone", "cold"), {1, 1, 1, 1});
  add_case(document, sample_case("crashes", "cold"), {1, 1, 1, 1});
  return document;
}

inline ResultDocument compared_new() {
  ResultDocument document = empty_document();
  document.scenario["name"] = "nightly";
  document.started_at = "2026-01-03T03:04:05Z";
  document.environment["kernel"] = "Linux 6.12.0 x86_64";
  document.environment["mounts"] = json::array{json::object{{"backend", "local"},
                                                            {"path", "/mnt/nvme"},
                                                            {"type", "ext4"},
                                                            {"read_ahead_bytes", 4194304},
                                                            {"free_bytes", 2}}};
  document.plugins.front().as_object()["sha256"] = std::string(64, 'b');
  document.scenario["run"].as_object()["budget_ns"] = 2'700'000'000'000;
  add_case(document, sample_case("sequential", "cold"), {2.62, 2.56, 2.69, 2.59, 2.65, 2.64});
  add_case(document, sample_case("parallel,threads=4", "cold"), {2.61, 2.55, 2.70, 2.58, 2.66, 2.63});
  document.runs.back().disturbed = {"caches were dropped during the run"};
  add_case(document, sample_case("mmap", "cold"), {1.31, 1.28, 1.35, 1.30, 1.32, 1.31});
  add_case(document, sample_case("io_uring", "cold"), {2.0, 2.1, 2.05, 2.06});
  add_case(document, sample_case("network", "cold"), {1, 1, 1, 1});
  CaseRecord sample = sample_case("sample", "cold");
  sample.model_bytes = 1'000'000'000;
  add_case(document, sample, {1, 1, 1, 1});
  CaseRecord failed = sample_case("crashes", "cold");
  failed.status = CaseStatus::failed;
  failed.reason = "crashed: the worker died of signal 11 (SIGSEGV) in phase load";
  document.cases.push_back(failed);
  add_case(document, sample_case("fresh", "cold"), {1, 1, 1, 1});
  return document;
}

}  // namespace coldload
