// A shared library that is looked for when a run begins: what a plugin needs of a machine, but not to be
// built.
#pragma once

#include <dlfcn.h>

#include <string>

namespace coldload::sdk {

// Opens `file`, or where it is empty `name` as the dynamic linker finds it. It stays open until the process
// ends: such libraries start threads of their own. Throws unsupported(why), in the linker's words.
template <typename Unsupported>
[[nodiscard]] void* open_library(const char* name, const std::string& file, Unsupported&& unsupported) {
  void* library = ::dlopen(file.empty() ? name : file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* why = ::dlerror();
  throw unsupported(why == nullptr ? name : why);
}

// Throws unsupported(why) where the library has no such function.
template <typename Function, typename Unsupported>
void find_function(void* library, const char* name, Function& function, Unsupported&& unsupported) {
  void* found = ::dlsym(library, name);
  if (found == nullptr) throw unsupported(std::string("it lacks ") + name + ": a newer one is needed");
  function = reinterpret_cast<Function>(found);
}

}  // namespace coldload::sdk
