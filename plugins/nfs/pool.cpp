#include "pool.hpp"

#include <algorithm>
#include <chrono>

namespace coldload::nfs {
namespace {

// A version 4 server forgets the opens of a client that it has not heard of for its lease time, 30 s and
// more; libnfs does not remind it.
constexpr uint64_t kIdleNsMax = 20'000'000'000;

}  // namespace

// Under the lock.
std::unique_ptr<Connection> Pool::idle_one() {
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (host_.now_ns() - connection->heard_ns() < kIdleNsMax) return connection;
    --all_;
  }
  return nullptr;
}

Pool::Loan Pool::connect(bool counted) {
  // Counted already by the caller; the loan's end takes it back, whatever happens here.
  struct Giver {
    Pool& pool;
    bool counted;
    bool armed = true;
    ~Giver() {
      if (armed) pool.take_back(nullptr, counted);
    }
  } giver{*this, counted};
  auto connection = std::make_unique<Connection>(host_, settings_, totals_);
  connection->wait_ready();
  giver.armed = false;
  return {*this, std::move(connection), counted};
}

Pool::Loan Pool::borrow() {
  const uint64_t until_ns = host_.now_ns() + settings_.timeout_ns;
  std::unique_lock<std::mutex> lock(mutex_);
  while (lent_ >= settings_.connections) {
    if (host_.now_ns() > until_ns) {
      throw sdk::Failure(COLDLOAD_TIMED_OUT, settings_.shown() + ": all " +
                                                 std::to_string(settings_.connections) +
                                                 " connections were in use for the whole timeout");
    }
    returned_.wait_for(lock, std::chrono::milliseconds(20));
    host_.throw_if_cancelled();
  }
  ++lent_;
  if (std::unique_ptr<Connection> connection = idle_one()) return {*this, std::move(connection), true};
  most_ = std::max(most_, ++all_);
  lock.unlock();
  return connect(true);
}

Pool::Loan Pool::borrow_for_queue() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (std::unique_ptr<Connection> connection = idle_one()) return {*this, std::move(connection), false};
  most_ = std::max(most_, ++all_);
  lock.unlock();
  return connect(false);
}

void Pool::take_back(std::unique_ptr<Connection> connection, bool counted) {
  std::unique_ptr<Connection> gone;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (counted) --lent_;
    if (connection && !connection->broken()) {
      idle_.push_back(std::move(connection));
    } else {
      gone = std::move(connection);
      --all_;
    }
  }
  returned_.notify_one();
}

void Pool::close(const RemoteFile& file) {
  for (const std::unique_ptr<Connection>& connection : idle_) {
    if (connection->broken()) continue;
    try {
      connection->close(file);
    } catch (const sdk::Failure&) {
      // It hangs or the run stops: the others would wait as long. The server forgets the opens by itself.
      for (const std::unique_ptr<Connection>& other : idle_) other->destroy();
    }
  }
  idle_.erase(
      std::remove_if(idle_.begin(), idle_.end(),
                     [](const std::unique_ptr<Connection>& connection) { return connection->broken(); }),
      idle_.end());
}

void Pool::clear() {
  idle_.clear();
}

uint32_t Pool::most() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return most_;
}

}  // namespace coldload::nfs
