// How a table of the file becomes a struct: one row per key, so that what is not a row is a mistake with a
// name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/location.hpp"
#include "core/base/nearest.hpp"
#include "core/base/result.hpp"
#include "core/base/value.hpp"

namespace coldload {

// What is wrong with a file, bounded: further mistakes are counted, not kept.
class Mistakes {
 public:
  void add(const Location& where, std::string message);
  void add(Diagnostics found);
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool empty() const { return found_.empty(); }
  // By line, each once, at most limits::kDiagnosticsMax and then how many more there are.
  [[nodiscard]] Diagnostics take() &&;

 private:
  Diagnostics found_;
  size_t left_out_ = 0;
};

// A member of a table being read, with what its messages start with: `[run]`, `backend "lake"`.
struct Slot {
  const Member& member;
  std::string_view section;
  Mistakes& mistakes;

  // "[run]: copies: expected an integer, 1 to 1000, found a string ("x")", at the value.
  void expected(std::string_view what) const { expected(what, member.value); }
  void expected(std::string_view what, const Value& found) const;
  // "[run]: copies: <message>", at the value.
  void wrong(std::string_view message) const { wrong(message, member.value); }
  void wrong(std::string_view message, const Value& found) const;
};

template <typename Out>
struct Key {
  std::string_view name;
  void (*read)(const Slot& slot, Out& out);
};

void unknown_key(const Member& member, std::string_view section, std::span<const std::string> known,
                 Mistakes& mistakes);

// Reads every member of `table` by its row of `keys`; a member without a row is a mistake.
template <typename Out, size_t kCount>
void read_table(const ValueTable& table, std::string_view section, const std::array<Key<Out>, kCount>& keys,
                Out& out, Mistakes& mistakes) {
  std::vector<std::string> known;
  for (const Key<Out>& key : keys) known.emplace_back(key.name);
  for (const Member& member : table) {
    const Key<Out>* found = nullptr;
    for (const Key<Out>& key : keys) {
      if (key.name == member.key) found = &key;
    }
    if (found == nullptr) {
      unknown_key(member, section, known, mistakes);
    } else {
      found->read(Slot{member, section, mistakes}, out);
    }
  }
}

// The readers leave `out` alone and add a mistake when the value is of another type or out of range.
struct IntegerRange {
  int64_t minimum;
  int64_t maximum;
};
[[nodiscard]] std::optional<int64_t> read_integer(const Slot& slot, IntegerRange range);
[[nodiscard]] std::optional<int64_t> read_integer(const Slot& slot, const Value& value, IntegerRange range);
void read_bool(const Slot& slot, bool& out);
[[nodiscard]] const std::string* read_text(const Slot& slot);
// A number in [minimum, maximum], written as an integer or a float.
struct RealRange {
  double minimum;
  double maximum;
};
[[nodiscard]] std::optional<double> read_real(const Slot& slot, RealRange range);

// A quantity with a unit, written as a string.
enum class Quantity { bytes, duration, rate };
struct QuantityRange {
  std::string_view minimum;  // as a scenario would write it
  std::string_view maximum;
};
[[nodiscard]] std::optional<uint64_t> read_quantity(const Slot& slot, Quantity kind, QuantityRange range);

struct LocatedText {
  std::string text;
  Location where;
};
// A string, or an array of at least one string.
[[nodiscard]] std::vector<LocatedText> read_texts(const Slot& slot);

}  // namespace coldload
