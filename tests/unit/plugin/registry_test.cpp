#include "core/plugin/registry.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/base/limits.hpp"
#include "core/plugin/precheck.hpp"
#include "support.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

SearchPath only(std::vector<fs::path> paths) {
  SearchPath path;
  path.files_or_directories = std::move(paths);
  return path;
}

// An empty folder of this test's own, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "coldload-plugin-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = fs::canonical(name);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Registry, LoadsAPluginWrittenInC_AndFindsItsComponentsByKindAndId) {
  const Registry registry = Registry::scan(only({test_plugin("every_option")}));
  ASSERT_EQ(registry.plugins().size(), 1U);
  EXPECT_TRUE(registry.refused().empty());
  EXPECT_STREQ(registry.plugins()[0].plugin->id, "org.example.every");
  EXPECT_EQ(registry.plugins()[0].file, fs::canonical(test_plugin("every_option")));
  const auto backend = registry.find(COLDLOAD_KIND_BACKEND, "every");
  if (!backend) FAIL() << "no backend \"every\"";
  EXPECT_STREQ(backend->table->summary, "An option of every type.");
  EXPECT_TRUE(registry.find(COLDLOAD_KIND_STRATEGY, "picky"));
  EXPECT_FALSE(registry.find(COLDLOAD_KIND_STRATEGY, "every"));
  EXPECT_FALSE(registry.find(COLDLOAD_KIND_BACKEND, "ever"));
}

TEST(Registry, ListsComponentsOfAKindSortedById) {
  const Registry registry = Registry::scan(only({test_plugin("plain"), test_plugin("every_option")}));
  const auto strategies = registry.components(COLDLOAD_KIND_STRATEGY);
  ASSERT_EQ(strategies.size(), 2U);
  EXPECT_STREQ(strategies[0].table->id, "picky");
  EXPECT_STREQ(strategies[1].table->id, "plain");
}

TEST(Registry, RefusesAnotherMajorOrMinor_WithBothVersions) {
  const Registry registry = Registry::scan(only({test_plugin("wrong_major"), test_plugin("wrong_minor")}));
  EXPECT_TRUE(registry.plugins().empty());
  EXPECT_EQ(refusal_of(registry, test_plugin("wrong_major")),
            "built for plugin ABI 7.2, this host has 0.2: build it against this host's SDK");
  EXPECT_EQ(refusal_of(registry, test_plugin("wrong_minor")),
            "built for plugin ABI 0.99, this host has 0.2: build it against this host's SDK");
}

TEST(Registry, RefusesASharedObjectWithoutTheSymbol) {
  const Registry registry = Registry::scan(only({test_plugin("no_symbol")}));
  EXPECT_EQ(refusal_of(registry, test_plugin("no_symbol")),
            "exports no symbol coldload_plugin_v1: not a coldload plugin");
}

TEST(Registry, RefusesAPluginThatNeedsAFunctionNobodyHas_AndNamesIt) {
  const Registry registry = Registry::scan(only({test_plugin("undefined_symbol")}));
  EXPECT_EQ(refusal_of(registry, test_plugin("undefined_symbol")),
            "cannot be opened: undefined symbol: coldload_test_function_nobody_provides");
}

TEST(Registry, RefusesAnOptionTableWhoseDefaultIsNone) {
  const Registry registry = Registry::scan(only({test_plugin("bad_default")}));
  EXPECT_EQ(refusal_of(registry, test_plugin("bad_default")),
            "component \"bad\": option \"chunk\": default \"9 MX\" is not bytes");
}

TEST(Registry, SaysHowAPluginThatDiesWhileLoadingDied_AndLoadsTheOthers) {
  const Registry registry = Registry::scan(
      only({test_plugin("load_segfault"), test_plugin("plain"), test_plugin("load_abort"),
            test_plugin("load_exit"), test_plugin("load_dangling"), test_plugin("every_option")}));
  EXPECT_EQ(refusal_of(registry, test_plugin("load_segfault")), "crashed while loading (SIGSEGV)");
  EXPECT_EQ(refusal_of(registry, test_plugin("load_abort")), "crashed while loading (SIGABRT)");
  EXPECT_EQ(refusal_of(registry, test_plugin("load_exit")),
            "ended the process while loading (exit status 3)");
  EXPECT_EQ(refusal_of(registry, test_plugin("load_dangling")), "crashed while loading (SIGSEGV)");
  EXPECT_EQ(registry.plugins().size(), 2U);
  EXPECT_FALSE(has_children());
}

