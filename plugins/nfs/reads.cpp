#include "reads.hpp"

#include <nfsc/libnfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "totals.hpp"

namespace coldload::nfs {

Reads::Reads(Connection& connection, uint32_t depth, uint32_t requests_max)
    : connection_(connection), reads_(depth), requests_(requests_max) {
  free_requests_.reserve(requests_max);
  for (Request& request : requests_) {
    request.owner = this;
    free_requests_.push_back(&request);
  }
}

Reads::~Reads() {
  cancel_all();
}

void Reads::cancel_all() noexcept {
  // A request cannot be called back, only hung up on; nor can the opening that a read waits for.
  if (under_way_ != 0 || free_requests_.size() < requests_.size()) connection_.destroy();
  waiting_.clear();
  for (Read& read : reads_) read.used = false;
  under_way_ = 0;
}

void Reads::submit(RemoteFile& file, uint64_t offset, uint64_t length, void* buffer, uint64_t tag) {
  const auto slot = std::find_if(reads_.begin(), reads_.end(), [](const Read& read) { return !read.used; });
  if (slot == reads_.end()) {
    throw sdk::Failure(COLDLOAD_INTERNAL, "nfs: more than " + std::to_string(reads_.size()) +
                                              " reads submitted to a queue of that depth");
  }
  waiting_.push_back(&*slot);
  *slot = Read();
  slot->used = true;
  slot->file = &file;
  slot->tag = tag;
  slot->begin = slot->offset = offset;
  slot->end = offset + length;
  slot->to = static_cast<char*>(buffer);
  ++under_way_;
  issue();
}

// Asks for as much as may be in flight, oldest read first. A read whose file is still being opened holds up
// the younger ones: version 4 has its opens one after the other anyway.
void Reads::issue() noexcept {
  while (!waiting_.empty() && !free_requests_.empty() && !connection_.broken()) {
    Read& read = *waiting_.front();
    Connection::Handle* handle = nullptr;
    try {
      handle = &connection_.handle(*read.file);
    } catch (...) {
      fail(read, COLDLOAD_OUT_OF_MEMORY, 0, "out of memory");
    }
    if (handle != nullptr && handle->state == Connection::HandleState::opening) return;
    if (handle != nullptr && handle->state == Connection::HandleState::failed) {
      fail(read, handle->status, 0, handle->error.c_str());
    }
    if (read.status != COLDLOAD_OK || read.offset == read.end) {
      waiting_.pop_front();
      continue;
    }
    Request& request = *free_requests_.back();
    request.read = &read;
    request.offset = read.offset;
    request.length = std::min(connection_.settings().read_bytes, read.end - read.offset);
    request.to = read.to;
    read.offset += request.length;
    read.to += request.length;
    free_requests_.pop_back();
    ++read.requests;
    if (!send(request)) {
      --read.requests;
      free_requests_.push_back(&request);
    }
  }
}

bool Reads::send(Request& request) noexcept {
  const Connection::Handle& handle = connection_.handle(*request.read->file);
  connection_.expect();
  if (nfs_pread_async(connection_.context(), handle.handle, request.offset, request.length, on_read,
                      &request) != 0) {
    fail(*request.read, COLDLOAD_IO_ERROR, EIO, nfs_get_error(connection_.context()));
    return false;
  }
  // Counted before it leaves: a request that gets no answer has been made all the same.
  ++connection_.totals().requests;
  return true;
}

void Reads::on_read(int status, nfs_context* /*context*/, void* data, void* self) noexcept {
  auto& request = *static_cast<Request*>(self);
  request.owner->answered(request, status, data);
}

void Reads::answered(Request& request, int status, const void* data) noexcept {
  Read& read = *request.read;
  if (status < 0) {
    fail(read, sdk::status_of_errno(-status), -status, data == nullptr ? "" : static_cast<const char*>(data));
  } else if (status == 0) {
    read.ends_at = request.offset;
    fail(read, COLDLOAD_IO_ERROR, 0, "");
  } else if (static_cast<uint64_t>(status) > request.length) {
    fail(read, COLDLOAD_IO_ERROR, 0, "the server sent more than it was asked for");
  } else if (read.status == COLDLOAD_OK) {
    const auto got = static_cast<uint64_t>(status);
    std::memcpy(request.to, data, got);
    request.offset += got;
    request.to += got;
    request.length -= got;
    // A server may answer with less than was asked for; the rest is asked for again.
    if (request.length != 0 && send(request)) return;
  }
  --read.requests;
  free_requests_.push_back(&request);
  // After a failure libnfs may be on its way of giving up the connection, and aborts if it is asked for more.
  if (status > 0) issue();
}

void Reads::fail(Read& read, coldload_status status, int os_error, const char* words) noexcept {
  if (read.status != COLDLOAD_OK) return;
  read.status = status;
  read.os_error = os_error;
  std::snprintf(read.error.data(), read.error.size(), "%s", words);
}

void Reads::pump(int wait_ms) {
  issue();
  connection_.pump(wait_ms);
  issue();
}

bool Reads::take(FinishedRead& out) {
  for (Read& read : reads_) {
    const bool ended = read.status != COLDLOAD_OK || read.offset == read.end;
    if (!read.used || read.requests != 0 || !ended) continue;
    // A failed one may still stand in line with what was not asked for.
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), &read), waiting_.end());
    out = {read.tag, read.status, read.os_error, read.status == COLDLOAD_OK ? "" : message_of(read)};
    read.used = false;
    --under_way_;
    return true;
  }
  return false;
}

std::string Reads::message_of(const Read& read) const {
  const std::string message = connection_.settings().shown() + ": " + read.file->path + ": bytes " +
                              std::to_string(read.begin) + "-" + std::to_string(read.end - 1) + ": ";
  if (read.error[0] != '\0') return message + read.error.data();
  return message + "the file ends at byte " + std::to_string(read.ends_at) + ", it had " +
         std::to_string(read.file->identity.size_bytes) + " when it was opened";
}

}  // namespace coldload::nfs
