#include "core/model/generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/model/content.hpp"
#include "core/model/generated_files.hpp"
#include "core/model/index.hpp"

namespace coldload {
namespace {

constexpr uint64_t kChunkBytes = 8 * limits::kMiB;
constexpr unsigned kThreadsDefaultMax = 8;
constexpr unsigned kThreadsMax = 256;

constexpr const char* kConfigName = "config.json";
constexpr const char* kGenerationConfigName = "generation_config.json";
constexpr const char* kTokenizerName = "tokenizer.json";
constexpr const char* kTokenizerConfigName = "tokenizer_config.json";
constexpr std::array<std::string_view, 5> kSmallFileNames = {
    kConfigName, kGenerationConfigName, kTokenizerName, kTokenizerConfigName, kIndexName};

struct SmallFile {
  std::string name;
  std::string content;
};

// Everything but the weights' bytes.
struct Outline {
  std::vector<ShardLayout> shards;
  std::vector<SmallFile> small_files;
  GenerateReport report;
};

uint64_t sum_of_bytes(std::span<const TensorShape> tensors) {
  uint64_t bytes = 0;
  for (const TensorShape& tensor : tensors) bytes += tensor.bytes;
  return bytes;
}

std::string_view to_text(bool value) {
  return value ? "true" : "false";
}

std::string config_text(const Architecture& a, uint64_t layers, const GenerateOptions& options) {
  std::string experts;
  if (a.experts > 0) {
    experts = fmt::format(
        "  \"num_experts\": {},\n  \"num_experts_per_tok\": {},\n  \"moe_intermediate_size\": {},\n",
        a.experts, a.experts_per_token, a.intermediate_size);
  }
  return fmt::format(R"({{
  "architectures": ["{}"],
  "model_type": "{}",
  "hidden_size": {},
  "num_hidden_layers": {},
  "num_attention_heads": {},
  "num_key_value_heads": {},
  "head_dim": {},
  "intermediate_size": {},
{}  "vocab_size": {},
  "tie_word_embeddings": {},
  "max_position_embeddings": {},
  "rms_norm_eps": 1e-06,
  "rope_theta": {:.1f},
  "torch_dtype": "bfloat16",
  "coldload_generated": {{"like": "{}", "scale": {}, "seed": {}, "layout": "{}", "sparse": {}}}
}}
)",
                     a.class_name, a.model_type, a.hidden_size, layers, a.attention_heads, a.key_value_heads,
                     a.head_size, a.intermediate_size, experts, a.vocabulary_size, to_text(a.tied_embeddings),
                     a.context_length, a.rope_theta, a.id, options.scale, options.seed,
                     options.layout == Layout::reference ? "reference" : "definition",
                     to_text(options.sparse));
}

std::vector<SmallFile> small_files_of(const Architecture& architecture, const GenerateOptions& options,
                                      const Outline& outline) {
  std::vector<SmallFile> files = {
      {kConfigName, config_text(architecture, outline.report.layers, options)},
      {kGenerationConfigName, "{\n  \"do_sample\": false\n}\n"},
      {kTokenizerName,
       "{\n  \"version\": \"1.0\",\n  \"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}\n}\n"},
      {kTokenizerConfigName,
       fmt::format(
           "{{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n  \"model_max_length\": {}\n}}\n",
           architecture.context_length)},
  };
  if (outline.shards.size() > 1) {
    files.push_back({std::string(kIndexName), index_text(outline.shards, outline.report.tensor_bytes)});
  }
  return files;
}

Result<Outline> outline_of(const GenerateOptions& options) {
  const auto architecture = find_architecture(options.like);
  if (!architecture) return pass(architecture);
  const bool in_range = options.scale > 0 && options.scale <= 1;  // false for NaN too
  if (!in_range) {
    return fail(Status::invalid_option,
                fmt::format("scale {} is out of range: above 0, at most 1", options.scale));
  }
  Outline outline;
  GenerateReport& report = outline.report;
  const double layers = std::round(static_cast<double>(architecture->layers) * options.scale);
  report.layers = std::max<uint64_t>(1, static_cast<uint64_t>(layers));
  const auto tensors = tensors_of(*architecture, report.layers);
  report.tensor_count = tensors.size();
  report.tensor_bytes = sum_of_bytes(tensors);
  const uint64_t unscaled_bytes = sum_of_bytes(tensors_of(*architecture, architecture->layers));
  // Shrinks as the model does, so that it keeps about as many shards.
  const double share = static_cast<double>(report.tensor_bytes) / static_cast<double>(unscaled_bytes);
  const auto shard_bytes_max =
      static_cast<uint64_t>(static_cast<double>(architecture->shard_bytes_max) * share);
  outline.shards = lay_out(tensors, shard_bytes_max, options.layout);
  outline.small_files = small_files_of(*architecture, options, outline);

  report.shard_count = outline.shards.size();
  for (const ShardLayout& shard : outline.shards)
    report.objects.push_back({shard.name, shard.file_bytes, {}});
  for (const SmallFile& file : outline.small_files)
    report.objects.push_back({file.name, file.content.size(), {}});
  for (const GeneratedObject& object : report.objects) report.total_bytes += object.size_bytes;
  return outline;
}