TEST(Registry, SaysWhatAThrowingPluginThrew_AndLoadsTheOthers) {
  const Registry registry = Registry::scan(only({test_plugin("load_throw"), test_plugin("plain")}));
  EXPECT_EQ(refusal_of(registry, test_plugin("load_throw")), "threw while loading: no licence found");
  EXPECT_EQ(registry.plugins().size(), 1U);
}

TEST(Precheck, GivesUpOnAPluginThatHangs_AndGoesOn) {
  const auto reasons =
      check_in_child({test_plugin("load_hang"), test_plugin("no_symbol"), test_plugin("plain")}, 2000);
  ASSERT_EQ(reasons.size(), 3U);
  EXPECT_EQ(reasons[0], "did not finish loading within 2 s");
  EXPECT_THAT(reasons[1], HasSubstr("exports no symbol"));
  EXPECT_EQ(reasons[2], "");
  EXPECT_FALSE(has_children());
}

TEST(Precheck, IsNotHeldUpByAProcessThePluginLeftBehind) {
  const auto reasons = check_in_child({test_plugin("load_fork"), test_plugin("plain")}, 60'000);
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_EQ(reasons[0], "crashed while loading (SIGBUS)");
  EXPECT_EQ(reasons[1], "");
  EXPECT_FALSE(has_children());
}

TEST(Registry, RefusesASecondPluginOfAnId_NamingTheFirst) {
  const Registry registry = Registry::scan(only({test_plugin("plain"), test_plugin("same_id")}));
  ASSERT_EQ(registry.plugins().size(), 1U);
  EXPECT_EQ(
      refusal_of(registry, test_plugin("same_id")),
      "duplicate plugin id \"org.example.plain\": " + test_plugin("plain").string() + " has it already");
}

TEST(Registry, RefusesASecondComponentOfAKindAndId_NamingTheFirst) {
  const Registry registry = Registry::scan(only({test_plugin("same_component"), test_plugin("plain")}));
  ASSERT_EQ(registry.plugins().size(), 1U);
  EXPECT_EQ(refusal_of(registry, test_plugin("plain")),
            "duplicate component \"plain\": " + test_plugin("same_component").string() + " has it already");
}

TEST(Registry, TakesSharedObjectsOfADirectoryByName_AndNothingElse) {
  const Folder folder;
  fs::copy_file(test_plugin("every_option"), folder.path() / "b.so");
  fs::copy_file(test_plugin("plain"), folder.path() / "a.so");
  fs::copy_file(test_plugin("no_symbol"), folder.path() / "c.so.disabled");
  fs::create_directory(folder.path() / "d");
  const Registry registry = Registry::scan(only({folder.path()}));
  ASSERT_EQ(registry.plugins().size(), 2U);
  EXPECT_EQ(registry.plugins()[0].file, folder.path() / "a.so");
  EXPECT_EQ(registry.plugins()[1].file, folder.path() / "b.so");
  EXPECT_TRUE(registry.refused().empty());
}

TEST(Registry, CountsAFileReachedByTwoWaysOnce) {
  const Folder folder;
  fs::create_symlink(test_plugin("plain"), folder.path() / "link.so");
  const Registry registry = Registry::scan(only({test_plugin("plain"), folder.path()}));
  EXPECT_EQ(registry.plugins().size(), 1U);
  EXPECT_TRUE(registry.refused().empty());
}

TEST(Registry, SaysSoOfAnotherFileWithTheRightEnding) {
  const Folder folder;
  std::ofstream(folder.path() / "text.so") << std::string(4096, 'x');
  std::ofstream(folder.path() / "void.so").flush();
  fs::create_directory(folder.path() / "folder.so");
  fs::create_symlink(folder.path() / "nowhere", folder.path() / "broken.so");
  const Registry registry = Registry::scan(only({folder.path()}));
  EXPECT_EQ(refusal_of(registry, folder.path() / "text.so"), "cannot be opened: invalid ELF header");
  EXPECT_EQ(refusal_of(registry, folder.path() / "void.so"), "cannot be opened: file too short");
  EXPECT_EQ(refusal_of(registry, folder.path() / "folder.so"), "is no regular file");
  EXPECT_EQ(refusal_of(registry, folder.path() / "broken.so"), "cannot be opened: No such file or directory");
}

TEST(Registry, RefusesAMissingPathOnlyWhereSomebodyNamedIt) {
  SearchPath path = only({"/nonexistent/named"});
  path.environment = {"/nonexistent/environment"};
  path.user_data = "/nonexistent/user";
  path.installed = "/nonexistent/installed";
  const Registry registry = Registry::scan(path);
  ASSERT_EQ(registry.refused().size(), 1U);
  EXPECT_EQ(refusal_of(registry, "/nonexistent/named"), "cannot be found: No such file or directory");
}

TEST(Registry, OpensAsManyFilesAsTheLimit_AndRefusesOneMore) {
  const Folder folder;
  const auto name = [&](size_t i) { return folder.path() / (std::to_string(1000 + i) + ".so"); };
  for (size_t i = 0; i <= limits::kPluginsMax; ++i) std::ofstream(name(i)) << "x";
  const Registry registry = Registry::scan(only({folder.path()}));
  EXPECT_EQ(refusal_of(registry, name(limits::kPluginsMax - 1)), "cannot be opened: file too short");
  EXPECT_EQ(refusal_of(registry, name(limits::kPluginsMax)),
            "is one more than the limit of 256 plugin files");
}

TEST(Registry, LoadsWhatAWorkerIsTold_InThatOrder) {
  const Registry registry = Registry::load({test_plugin("plain"), test_plugin("every_option"), "plain.so"});
  ASSERT_EQ(registry.plugins().size(), 2U);
  EXPECT_STREQ(registry.plugins()[0].plugin->id, "org.example.plain");
  EXPECT_EQ(refusal_of(registry, "plain.so"), "is not an absolute path");
}

TEST(SearchPath, HoldsTheOptionsTheEnvironmentTheUsersAndTheInstalledDirectory) {
  const Variable path("COLDLOAD_PLUGIN_PATH", "/a:/b/c.so");
  const Variable data("XDG_DATA_HOME", "/data");
  const auto found = default_search_path({"/named.so"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->files_or_directories, testing::ElementsAre("/named.so"));
  EXPECT_THAT(found->environment, testing::ElementsAre("/a", "/b/c.so"));
  EXPECT_EQ(found->user_data, "/data/coldload/plugins");
  const fs::path executable = fs::canonical("/proc/self/exe");
  EXPECT_EQ(found->installed, executable.parent_path().parent_path() / "lib/coldload/plugins");
}

TEST(SearchPath, WithoutXdgDataHomeIsBelowHome_AndWithoutHomeNowhere) {
  const Variable path("COLDLOAD_PLUGIN_PATH", nullptr);
  const Variable data("XDG_DATA_HOME", nullptr);
  {
    const Variable home("HOME", "/home/somebody");
    EXPECT_EQ(default_search_path({})->user_data, "/home/somebody/.local/share/coldload/plugins");
  }
  const Variable home("HOME", nullptr);
  EXPECT_EQ(default_search_path({})->user_data, "");
}

TEST(SearchPath, RefusesARelativePath_NamingItAndWhereItCameFrom) {
  const auto named = default_search_path({"/good.so", "plugins/mine.so"});
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().status, Status::invalid_option);
  EXPECT_EQ(named.error().message,
            "--plugin: \"plugins/mine.so\" is not an absolute path, and plugins are never looked for in the "
            "current "
            "directory");
  const Variable path("COLDLOAD_PLUGIN_PATH", "/a:b");
  EXPECT_THAT(default_search_path({}).error().message,
              HasSubstr("COLDLOAD_PLUGIN_PATH: \"b\" is not an absolute"));
  const Variable none("COLDLOAD_PLUGIN_PATH", nullptr);
  const Variable data("XDG_DATA_HOME", "data");
  EXPECT_THAT(default_search_path({}).error().message,
              HasSubstr("XDG_DATA_HOME: \"data\" is not an absolute"));
}

TEST(SearchPath, RefusesAnEmptyElement_AsItWouldMeanTheCurrentDirectory) {
  for (const char* value : {"/a:", "/a::/b"}) {
    const Variable path("COLDLOAD_PLUGIN_PATH", value);
    const auto found = default_search_path({});
    ASSERT_FALSE(found) << value;
    EXPECT_EQ(found.error().message,
              std::string("COLDLOAD_PLUGIN_PATH: element 2 of \"") + value +
                  "\" is empty; plugins are never looked for in the current directory");
  }
  const Variable path("COLDLOAD_PLUGIN_PATH", "");
  EXPECT_TRUE(default_search_path({}));
}

}  // namespace
}  // namespace coldload
