#include "core/conformance/reading.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "coldload/cpp/probing.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/guarded_buffer.hpp"
#include "core/run/memory.hpp"

namespace coldload::conformance {
namespace {

constexpr uint64_t kWindowBytes = limits::kMiB;
constexpr uint64_t kPieceBytes = 64 * limits::kKiB;
// Two fills that no byte equals both of.
constexpr unsigned char kFirstFill = 0x5A;
constexpr unsigned char kSecondFill = 0xA5;

std::string read_once(const Object& object, Range range, unsigned char fill) {
  const GuardedBuffer buffer(range.offset, room_for(object, range.length));
  buffer.fill(fill);
  const auto read = object.read_at(range.offset, buffer.data(), range.length);
  if (!read) broken("{}: {}", shown(object, range), read.error().message);
  if (const std::string trespass = buffer.trespass(); !trespass.empty()) {
    broken("{}: read_at() {}", shown(object, range), trespass);
  }
  return {reinterpret_cast<const char*>(buffer.data()), range.length};
}

}  // namespace

std::string shown(const Object& object, Range range) {
  return fmt::format("{}: bytes {}-{} of {}", object.key(), range.offset, range.offset + range.length - 1,
                     object.info().size_bytes);
}

OpenedBackend::OpenedBackend(const Subject& subject) : backend(create_backend(subject, host)) {
  // Objects that are made first, as copies are, can be opened only then.
  if (backend->stages()) {
    expect(backend->prepare("", [](uint64_t, uint64_t) {}), "prepare(\"\")");
  }
  listed = expect(backend->list(""), "list(\"\")");
}

OpenedBackend::~OpenedBackend() {
  if (backend->stages()) (void)backend->discard("");
}

std::vector<ListedObject> OpenedBackend::samples() const {
  std::vector<ListedObject> some;
  std::ranges::copy_if(listed, std::back_inserter(some), [](const ListedObject& each) {
    return each.size_bytes > 0 && sdk::is_weights(each.key);
  });
  if (some.empty()) {
    std::ranges::copy_if(listed, std::back_inserter(some),
                         [](const ListedObject& each) { return each.size_bytes > 0; });
  }
  if (some.empty()) {
    broken(
        "it lists no object that holds a byte: give options that lead to a model (coldload gen-model makes "
        "one)");
  }
  std::ranges::sort(some, {}, [](const ListedObject& each) { return std::tie(each.size_bytes, each.key); });
  std::vector<ListedObject> chosen = {some.front()};
  if (some.size() > 2) chosen.push_back(some[some.size() / 2]);
  if (some.size() > 1) chosen.push_back(some.back());
  return chosen;
}

std::unique_ptr<Object> OpenedBackend::open(const std::string& key, uint32_t flags) const {
  return expect(backend->open(key, flags), fmt::format("open(\"{}\")", key));
}

std::unique_ptr<Object> OpenedBackend::open_direct(const std::string& key) const {
  auto object = open(key, COLDLOAD_OPEN_DIRECT);
  return object->can(COLDLOAD_CAN_DIRECT | COLDLOAD_CAN_READ_AT) ? std::move(object) : nullptr;
}

std::optional<int> file_behind(const Object& object) {
  if (object.can(COLDLOAD_CAN_FD)) return object.info().fd;
  const std::unique_ptr<DIR, int (*)(DIR*)> open_files(::opendir("/proc/self/fd"), &::closedir);
  if (open_files == nullptr) return std::nullopt;
  std::optional<int> found;
  while (const dirent* entry = ::readdir(open_files.get())) {
    const int fd = std::atoi(entry->d_name);
    struct stat status{};
    if (entry->d_name[0] == '.' || ::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (static_cast<uint64_t>(status.st_size) != object.info().size_bytes) continue;
    if (found) return std::nullopt;
    found = fd;
  }
  return found;
}

uint64_t room_for(const Object& object, uint64_t length) {
  if (!object.can(COLDLOAD_CAN_DIRECT)) return length;
  return round_up(length,
                  std::max(object.info().offset_alignment_bytes, object.info().memory_alignment_bytes));
}

std::string read_range(const Object& object, Range range) {
  const std::string first = read_once(object, range, kFirstFill);
  const std::string second = read_once(object, range, kSecondFill);
  if (first == second) return first;
  const auto differ = std::ranges::mismatch(first, second).in1 - first.begin();
  const auto at = static_cast<size_t>(differ);
  const bool left = static_cast<unsigned char>(first[at]) == kFirstFill &&
                    static_cast<unsigned char>(second[at]) == kSecondFill;
  if (left) {
    broken("{}: read_at() says that all is well and left the buffer as it was from byte {} of {} on",
           shown(object, range), at, range.length);
  }
  broken("{}: two reads gave different bytes, first at {}", shown(object, range), range.offset + at);
}

Reference::Reference(const Object& object) {
  const uint64_t size = object.info().size_bytes;
  const uint64_t tail =
      size <= 2 * kWindowBytes ? size : (size - kWindowBytes) / limits::kPageBytes * limits::kPageBytes;
  for (const auto& [begin, end] :
       {std::pair{uint64_t{0}, size <= 2 * kWindowBytes ? size : kWindowBytes}, std::pair{tail, size}}) {
    if (begin == end) continue;
    Window window{begin, {}};
    for (uint64_t offset = begin; offset < end; offset += kPieceBytes) {
      window.bytes += read_range(object, {offset, std::min(kPieceBytes, end - offset)});
    }
    windows_.push_back(std::move(window));
  }
}

bool Reference::covers(Range range) const {
  return std::ranges::any_of(windows_, [&](const Window& window) {
    return range.offset >= window.offset &&
           range.offset + range.length <= window.offset + window.bytes.size();
  });
}

void Reference::compare(Range range, std::string_view bytes, const std::string& what) const {
  for (const Window& window : windows_) {
    if (range.offset < window.offset || range.offset + range.length > window.offset + window.bytes.size())
      continue;
    const std::string_view wanted =
        std::string_view(window.bytes).substr(range.offset - window.offset, range.length);
    if (bytes == wanted) return;
    const auto at = static_cast<size_t>(std::ranges::mismatch(bytes, wanted).in1 - bytes.begin());
    broken("{}: other bytes than a plain read of the same range, first at {}", what, range.offset + at);
  }
}

std::vector<Range> Reference::ranges() const {
  std::vector<Range> out;
  for (const Window& window : windows_) out.push_back({window.offset, window.bytes.size()});
  return out;
}

}  // namespace coldload::conformance
