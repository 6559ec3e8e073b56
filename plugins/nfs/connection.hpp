// One connection to the server: a libnfs context, driven by whichever one thread holds it.
//
// libnfs calls back only from within its own functions, so nothing happens between calls of ours: no lock is
// needed, and no buffer is written while nobody is inside.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "settings.hpp"

struct nfs_context;
struct nfsfh;

namespace coldload::nfs {

// What tells a file from another one of its name. Set by the first opening, compared by all later ones.
struct FileIdentity {
  uint64_t inode = 0;
  uint64_t size_bytes = 0;
  uint64_t modified_s = 0;
  uint64_t modified_ns = 0;

  [[nodiscard]] bool operator==(const FileIdentity& other) const noexcept {
    return inode == other.inode && size_bytes == other.size_bytes && modified_s == other.modified_s &&
           modified_ns == other.modified_ns;
  }
};

// A file as the backend opened it; every connection opens it once more for itself.
struct RemoteFile {
  std::string path;  // Below what is mounted, with its leading slash.
  bool known = false;
  FileIdentity identity;
};

// Sums over all connections of a backend. [any-thread]
struct Totals;

// The answer to one call. libnfs writes to it until the call is done or its connection is gone.
struct Answer {
  bool done = false;
  int status = 0;                 // As libnfs gives it: negative is -errno.
  std::array<char, 256> error{};  // libnfs's words for it.
  void* pointer = nullptr;        // What the call made, of those that make something.
};

class Connection {
 public:
  // Starts connecting and mounting; throws if even that is not possible.
  Connection(const sdk::Host& host, const Settings& settings, Totals& totals);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // Answers that are waited for come to their Answer as failures, before it returns.
  ~Connection();

  // Returns once it is mounted, or throws.
  void wait_ready();
  // Lets libnfs work for at most `wait_ms`: sends, receives, calls back. Throws, with the connection broken,
  // when the run stops, the server is gone, or nothing came for Settings::timeout_ns while something was
  // waited for.
  void pump(int wait_ms);
  // Pumps until `answer` is done.
  void wait(const Answer& answer);

  // It is gone: nothing can be asked any more.
  [[nodiscard]] bool broken() const noexcept { return context_ == nullptr; }
  // Ends whatever is under way; what waited is told so.
  void destroy() noexcept;

  // An opened file on this connection. `handle` is null until state is open.
  enum class HandleState { opening, open, failed };
  struct Handle {
    HandleState state = HandleState::opening;
    nfsfh* handle = nullptr;
    coldload_status status = COLDLOAD_OK;  // Of a failed one.
    std::string error;
  };
  // Starts opening it, if that was not done before. Never waits.
  Handle& handle(RemoteFile& file);
  // As handle(), and waits until it is open; throws if that fails.
  Handle& open(RemoteFile& file);
  // Closes it, if it was opened here.
  void close(const RemoteFile& file);

  [[nodiscard]] nfs_context* context() const noexcept { return context_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] Totals& totals() const noexcept { return totals_; }
  // Before each question: silence counts from the first unanswered one.
  void expect();
  // When it last heard from the server.
  [[nodiscard]] uint64_t heard_ns() const noexcept { return heard_ns_; }
  // libnfs's callback for calls that fill an Answer.
  static void finished(int status, nfs_context* context, void* data, void* answer) noexcept;
  // "<server>: <what>: <libnfs's words>", with the status that errno calls for.
  [[nodiscard]] sdk::Failure failure(const std::string& what, int status, const char* words) const;

 private:
  struct Opening;
  static void on_opened(int status, nfs_context* context, void* data, void* opening) noexcept;
  static void on_stat(int status, nfs_context* context, void* data, void* opening) noexcept;
  void configure();
  void service(int wait_ms);
  [[noreturn]] void fail(const sdk::Failure& failure);
  [[nodiscard]] sdk::Failure not_reached() const;
  [[nodiscard]] sdk::Failure mount_failure() const;
  [[nodiscard]] sdk::Failure silence() const;

  sdk::Host host_;
  const Settings& settings_;
  Totals& totals_;
  nfs_context* context_ = nullptr;
  Answer mounted_;
  bool ready_ = false;
  int connect_error_ = 0;  // errno of a connection that could not be made.
  uint64_t began_ns_ = 0;
  uint64_t heard_ns_ = 0;
  std::unordered_map<const RemoteFile*, std::unique_ptr<Opening>> handles_;
};

}  // namespace coldload::nfs
