#include "remote.hpp"

#include <cerrno>
#include <utility>

#include "coldload/cpp/posix/key.hpp"
#include "coldload/cpp/probing.hpp"
#include "coldload/ext/async_read.h"
#include "diagnosis.hpp"
#include "queue.hpp"
#include "reads.hpp"

namespace coldload::nfs {

using sdk::Failure;

RemoteObject::RemoteObject(Pool& pool, const std::string& key) : pool_(pool) {
  file_.path = "/" + key;
  try {
    const Pool::Loan connection = pool_.borrow();
    (void)connection->open(file_);
    version_ = "modified-" + std::to_string(file_.identity.modified_s) + "." +
               std::to_string(file_.identity.modified_ns);
  } catch (...) {
    // No destructor follows, and the connection knows the file by its address.
    pool_.close(file_);
    throw;
  }
}

RemoteObject::~RemoteObject() {
  pool_.close(file_);
}

void RemoteObject::check_range(uint64_t offset, uint64_t length) const {
  const uint64_t size = file_.identity.size_bytes;
  if (offset <= size && length <= size - offset) return;
  throw Failure(COLDLOAD_IO_ERROR, pool_.settings().shown() + ": " + file_.path + ": bytes " +
                                       std::to_string(offset) + "-" + std::to_string(offset + length - 1) +
                                       ": past the end, the file has " + std::to_string(size) + " bytes");
}

void RemoteObject::read_at(uint64_t offset, void* buffer, uint64_t length) {
  check_range(offset, length);
  if (length == 0) return;
  constexpr int kWaitMs = 20;
  const Pool::Loan connection = pool_.borrow();
  Reads reads(*connection, 1, pool_.settings().in_flight);
  reads.submit(file_, offset, length, buffer, 0);
  FinishedRead finished;
  while (!reads.take(finished)) reads.pump(kWaitMs);
  if (finished.status != COLDLOAD_OK) throw Failure(finished.status, finished.message, finished.os_error);
}

RemoteBackend::RemoteBackend(const sdk::Host& host, Settings settings)
    : host_(host), settings_(std::move(settings)), pool_(host_, settings_) {
  host_.evidence("server", settings_.url.server);
  host_.evidence("export", settings_.url.path);
  host_.evidence("version", settings_.version);
  host_.evidence("read_size", settings_.read_bytes);
  (void)pool_.borrow();
}

RemoteBackend::~RemoteBackend() {
  pool_.clear();
  const Totals& totals = pool_.totals();
  const uint64_t connections = totals.connections;
  host_.evidence("connections", pool_.most());
  host_.metric("nfs/requests", "count", static_cast<double>(totals.requests));
  host_.metric("nfs/wire_bytes", "bytes", static_cast<double>(totals.wire_bytes));
  if (connections != 0) {
    host_.metric("nfs/connect_ns", "ns",
                 static_cast<double>(totals.connect_ns) / static_cast<double>(connections));
  }
}

void RemoteBackend::list(const std::string& prefix, const sdk::ListCallback& callback) {
  sdk::posix::check_key(prefix, sdk::posix::KeyUse::prefix);
  const Pool::Loan connection = pool_.borrow();
  list_remote(*connection, host_, prefix, callback);
}

coldload_object_info RemoteBackend::probe(const std::string& prefix, uint32_t open_flags) {
  return sdk::probe_by_opening(*this, host_, settings_.shown() + ": /" + prefix, prefix, open_flags);
}

std::unique_ptr<sdk::Object> RemoteBackend::open(const std::string& key, uint32_t /*open_flags*/,
                                                 coldload_object_info& info) {
  sdk::posix::check_key(key, sdk::posix::KeyUse::object);
  auto object = std::make_unique<RemoteObject>(pool_, key);
  info.size_bytes = object->file().identity.size_bytes;
  info.version = object->version().c_str();
  info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
  info.preferred_read_bytes = settings_.read_bytes * settings_.in_flight;
  return object;
}

void RemoteBackend::diagnose(sdk::Diagnosis& out) {
  (void)pool_.borrow();
  const Totals& totals = pool_.totals();
  const uint64_t connections = totals.connections;
  tell_server(settings_, connections == 0 ? 0 : totals.connect_ns / connections, out);
}

const void* RemoteBackend::get_extension(std::string_view id) {
  return id == COLDLOAD_EXT_ASYNC_READ ? &kAsyncReadOps : nullptr;
}

}  // namespace coldload::nfs
