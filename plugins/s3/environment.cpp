#include "environment.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

constexpr size_t kFileBytesMax = size_t{1} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

// A file that is not there is an empty one.
IniFile read_ini(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw sdk::os_failure(errno, path);
  }
  std::string text(kFileBytesMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) throw sdk::os_failure(errno, path);
  if (text.size() > kFileBytesMax) {
    throw Failure(COLDLOAD_INVALID_OPTION, path + ": more than 1 MiB, expected AWS's shared file");
  }
  return parse_ini(path, text);
}

std::string file_path(const Variables& variables, const char* variable, const char* below_home) {
  const std::string named = variables(variable);
  const std::string home = variables("HOME");
  if (named.compare(0, 2, "~/") == 0) return home + named.substr(1);
  return named.empty() ? home + below_home : named;
}

const IniSection* find(const IniFile& file, const std::string& section) {
  const auto found = file.find(section);
  return found == file.end() ? nullptr : &found->second;
}

}  // namespace

Variables process_variables() {
  return [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
}

std::string Profile::get(const std::string& key) const {
  for (const IniSection* section : {&credentials, &config}) {
    const auto found = section->find(key);
    if (found != section->end()) return found->second;
  }
  return "";
}

Profile read_profile(const std::string& asked, const Variables& variables) {
  const std::string named = asked.empty() ? variables("AWS_PROFILE") : asked;
  const std::string config_path = file_path(variables, "AWS_CONFIG_FILE", "/.aws/config");
  const std::string credentials_path =
      file_path(variables, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  const IniFile config_file = read_ini(config_path);
  const IniFile credentials_file = read_ini(credentials_path);

  Profile profile;
  profile.name = named.empty() ? "default" : named;
  const IniSection* config = find(config_file, "profile " + profile.name);
  if (config == nullptr && profile.name == "default") config = find(config_file, "default");
  const IniSection* credentials = find(credentials_file, profile.name);
  if (config != nullptr) profile.config = *config;
  if (credentials != nullptr) profile.credentials = *credentials;
  if (config == nullptr && credentials == nullptr && !named.empty()) {
    throw Failure(COLDLOAD_INVALID_OPTION, "profile \"" + named + "\" stands neither in " + config_path +
                                               " (as [profile " + named + "]) nor in " + credentials_path);
  }
  const std::string services = profile.get("services");
  const IniSection* section = services.empty() ? nullptr : find(config_file, "services " + services);
  if (section != nullptr) profile.services = *section;
  return profile;
}

}  // namespace coldload::s3