// Writes the shards of an outline with several threads, chunk by chunk.
class ShardWriter {
 public:
  ShardWriter(const Outline& outline, const GenerateOptions& options, detail::GeneratedFiles& files,
              const GenerateProgress& progress, const IsCancelled& cancelled)
      : outline_(outline), options_(options), files_(files), progress_(progress), cancelled_(cancelled) {
    for (const ShardLayout& shard : outline.shards) {
      contents_.emplace_back(options.seed, shard.name);
      if (options.digests) digests_.push_back(std::make_unique<RangeDigest>(shard.file_bytes));
      for (uint64_t offset = 0; offset < shard.file_bytes; offset += kChunkBytes) {
        chunks_.push_back({contents_.size() - 1, offset});
      }
    }
  }

  [[nodiscard]] Result<void> run() {
    unsigned count = options_.threads;
    if (count == 0) count = std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsDefaultMax);
    count = std::min(count, kThreadsMax);
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < count; ++i) threads.emplace_back([this] { work(); });
    work();
    threads.clear();
    if (error_) return std::unexpected<Error>(*error_);
    return {};
  }

  [[nodiscard]] Result<Digest> digest(size_t shard) const { return digests_[shard]->finish(); }

 private:
  struct Chunk {
    size_t shard = 0;
    uint64_t offset = 0;
  };

  void work() {
    // Aligned to pages, which is what writing past the page cache asks for.
    const std::unique_ptr<std::byte, decltype(&std::free)> memory(
        static_cast<std::byte*>(std::aligned_alloc(limits::kPageBytes, kChunkBytes)), &std::free);
    if (memory == nullptr) {
      stop(
          {Status::out_of_memory, fmt::format("no memory for a buffer of {}", format_bytes(kChunkBytes)), 0});
      return;
    }
    const std::span<std::byte> buffer(memory.get(), kChunkBytes);
    for (size_t i = next_++; i < chunks_.size() && !stopped_; i = next_++) {
      const auto written = write_chunk(chunks_[i], buffer);
      if (!written) {
        stop(written.error());
        return;
      }
      const std::scoped_lock lock(mutex_);
      done_bytes_ += *written;
      if (progress_) progress_(done_bytes_, outline_.report.total_bytes);
    }
  }

  void stop(const Error& error) {
    const std::scoped_lock lock(mutex_);
    if (!error_) error_ = error;
    stopped_ = true;
  }

  Result<uint64_t> write_chunk(const Chunk& chunk, std::span<std::byte> buffer) {
    if (cancelled_ && cancelled_()) return fail(Status::cancelled, "cancelled: nothing was kept");
    const ShardLayout& shard = outline_.shards[chunk.shard];
    const auto part = buffer.first(std::min(kChunkBytes, shard.file_bytes - chunk.offset));
    contents_[chunk.shard].fill(chunk.offset, part);
    if (chunk.offset < shard.header.size()) {
      const size_t count = std::min(part.size(), shard.header.size() - chunk.offset);
      std::memcpy(part.data(), shard.header.data() + chunk.offset, count);
    }
    if (options_.digests) {
      if (auto added = digests_[chunk.shard]->add(chunk.offset, part); !added) return pass(added);
    }
    if (auto written = files_.write_at(chunk.shard, chunk.offset, part); !written) return pass(written);
    return part.size();
  }

  const Outline& outline_;
  const GenerateOptions& options_;
  detail::GeneratedFiles& files_;
  const GenerateProgress& progress_;
  const IsCancelled& cancelled_;
  std::vector<Content> contents_;
  std::vector<std::unique_ptr<RangeDigest>> digests_;
  std::vector<Chunk> chunks_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  uint64_t done_bytes_ = 0;
  std::optional<Error> error_;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Result<void> write_sparse(const Outline& outline, detail::GeneratedFiles& files) {
  for (size_t i = 0; i < outline.shards.size(); ++i) {
    if (auto written = files.write_at(i, 0, bytes_of(outline.shards[i].header)); !written) return written;
  }
  return {};
}

