// Whether the shards of a model and its index fit together.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/model/directory.hpp"
#include "core/model/numbering.hpp"

namespace coldload {
namespace {

// A tensor and the shard that holds it, as the headers tell.
struct Held {
  std::string_view tensor;
  size_t shard = 0;
};

class Check {
 public:
  explicit Check(Inspection& inspection) : inspection_(inspection) {
    for (size_t shard = 0; shard < inspection.shards.size(); ++shard) {
      const auto& header = inspection.shards[shard].header;
      all_headers_read_ = all_headers_read_ && header.has_value();
      if (!header) continue;
      tensor_bytes_ += inspection.shards[shard].size_bytes - header->header_bytes;
      for (const TensorInfo& tensor : header->tensors) held_.push_back({tensor.name, shard});
    }
    std::sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
      return std::pair(a.tensor, a.shard) < std::pair(b.tensor, b.shard);
    });
  }

  void run() {
    if (inspection_.shards.empty()) note("no *.safetensors object");
    check_numbering();
    check_unique();
    if (!inspection_.index) return;
    check_shard_names(*inspection_.index);
    check_weight_map(*inspection_.index);
    check_total(*inspection_.index);
  }

 private:
  void note(std::string_view message) { inspection_.note(message); }

  [[nodiscard]] const InspectedShard* find_shard(std::string_view name) const {
    const auto& shards = inspection_.shards;
    const auto found = std::lower_bound(
        shards.begin(), shards.end(), name,
        [](const InspectedShard& shard, std::string_view wanted) { return shard.name < wanted; });
    return found != shards.end() && found->name == name ? &*found : nullptr;
  }

  void check_numbering() {
    std::vector<std::string_view> names;
    for (const InspectedShard& shard : inspection_.shards) names.emplace_back(shard.name);
    const auto holds = [this](std::string_view name) { return find_shard(name) != nullptr; };
    for (const std::string& name : missing_by_number(names, holds)) note(fmt::format("{}: missing", name));
  }

  void check_unique() {
    for (size_t i = 1; i < held_.size(); ++i) {
      if (held_[i].tensor != held_[i - 1].tensor) continue;
      note(fmt::format("tensor {} is in {} and in {}", in_quotes(held_[i].tensor), shard_name(held_[i - 1]),
                       shard_name(held_[i])));
    }
  }

  void check_shard_names(const ShardIndex& index) {
    const auto holds = [this](std::string_view name) { return find_shard(name) != nullptr; };
    for (const std::string& missing : missing_shards(index, holds)) note(missing);
    const std::set<std::string_view> named(index.shards.begin(), index.shards.end());
    for (const InspectedShard& shard : inspection_.shards) {
      if (!named.contains(shard.name)) note(fmt::format("{}: not named by the index", shard.name));
    }
  }

  void check_weight_map(const ShardIndex& index) {
    auto held = held_.begin();
    for (const auto& [tensor, number] : index.weight_map) {
      const std::string& shard = index.shards[number];
      for (; held != held_.end() && held->tensor < tensor; ++held) note_unlisted(index, *held);
      bool in_its_shard = false;
      const Held* elsewhere = nullptr;
      for (; held != held_.end() && held->tensor == tensor; ++held) {
        in_its_shard = in_its_shard || shard_name(*held) == shard;
        elsewhere = &*held;
      }
      if (in_its_shard) continue;
      if (elsewhere != nullptr) {
        note(fmt::format("tensor {} is in {}, the index says {}", in_quotes(tensor), shard_name(*elsewhere),
                         shard));
      } else if (const InspectedShard* named = find_shard(shard); named != nullptr && named->header) {
        note(fmt::format("tensor {} is not in {}, where the index says", in_quotes(tensor), shard));
      }
    }
    for (; held != held_.end(); ++held) note_unlisted(index, *held);
  }

  // Of a shard that the index does not know at all, one line is enough.
  void note_unlisted(const ShardIndex& index, const Held& held) {
    const auto& names = index.shards;
    if (std::find(names.begin(), names.end(), shard_name(held)) == names.end()) return;
    note(fmt::format("tensor {} of {} is not in the index", in_quotes(held.tensor), shard_name(held)));
  }

  void check_total(const ShardIndex& index) {
    if (!index.total_size || !all_headers_read_ || *index.total_size == tensor_bytes_) return;
    note(fmt::format("{}: total_size is {}, the shards' tensors have {} bytes", kIndexName, *index.total_size,
                     tensor_bytes_));
  }

  [[nodiscard]] const std::string& shard_name(const Held& held) const {
    return inspection_.shards[held.shard].name;
  }

  Inspection& inspection_;
  std::vector<Held> held_;  // by tensor
  uint64_t tensor_bytes_ = 0;
  bool all_headers_read_ = true;
};

}  // namespace

std::vector<std::string> missing_shards(const ShardIndex& index,
                                        const std::function<bool(std::string_view)>& holds) {
  std::vector<std::string> missing;
  for (const std::string& name : index.shards) {
    if (!holds(name)) missing.push_back(fmt::format("{}: named by the index, but missing", name));
  }
  return missing;
}

void check_consistency(Inspection& inspection) {
  Check(inspection).run();
}

}  // namespace coldload
