// Objects to hold a backend to, and reads that are looked at from all sides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/conformance/subject.hpp"

namespace coldload::conformance {

struct Range {
  uint64_t offset = 0;
  uint64_t length = 0;
};

// A backend made for one check, with what it lists.
struct OpenedBackend {
  explicit OpenedBackend(const Subject& subject);
  // What was prepared for it is discarded.
  ~OpenedBackend();
  OpenedBackend(const OpenedBackend&) = delete;
  OpenedBackend& operator=(const OpenedBackend&) = delete;

  // Not empty, by size: the smallest, one in the middle, the largest; weights where there are any. Breaks the
  // contract if there is none.
  [[nodiscard]] std::vector<ListedObject> samples() const;
  // The largest of them.
  [[nodiscard]] ListedObject largest() const { return samples().back(); }
  [[nodiscard]] std::unique_ptr<Object> open(const std::string& key, uint32_t flags = 0) const;
  // Opened DIRECT, or nothing where that is not granted.
  [[nodiscard]] std::unique_ptr<Object> open_direct(const std::string& key) const;

  KitHost host;  // outlives the backend
  std::unique_ptr<Backend> backend;
  std::vector<ListedObject> listed;
};

// The file that the object is read from, as this process has it open: its descriptor, where it claims FD;
// else the one regular file of its size. Absent where there is none, or several. Not owned.
[[nodiscard]] std::optional<int> file_behind(const Object& object);

// Of a read on this object: `length`, or rounded up where it may be read with direct I/O.
[[nodiscard]] uint64_t room_for(const Object& object, uint64_t length);

// The bytes of the range, which lies inside the object. Read twice into memory that held something else each
// time: breaks the contract if it fails, leaves bytes as they were, gives other bytes the second time, or
// writes beside the buffer. [any-thread]
[[nodiscard]] std::string read_range(const Object& object, Range range);

// What the object holds at its beginning and at its end, up to 1 MiB each.
class Reference {
 public:
  // Through `object`, in pieces of 64 KiB.
  explicit Reference(const Object& object);

  [[nodiscard]] bool covers(Range range) const;
  // Breaks the contract unless `bytes` are those of the range, which it covers.
  void compare(Range range, std::string_view bytes, const std::string& what) const;
  // Where it reaches: one range, or two.
  [[nodiscard]] std::vector<Range> ranges() const;

 private:
  struct Window {
    uint64_t offset = 0;
    std::string bytes;
  };
  std::vector<Window> windows_;
};

// "a.safetensors: bytes 0-4095"
[[nodiscard]] std::string shown(const Object& object, Range range);

}  // namespace coldload::conformance
