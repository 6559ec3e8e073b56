#include "core/plugin/trust.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace coldload {
namespace {

namespace fs = std::filesystem;

// Room for one entry of the user or group database; a larger one counts as not known.
using EntryText = std::array<char, size_t{64} * 1024>;

std::optional<std::string> user_name(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  EntryText text;
  if (::getpwuid_r(user, &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->pw_name;
}

std::optional<std::string> group_name(gid_t group) {
  ::group entry{};
  ::group* found = nullptr;
  EntryText text;
  if (::getgrgid_r(group, &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->gr_name;
}

// A user's own group, as distributions make one for each: it has the user's name and no other member.
bool is_of_one_user(gid_t group, uid_t user) {
  const auto name = user_name(user);
  ::group entry{};
  ::group* found = nullptr;
  EntryText text;
  if (!name || ::getgrgid_r(group, &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return false;
  if (*name != found->gr_name) return false;
  for (char** member = found->gr_mem; *member != nullptr; ++member) {
    if (*name != *member) return false;
  }
  return true;
}

}  // namespace

Trust::Trust(uid_t user, const fs::path& program) : owners_{0, user} {
  for (fs::path entry = program; !entry.empty(); entry = entry.parent_path()) {
    struct stat status{};
    if (::stat(entry.c_str(), &status) == 0) owners_.insert(status.st_uid);
    if (entry != program) above_program_.insert(entry);
    if (entry == entry.parent_path()) break;
  }
}

std::string Trust::objection(const fs::path& file) const {
  for (fs::path entry = file; !above_program_.contains(entry); entry = entry.parent_path()) {
    if (std::string found = objection_to(entry); !found.empty()) return found;
    if (entry == entry.parent_path()) break;
  }
  return {};
}

std::string Trust::objection_to(const fs::path& entry) const {
  constexpr std::string_view kWhy = "as root, only plugins that nobody else can replace are opened";
  struct stat status{};
  if (::stat(entry.c_str(), &status) != 0) {
    return fmt::format("cannot be judged: {}: {}", entry.string(), std::strerror(errno));
  }
  const std::string owner = owner_name(status.st_uid, status.st_gid);
  if (!owners_.contains(status.st_uid)) {
    return fmt::format("{} belongs to {}: {}; chown root:root {}", entry.string(), owner, kWhy,
                       entry.string());
  }
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) return {};
  const bool by_all = (status.st_mode & S_IWOTH) != 0;
  const bool by_group =
      (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0 && !is_of_one_user(status.st_gid, status.st_uid);
  if (!by_all && !by_group) return {};
  return fmt::format("{} may be written by others (mode {:04o}, {}): {}; chmod go-w {}", entry.string(),
                     status.st_mode & 07777U, owner, kWhy, entry.string());
}

bool is_privileged() {
  return ::geteuid() == 0;
}

std::string owner_name(uid_t user, gid_t group) {
  return fmt::format("{}:{}", user_name(user).value_or(std::to_string(user)),
                     group_name(group).value_or(std::to_string(group)));
}

}  // namespace coldload
