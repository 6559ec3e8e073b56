// The files that a backend's first run loaded: later ones have to load the same.
#pragma once

#include <map>
#include <string>

#include "core/plugin/component_spec.hpp"
#include "core/record/record.hpp"

namespace coldload {

// Tells backends apart by all that they are built on.
[[nodiscard]] std::string text_of(const BackendChain& backend);

class FirstFiles {
 public:
  // Fails a record that is ok and loaded other files, or other bytes of them, than the first of its backend
  // did: the times, and the checksums of the verifying run, would be of two different models. A copy made by
  // the run itself is a new one by right. [control-thread]
  void hold_to(const BackendChain& backend, RunRecord& record);

 private:
  std::map<std::string, std::map<std::string, FileIdentity>>
      files_;  // by text_of(), then by the object's name
};

}  // namespace coldload
