// What a plugin's diagnosis tells, kept as text.
#pragma once

#include <string>
#include <vector>

#include "coldload/cpp/diagnose.hpp"

namespace coldload {

struct ToldFact {
  uint32_t level = 0;
  std::string fact;
  std::string cause;
  std::string fix;
};

// told([](sdk::Diagnosis& out) { … })
template <typename Body>
std::vector<ToldFact> told(Body&& body) {
  std::vector<ToldFact> facts;
  sdk::Diagnosis out(
      [](void* context, const coldload_diagnosis* each) {
        static_cast<std::vector<ToldFact>*>(context)->push_back(
            {each->level, each->fact, each->cause, each->fix});
      },
      &facts);
  body(out);
  return facts;
}

}  // namespace coldload
