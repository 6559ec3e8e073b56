// Reads under way on one connection: each is cut into requests, of which a bounded number is in flight.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "connection.hpp"

namespace coldload::nfs {

// What became of one read.
struct FinishedRead {
  uint64_t tag = 0;
  coldload_status status = COLDLOAD_OK;
  int os_error = 0;
  std::string message;  // "" where status is COLDLOAD_OK.
};

// Of one thread, like its connection, which outlives it.
class Reads {
 public:
  // At most `depth` reads at once, at most `requests_max` requests in flight.
  Reads(Connection& connection, uint32_t depth, uint32_t requests_max);
  Reads(const Reads&) = delete;
  Reads& operator=(const Reads&) = delete;
  // Breaks the connection if anything is in flight: nothing writes to a buffer afterwards.
  ~Reads();

  // Starts reading [offset, offset + length), which lies in the file. Never waits. `buffer` is written until
  // the read comes back from take(), or the connection is broken. Throws if `depth` reads are under way.
  void submit(RemoteFile& file, uint64_t offset, uint64_t length, void* buffer, uint64_t tag);
  // Reads that were submitted and not taken yet.
  [[nodiscard]] uint32_t under_way() const noexcept { return under_way_; }
  // One that ended, whole or failed, if there is one.
  [[nodiscard]] bool take(FinishedRead& out);
  // Sends and receives for at most `wait_ms`; throws as Connection::pump().
  void pump(int wait_ms);
  // Ends all of them; breaks the connection if a request is in flight.
  void cancel_all() noexcept;

 private:
  struct Read {
    bool used = false;
    RemoteFile* file = nullptr;
    uint64_t tag = 0;
    uint64_t offset = 0;  // Of the first byte not asked for yet.
    uint64_t end = 0;
    char* to = nullptr;  // Where the byte at `offset` goes.
    uint64_t begin = 0;
    uint32_t requests = 0;  // In flight.
    coldload_status status = COLDLOAD_OK;
    int os_error = 0;
    uint64_t ends_at = 0;  // Of a file that turned out too short.
    std::array<char, 256> error{};
  };
  struct Request {
    Reads* owner = nullptr;
    Read* read = nullptr;
    uint64_t offset = 0;
    uint64_t length = 0;
    char* to = nullptr;
  };

  static void on_read(int status, nfs_context* context, void* data, void* request) noexcept;
  void issue() noexcept;
  [[nodiscard]] bool send(Request& request) noexcept;
  void answered(Request& request, int status, const void* data) noexcept;
  static void fail(Read& read, coldload_status status, int os_error, const char* words) noexcept;
  [[nodiscard]] std::string message_of(const Read& read) const;

  Connection& connection_;
  std::vector<Read> reads_;
  std::vector<Request> requests_;
  std::vector<Request*> free_requests_;
  std::deque<Read*> waiting_;  // In order of submission; the first may be partly asked for.
  uint32_t under_way_ = 0;
};

}  // namespace coldload::nfs
