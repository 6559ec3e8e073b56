// The connections of one backend, lent to one thread at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "connection.hpp"
#include "totals.hpp"

namespace coldload::nfs {

class Pool {
 public:
  Pool(const sdk::Host& host, const Settings& settings) : host_(host), settings_(settings) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  // A connection, mounted. It goes back when the loan ends, or away if it is broken.
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<Connection> connection, bool counted)
        : pool_(&pool), connection_(std::move(connection)), counted_(counted) {}
    Loan(Loan&& other) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      if (connection_) pool_->take_back(std::move(connection_), counted_);
    }
    [[nodiscard]] Connection& operator*() const noexcept { return *connection_; }
    [[nodiscard]] Connection* operator->() const noexcept { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool counted_;
  };

  // [any-thread] One of Settings::connections; waits while all are lent, at most Settings::timeout_ns.
  [[nodiscard]] Loan borrow();
  // [any-thread] One more where all are lent: a queue keeps it for as long as it lives.
  [[nodiscard]] Loan borrow_for_queue();
  // [control-thread] Closes the file wherever it was opened; nobody reads it any more.
  void close(const RemoteFile& file);
  // [control-thread] With all connections back: closes them, and with that completes the totals.
  void clear();

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const sdk::Host& host() const noexcept { return host_; }
  [[nodiscard]] Totals& totals() noexcept { return totals_; }
  // The most that were lent and idle at once.
  [[nodiscard]] uint32_t most() const;

 private:
  [[nodiscard]] std::unique_ptr<Connection> idle_one();
  [[nodiscard]] Loan connect(bool counted);
  void take_back(std::unique_ptr<Connection> connection, bool counted);

  sdk::Host host_;
  const Settings& settings_;
  Totals totals_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;  // The last one used stands last.
  uint32_t lent_ = 0;                              // Of those that count against Settings::connections.
  uint32_t all_ = 0;
  uint32_t most_ = 0;
};

}  // namespace coldload::nfs
