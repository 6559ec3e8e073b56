// Every bound that is not an option. Each has a test at the limit and one past it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coldload::limits {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;

// Scenario files.
inline constexpr uint64_t kScenarioBytesMax = kMiB;
inline constexpr size_t kTomlKeyPartsMax = 64;          // toml++ recurses per part and overflows the stack
inline constexpr size_t kTomlNestingMax = 64;           // of arrays and inline tables, likewise
inline constexpr size_t kScenarioTableKeysMax = 1'000;  // of one table: backends, options, …
inline constexpr size_t kScenarioArrayMax = 10'000;     // elements of one array
inline constexpr size_t kDiagnosticsMax = 50;           // reported at once
inline constexpr size_t kCasesMax = 10'000;             // of one plan
inline constexpr size_t kRepetitionsMax = 10'000;       // of one case

// Models.
inline constexpr uint64_t kSafetensorsHeaderBytesMax = 100'000'000;  // as the reference reader
inline constexpr size_t kHeaderNestingMax = 16;
inline constexpr size_t kTensorsPerShardMax =
    250'000;  // the largest known model has 92 000 in all its shards
inline constexpr size_t kTensorNameBytesMax = 4096;
inline constexpr size_t kTensorRankMax = 64;
// Totals of one header, so that one of 100 MB cannot cost several times its size in memory.
inline constexpr uint64_t kTensorNamesBytesMax = 32 * kMiB;
inline constexpr uint64_t kTensorDimensionsMax = 2'000'000;
inline constexpr uint64_t kHeaderMetadataBytesMax = 32 * kMiB;
inline constexpr size_t kHeaderMetadataEntriesMax = 10'000;
inline constexpr size_t kIndexTensorsMax = 1'000'000;
inline constexpr uint64_t kSmallFileBytesMax =
    256 * kMiB;                                    // above, a file that is no shard is not provisioned
inline constexpr size_t kInconsistenciesMax = 50;  // of one model, reported at once
inline constexpr size_t kDigestBlocksIncompleteMax =
    16'384;                                     // 64 KiB each, waiting for the rest of their bytes
inline constexpr size_t kObjectsMax = 100'000;  // of one model
inline constexpr size_t kKeyBytesMax = 4096;
inline constexpr uint64_t kIndexBytesMax = 256 * kMiB;

// Runs.
inline constexpr uint64_t kRegionBytesMax = kGiB;  // one io_uring registered buffer
inline constexpr uint64_t kHugePageBytes = 2 * kMiB;
inline constexpr uint64_t kPageBytes = 4096;       // buffers are congruent to file offsets modulo this
inline constexpr uint64_t kCancelGraceMs = 2'000;  // between the word on the pipe and SIGKILL
inline constexpr uint64_t kKillGraceMs = 5'000;    // between SIGKILL and giving a worker up as hung
inline constexpr uint64_t kWorkerOutputBytesMax = 64 * kKiB;  // of stdout and stderr kept in a record
inline constexpr uint64_t kProtocolLineBytesMax = 64 * kMiB;
inline constexpr uint64_t kQuietWaitMs = 10'000;   // for dirty pages and the device before a run
inline constexpr uint64_t kTimeoutMinMs = 30'000;  // of a derived watchdog

// Plugins.
inline constexpr size_t kPluginsMax = 256;
inline constexpr uint64_t kPluginCheckMs = 5'000;  // for one plugin file to load in the checking child
inline constexpr size_t kPluginComponentsMax = 64;
inline constexpr size_t kComponentOptionsMax = 256;
inline constexpr size_t kOptionItemsMax = 1024;  // of one list or table
inline constexpr uint64_t kSecretBytesMax = 64 * kKiB;
inline constexpr uint64_t kErrorMessageBytes = 500;

// Decisions.
inline constexpr double kStagingPaysDaysMax = 30;      // a copy that is earned back later is not recommended
inline constexpr double kStagingPaysRestartsMax = 10;  // likewise, where restarts a day are not known
inline constexpr double kReadyGainMin =
    0.10;  // of the time to ready: what faster storage must save to matter
inline constexpr double kPrewarmGainMin = 0.10;        // of a cold load: what a warm cache must save
inline constexpr double kCacheShareOfMemoryMax = 0.8;  // a model above it leaves no room for its page cache

// The machine.
inline constexpr size_t kMountsMax = 256;  // listed in a result document

// Statistics.
inline constexpr size_t kRunsForVerdictMin = 4;  // of either side; 3 against 3 cannot reach p = 0.05
inline constexpr size_t kRankTestExactPairsMax =
    1024;  // 32 against 32 runs; beyond, the normal approximation

}  // namespace coldload::limits
