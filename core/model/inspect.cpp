#include "core/model/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "core/base/text.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

using BytesByDtype = std::array<uint64_t, static_cast<size_t>(Dtype::u64) + 1>;

struct Row {
  std::string name;
  std::string size;
  std::string tensors;
  std::string dtypes;
};

void add_bytes(BytesByDtype& bytes, const ShardHeader& header) {
  for (const TensorInfo& tensor : header.tensors) {
    bytes[static_cast<size_t>(tensor.dtype)] += tensor.end - tensor.begin;
  }
}

// "BF16 4.98 GB, F32 12.3 kB": the largest first.
std::string dtypes_text(const BytesByDtype& bytes) {
  std::vector<size_t> present;
  for (size_t dtype = 0; dtype < bytes.size(); ++dtype) {
    if (bytes[dtype] > 0) present.push_back(dtype);
  }
  std::sort(present.begin(), present.end(),
            [&](size_t a, size_t b) { return bytes[a] != bytes[b] ? bytes[a] > bytes[b] : a < b; });
  std::string text;
  for (const size_t dtype : present) {
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ",
                   to_string(static_cast<Dtype>(dtype)), format_bytes_decimal(bytes[dtype]));
  }
  return text.empty() ? "-" : text;
}

std::string size_text(uint64_t bytes) {
  return fmt::format("{} B ({})", bytes, format_bytes_decimal(bytes));
}

void append_table(std::string& out, const std::vector<Row>& rows) {
  size_t name_width = 0;
  size_t size_width = 0;
  size_t tensors_width = 0;
  for (const Row& row : rows) {
    name_width = std::max(name_width, row.name.size());
    size_width = std::max(size_width, row.size.size());
    tensors_width = std::max(tensors_width, row.tensors.size());
  }
  for (const Row& row : rows) {
    fmt::format_to(std::back_inserter(out), "{:<{}}  {:>{}}  {:>{}}  {}\n", row.name, name_width, row.size,
                   size_width, row.tensors, tensors_width, row.dtypes);
  }
}

}  // namespace

std::string render_inspection(const Inspection& inspection) {
  std::vector<Row> rows{{"shard", "size", "tensors", "dtypes"}};
  BytesByDtype all_bytes{};
  uint64_t total_bytes = 0;
  uint64_t total_tensors = 0;
  for (const InspectedShard& shard : inspection.shards) {
    total_bytes += shard.size_bytes;
    if (!shard.header) {
      rows.push_back({printable(shard.name), size_text(shard.size_bytes), "?", "header not readable"});
      continue;
    }
    BytesByDtype bytes{};
    add_bytes(bytes, *shard.header);
    add_bytes(all_bytes, *shard.header);
    total_tensors += shard.header->tensors.size();
    rows.push_back({printable(shard.name), size_text(shard.size_bytes),
                    fmt::format("{}", shard.header->tensors.size()), dtypes_text(bytes)});
  }
  rows.push_back({fmt::format("total of {}", counted(inspection.shards.size(), "shard")),
                  size_text(total_bytes), fmt::format("{}", total_tensors), dtypes_text(all_bytes)});

  std::string out = fmt::format("{}\n\n", inspection.directory.string());
  append_table(out, rows);
  uint64_t small_bytes = 0;
  for (const auto& file : inspection.small_files) small_bytes += file.size_bytes;
  fmt::format_to(std::back_inserter(out), "\n{}, {}; index: {}\n",
                 counted(inspection.small_files.size(), "small file"), format_bytes_decimal(small_bytes),
                 inspection.index ? counted(inspection.index->weight_map.size(), "tensor") : "none");
  if (inspection.consistent()) return out + "consistent\n";
  const uint64_t count = inspection.inconsistencies.size() + inspection.inconsistencies_not_shown;
  fmt::format_to(std::back_inserter(out), "\ninconsistent, {}:\n", counted(count, "finding"));
  for (const std::string& line : inspection.inconsistencies) out += "  " + line + "\n";
  if (inspection.inconsistencies_not_shown > 0) {
    fmt::format_to(std::back_inserter(out), "  … and {} more\n", inspection.inconsistencies_not_shown);
  }
  return out;
}

}  // namespace coldload
