// libcufile, opened at run time, and what it tells of how bytes travel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coldload/cpp/failure.hpp"
#include "cufile_api.hpp"

namespace coldload::cufile {

// Opens `file` ("": libcufile.so.0, as the dynamic linker finds it) and its driver, which stay open until the
// process ends. Throws COLDLOAD_UNSUPPORTED where that is not possible. [any-thread] once made
class Library {
 public:
  explicit Library(const std::string& file);

  [[nodiscard]] const api::Functions& functions() const { return functions_; }
  // Of what is set up before a load: what cuFile refuses there, it cannot do on this machine, and the case is
  // skipped for it.
  static void check_set_up(api::Status status, const std::string& call);
  static void check(api::Status status, const std::string& call);
  // "2.20"; absent where cuFile works without the kernel's module.
  [[nodiscard]] std::optional<std::string> nvidia_fs() const;

 private:
  api::Functions functions_;
};

// "5027 (handle not registered)"
[[nodiscard]] std::string error_in_words(int error);

// Reads that the kernel's module nvidia-fs has done peer-to-peer, on this machine, since it was loaded;
// absent without the module, or where it keeps no statistics.
[[nodiscard]] std::optional<uint64_t> peer_to_peer_reads();
// The number of "Reads : n=12 ok=12 …" in the module's statistics.
[[nodiscard]] std::optional<uint64_t> reads_of_statistics(const std::string& text);

}  // namespace coldload::cufile
