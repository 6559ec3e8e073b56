// COLDLOAD_EXT_DIAGNOSE as a function of the class: what a component knows of its surroundings.
//
//   void diagnose(const std::string& prefix, sdk::Diagnosis& out) {
//     out.ok("mount: ext4 on /dev/nvme0n1");
//   }
//   const void* get_extension(std::string_view id) override {
//     return id == COLDLOAD_EXT_DIAGNOSE ? &sdk::kDiagnoseOps<MyBackend> : nullptr;
//   }
#pragma once

#include <string>
#include <type_traits>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/strategy.hpp"
#include "coldload/ext/diagnose.h"

namespace coldload::sdk {

// Takes facts, one after the other. Texts start lower-case, have no final period and hold no secret.
class Diagnosis {
 public:
  using Callback = void (*)(void* context, const coldload_diagnosis* diagnosis);
  Diagnosis(Callback callback, void* context) : callback_(callback), context_(context) {}

  void ok(const std::string& fact) { tell(COLDLOAD_DIAGNOSIS_OK, fact, "", ""); }
  // It works, but not as well as it could, or not for all cases. `fix` says what to do about it.
  void warning(const std::string& fact, const std::string& cause, const std::string& fix) {
    tell(COLDLOAD_DIAGNOSIS_WARNING, fact, cause, fix);
  }
  // Nothing will run like this.
  void error(const std::string& fact, const std::string& cause, const std::string& fix) {
    tell(COLDLOAD_DIAGNOSIS_ERROR, fact, cause, fix);
  }

 private:
  void tell(uint32_t level, const std::string& fact, const std::string& cause, const std::string& fix) {
    coldload_diagnosis diagnosis = {};
    diagnosis.struct_size = sizeof diagnosis;
    diagnosis.level = level;
    diagnosis.fact = fact.c_str();
    diagnosis.cause = cause.c_str();
    diagnosis.fix = fix.c_str();
    callback_(context_, &diagnosis);
  }

  Callback callback_;
  void* context_;
};

namespace detail {

template <typename T>
coldload_status diagnose(void* self, const char* prefix, Diagnosis::Callback callback, void* context,
                         coldload_error* error) {
  static_assert(std::is_base_of<Backend, T>::value || std::is_base_of<Strategy, T>::value,
                "T is a class of a backend or of a strategy");
  using Base = std::conditional_t<std::is_base_of<Backend, T>::value, Backend, Strategy>;
  return guarded(error, [&] {
    Diagnosis out(callback, context);
    static_cast<T&>(*static_cast<Base*>(self)).diagnose(prefix, out);
  });
}

}  // namespace detail

// For get_extension() of a Backend or Strategy `T` with `void diagnose(const std::string& prefix, Diagnosis&
// out)`. What it throws becomes the error of the whole: facts told before stand. [control-thread]
template <typename T>
inline constexpr coldload_diagnose_ops kDiagnoseOps = {sizeof(coldload_diagnose_ops), 0,
                                                       &detail::diagnose<T>};

}  // namespace coldload::sdk
