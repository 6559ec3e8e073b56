#include "core/analyse/environment_difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/compared_documents.hpp"

namespace coldload {

void PrintTo(const EnvironmentDifference& difference, std::ostream* out) {
  *out << difference.group << ": " << difference.what << ": " << difference.base << " / " << difference.fresh;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Difference = EnvironmentDifference;

std::vector<Difference> after(const std::function<void(ResultDocument&)>& change) {
  const ResultDocument base = sample_document();
  ResultDocument fresh = sample_document();
  change(fresh);
  return environment_differences(base, fresh);
}

TEST(EnvironmentDifference, IsNoneBetweenADocumentAndItself) {
  EXPECT_THAT(after([](ResultDocument&) {}), IsEmpty());
}

TEST(EnvironmentDifference, TellsMachineMountsPluginsAndSettingsInThatOrder) {
  EXPECT_THAT(environment_differences(compared_base(), compared_new()),
              ElementsAre(Difference{"machine", "kernel", "Linux 6.1.0 x86_64", "Linux 6.12.0 x86_64"},
                          Difference{"mount of local", "read-ahead", "128 KiB", "4 MiB"},
                          Difference{"plugin org.coldload.local", "sha256", std::string(64, 'a'),
                                     std::string(64, 'b')},
                          Difference{"scenario", "budget", "absent", "45 min 0 s"}));
}

TEST(EnvironmentDifference, TellsMemoryOnlyWhereItReadsDifferently) {
  const auto with_memory = [](uint64_t bytes) {
    return after([bytes](ResultDocument& document) {
      document.environment["memory"].as_object()["total_bytes"] = bytes;
    });
  };
  EXPECT_THAT(with_memory(8'000'100'000), IsEmpty());
  EXPECT_THAT(with_memory(16'000'000'000),
              ElementsAre(Difference{"machine", "memory", "8.00 GB", "16.0 GB"}));
}

TEST(EnvironmentDifference, TellsAPluginThatIsOnlyOnOneSide) {
  EXPECT_THAT(after([](ResultDocument& document) {
                document.plugins.push_back(json::object{{"id", "org.coldload.s3"}, {"version", "0.2.0"}});
              }),
              ElementsAre(Difference{"plugin org.coldload.s3", "version", "absent", "0.2.0"}));
}

TEST(EnvironmentDifference, TellsAnOptionOnceForAllCasesOfItsBackend) {
  EXPECT_THAT(after([](ResultDocument& document) {
                for (CaseRecord& record : document.cases) {
                  record.options["backend"] =
                      json::object{{"root", {{"value", "/other"}, {"source", "scenario"}}}};
                }
              }),
              ElementsAre(Difference{"backend local", "root", "/models", "/other"}));
}

TEST(EnvironmentDifference, TellsThatTheModelsBytesAreOthers) {
  EXPECT_THAT(
      after([](ResultDocument& document) {
        for (RunRecord& run : document.runs) {
          if (!run.checksum.empty()) run.checksum = std::string(32, 'c');
        }
      }),
      ElementsAre(Difference{"model", "checksum", "00112233445566778899aabbccddeeff", std::string(32, 'c')}));
}

TEST(EnvironmentDifference, TellsOfAModelNothingWhereOneSideVerifiedNothing) {
  EXPECT_THAT(after([](ResultDocument& document) {
                for (RunRecord& run : document.runs) run.checksum.clear();
              }),
              IsEmpty());
}

TEST(EnvironmentDifference, TellsACeilingThatIsFarFromTheOther) {
  const auto with_device = [](double share) {
    return after([share](ResultDocument& document) {
      for (ProbeRecord& probe : document.probes) {
        if (probe.tag == "device/direct") probe.bytes_per_second *= share;
      }
    });
  };
  EXPECT_THAT(with_device(0.95), IsEmpty());
  EXPECT_THAT(with_device(0.5),
              ElementsAre(Difference{"ceiling", "device/direct of local", "1.00 GB/s", "500 MB/s"}));
}

TEST(EnvironmentDifference, OfDocumentsThatSayNothingIsNone) {
  EXPECT_THAT(environment_differences(ResultDocument{}, ResultDocument{}), IsEmpty());
}

}  // namespace
}  // namespace coldload
