// Splits a run's time into phases without gaps: a phase ends where the next begins.
#pragma once

#include <string>
#include <string_view>

#include "core/base/file.hpp"
#include "core/record/record.hpp"
#include "core/run/request.hpp"

namespace coldload {

class PhaseClock {
 public:
  PhaseClock(EventSink& events, Phases& phases) : events_(events), phases_(phases) {}

  // Ends the running phase and begins `name`. The event goes out before the time is taken: telling counts for
  // the phase that ends, and for the first one where none does.
  void begin(std::string_view name) {
    const bool first = name_.empty();
    if (first) began_ns_ = now_ns();
    events_.phase(name);
    if (!first) {
      const uint64_t now = now_ns();
      close(now);
      began_ns_ = now;
    }
    name_ = name;
  }
  void end() { close(now_ns()); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void close(uint64_t now) {
    if (!name_.empty()) phases_.add(name_, now - began_ns_);
    name_.clear();
  }
  EventSink& events_;
  Phases& phases_;
  std::string name_;
  uint64_t began_ns_ = 0;
};

}  // namespace coldload