Result<void> write_shards(Outline& outline, const GenerateOptions& options, detail::GeneratedFiles& files,
                          const GenerateProgress& progress, const IsCancelled& cancelled) {
  ShardWriter writer(outline, options, files, progress, cancelled);
  if (auto run = writer.run(); !run) return run;
  for (size_t i = 0; options.digests && i < outline.shards.size(); ++i) {
    auto digest = writer.digest(i);
    if (!digest) return pass(digest);
    outline.report.objects[i].digest = *digest;
  }
  return {};
}

}  // namespace

Result<GenerateReport> model_size(const GenerateOptions& options) {
  auto outline = outline_of(options);
  if (!outline) return pass(outline);
  return std::move(outline->report);
}

Result<GenerateReport> generate_model(const GenerateOptions& options, const GenerateProgress& progress,
                                      const IsCancelled& cancelled) {
  const uint64_t start_ns = now_ns();
  auto outline = outline_of(options);
  if (!outline) return pass(outline);
  if (options.sparse && options.digests) {
    return fail(Status::invalid_option, "a sparse model has no digests: ask for one or the other");
  }
  GenerateReport& report = outline->report;
  auto files = detail::GeneratedFiles::create(options.directory, options.sparse ? 0 : report.total_bytes);
  if (!files) return pass(files);
  for (const ShardLayout& shard : outline->shards) {
    if (auto added = files->add(shard.name, shard.file_bytes, options.sparse); !added) return pass(added);
  }
  const auto written = options.sparse ? write_sparse(*outline, *files)
                                      : write_shards(*outline, options, *files, progress, cancelled);
  if (!written) return pass(written);
  for (size_t i = 0; i < outline->small_files.size(); ++i) {
    const SmallFile& file = outline->small_files[i];
    const size_t number = outline->shards.size() + i;
    if (auto added = files->add(file.name, file.content.size(), false); !added) return pass(added);
    if (auto stored = files->write_at(number, 0, bytes_of(file.content)); !stored) return pass(stored);
    if (options.digests) report.objects[number].digest = digest_of(bytes_of(file.content));
  }
  if (cancelled && cancelled()) return fail(Status::cancelled, "cancelled: nothing was kept");
  if (auto published = files->publish(); !published) return pass(published);
  if (progress) progress(report.total_bytes, report.total_bytes);
  report.elapsed_ns = now_ns() - start_ns;
  return std::move(report);
}

bool is_generated_name(std::string_view name) {
  constexpr std::string_view kPartialEnd = ".partial";
  if (name.starts_with('.') && name.ends_with(kPartialEnd)) {
    name = name.substr(1, name.size() - 1 - kPartialEnd.size());
  }
  if (std::ranges::find(kSmallFileNames, name) != kSmallFileNames.end()) return true;
  constexpr std::string_view kShardEnd = ".safetensors";
  if (!name.starts_with("model") || !name.ends_with(kShardEnd)) return false;
  // "", or "-00002-of-00004", with as many digits as it takes.
  const std::string_view number = name.substr(5, name.size() - 5 - kShardEnd.size());
  const size_t of = number.find("-of-");
  if (number.empty()) return true;
  const auto digits = [](std::string_view text) {
    return text.size() >= 5 && text.find_first_not_of("0123456789") == text.npos;
  };
  return number.front() == '-' && of != number.npos && of > 0 && digits(number.substr(1, of - 1)) &&
         digits(number.substr(of + 4));
}

bool is_generated(const GenerateOptions& options) {
  const auto outline = outline_of(options);
  if (!outline) return false;
  for (const GeneratedObject& object : outline->report.objects) {
    std::error_code ec;
    const uint64_t size = std::filesystem::file_size(options.directory / object.name, ec);
    if (ec || size != object.size_bytes) return false;
  }
  const SmallFile& config = outline->small_files.front();
  const auto found = read_small_file(options.directory / config.name, config.content.size());
  return found && *found == config.content;
}

}  // namespace coldload
