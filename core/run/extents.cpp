#include "core/run/extents.hpp"

#include <fmt/format.h>

#include <span>

namespace coldload {

Result<std::vector<Extent>> read_extents(const Backend& backend, const ModelObject& item, bool synthetic) {
  auto object = backend.open(item.key, 0);
  if (!object) return pass(object);
  const uint64_t size = (*object)->info().size_bytes;
  if (size != item.size_bytes) {
    return fail(Status::integrity, fmt::format("integrity: {}: {} bytes now, {} when the run was planned",
                                               item.key, size, item.size_bytes));
  }
  // A made-up object has no header to read.
  if (synthetic) return std::vector<Extent>{{"", 0, size}};
  const auto header = read_header(
      [&](uint64_t offset, std::span<std::byte> into) {
        return (*object)->read_at(offset, into.data(), into.size());
      },
      size);
  if (!header) return fail(header.error().status, fmt::format("{}: {}", item.key, header.error().message));
  return extents_of(*header);
}

}  // namespace coldload
