#include "core/conformance/elf_symbols.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload::conformance {
namespace {

// Nothing in a file is believed: every structure is copied out of it, or is not there.
template <typename T>
std::optional<T> read_at(std::string_view bytes, uint64_t offset) {
  if (offset > bytes.size() || sizeof(T) > bytes.size() - offset) return std::nullopt;
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

std::string name_at(std::string_view bytes, const Elf64_Shdr& strings, uint64_t index) {
  if (strings.sh_offset > bytes.size() || index >= bytes.size() - strings.sh_offset) return "?";
  const std::string_view rest = bytes.substr(strings.sh_offset + index);
  return std::string(rest.substr(0, std::min<size_t>(rest.find('\0'), 4096)));
}

bool is_exported(const Elf64_Sym& symbol) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL && visibility != STV_HIDDEN &&
         visibility != STV_INTERNAL;
}

Result<std::vector<std::string>> symbols_of(std::string_view bytes, const Elf64_Shdr& table,
                                            const Elf64_Shdr& strings) {
  std::vector<std::string> names;
  for (uint64_t offset = 0; offset + sizeof(Elf64_Sym) <= table.sh_size; offset += sizeof(Elf64_Sym)) {
    const auto symbol = read_at<Elf64_Sym>(bytes, table.sh_offset + offset);
    if (!symbol) return fail(Status::unsupported, "its table of symbols reaches past its end");
    if (is_exported(*symbol)) names.push_back(name_at(bytes, strings, symbol->st_name));
  }
  return names;
}

}  // namespace

Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& file) {
  const auto content = read_small_file(file, limits::kGiB);
  if (!content) return pass(content);
  const std::string_view bytes = *content;
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN) {
    return fail(Status::unsupported, "is no shared object of 64-bit ELF");
  }
  const auto section = [&](uint64_t index) {
    return read_at<Elf64_Shdr>(bytes, header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  for (uint64_t i = 0; header->e_shoff != 0 && i < header->e_shnum; ++i) {
    const auto table = section(i);
    if (!table || table->sh_type != SHT_DYNSYM) continue;
    const auto strings = section(table->sh_link);
    if (!strings) break;
    return symbols_of(bytes, *table, *strings);
  }
  return fail(Status::unsupported, "has no table of dynamic symbols");
}

}  // namespace coldload::conformance
