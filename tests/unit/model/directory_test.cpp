#include "core/model/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/limits.hpp"
#include "core/model/inspect.hpp"
#include "tests/unit/model/shard_file.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kFirst = "model-00001-of-00002.safetensors";
constexpr std::string_view kSecond = "model-00002-of-00002.safetensors";

std::string index_of(std::string_view weight_map, uint64_t total = 12) {
  return fmt::format(R"({{"metadata":{{"total_size":{}}},"weight_map":{{{}}}}})", total, weight_map);
}

// Two shards of tensors a, b and c, and their index.
void write_model(const TemporaryDirectory& directory, const std::filesystem::path& below = ".") {
  directory.write(below / kFirst, shard_of({"a", "b"}));
  directory.write(below / kSecond, shard_of({"c"}));
  directory.write(below / kIndexName,
                  index_of(fmt::format(R"("a":"{0}","b":"{0}","c":"{1}")", kFirst, kSecond)));
  directory.write(below / "config.json", "{}");
}

std::vector<std::string> inconsistencies_of(const TemporaryDirectory& directory) {
  const auto inspection = inspect_directory(directory.path());
  if (!inspection) return {"error: " + inspection.error().message};
  return inspection->inconsistencies;
}

TEST(ModelObjects, AreItems_SmallFiles_OrIgnored_ByNameOnly) {
  EXPECT_EQ(kind_of_object("model.safetensors", 0), ObjectKind::item);
  EXPECT_EQ(kind_of_object("model.safetensors.index.json", 9), ObjectKind::small_file);
  EXPECT_EQ(kind_of_object("original/x.safetensors", 9), ObjectKind::small_file);
  EXPECT_EQ(kind_of_object("pytorch_model.bin", limits::kSmallFileBytesMax), ObjectKind::small_file);
  EXPECT_EQ(kind_of_object("pytorch_model.bin", limits::kSmallFileBytesMax + 1), ObjectKind::ignored);
  EXPECT_EQ(kind_of_object(".cache/x.safetensors", 9), ObjectKind::ignored);
  EXPECT_EQ(kind_of_object("a/.git/config", 9), ObjectKind::ignored);
}

TEST(ModelObjects, AreSortedByName_AndKeepTheirKey) {
  const auto objects =
      classify_objects({{"m/x/b.safetensors", 2}, {"m/x/a.safetensors", 1}, {"m/x/config.json", 3}}, "m/x");
  ASSERT_TRUE(objects) << objects.error().message;
  ASSERT_EQ(objects->items.size(), 2U);
  EXPECT_EQ(objects->items[0].name, "a.safetensors");
  EXPECT_EQ(objects->items[0].key, "m/x/a.safetensors");
  EXPECT_EQ(objects->items[0].size_bytes, 1U);
  EXPECT_EQ(objects->small_files.at(0).name, "config.json");
}

TEST(ModelObjects, RefusesKeysThatAreTwice_TooLong_OrElsewhere) {
  EXPECT_EQ(classify_objects({{"m/a", 1}, {"m/a", 1}}, "m").error().message, "\"m/a\": listed twice");
  EXPECT_EQ(classify_objects({{"mx/a", 1}}, "m").error().message, "\"mx/a\": listed, but not below \"m\"");
  EXPECT_TRUE(classify_objects({{std::string(limits::kKeyBytesMax, 'k'), 1}}, ""));
  EXPECT_THAT(classify_objects({{std::string(limits::kKeyBytesMax + 1, 'k'), 1}}, "").error().message,
              HasSubstr("key of 4097 bytes"));
}

TEST(ModelObjects, BoundsTheirNumber) {
  std::vector<ObjectEntry> listing;
  listing.reserve(limits::kObjectsMax + 1);
  for (size_t i = 0; i < limits::kObjectsMax; ++i) listing.push_back({std::to_string(i), 1});
  EXPECT_TRUE(classify_objects(listing, ""));
  listing.push_back({"one more", 1});
  EXPECT_THAT(classify_objects(listing, "").error().message,
              HasSubstr("100001 objects, the limit is 100000"));
}

TEST(Inspection, OfAModelThatFits_IsConsistent) {
  const TemporaryDirectory directory;
  write_model(directory);
  const auto inspection = inspect_directory(directory.path());
  ASSERT_TRUE(inspection) << inspection.error().message;
  EXPECT_THAT(inspection->inconsistencies, IsEmpty());
  ASSERT_EQ(inspection->shards.size(), 2U);
  EXPECT_EQ(inspection->shards[0].name, kFirst);
  EXPECT_EQ(header_of(inspection->shards[0]).tensors.size(), 2U);
  EXPECT_EQ(inspection->small_files.size(), 2U);
}

TEST(Inspection, OfOneShardWithoutIndex_IsConsistent) {
  const TemporaryDirectory directory;
  directory.write("model.safetensors", shard_of({"a"}));
  EXPECT_THAT(inconsistencies_of(directory), IsEmpty());
}

TEST(Inspection, NamesAShardThatIsMissing_ByIndexAndByNumber) {
  const TemporaryDirectory directory;
  write_model(directory);
  std::filesystem::remove(directory.path() / kSecond);
  EXPECT_THAT(inconsistencies_of(directory),
              ElementsAre(fmt::format("{}: missing", kSecond),
                          fmt::format("{}: named by the index, but missing", kSecond),
                          fmt::format("{}: total_size is 12, the shards' tensors have 8 bytes", kIndexName)));
}

TEST(Inspection, NamesAMissingNumberWithoutAnIndex) {
  const TemporaryDirectory directory;
  directory.write("model-00003-of-00003.safetensors", shard_of({"a"}));
  EXPECT_THAT(inconsistencies_of(directory), ElementsAre("model-00001-of-00003.safetensors: missing",
                                                         "model-00002-of-00003.safetensors: missing"));
}

TEST(Inspection, NamesATensorThatTheIndexDoesNotKnow_ButTheShardHas_AndTheOtherWayRound) {
  const TemporaryDirectory directory;
  write_model(directory);
  directory.write(kIndexName, index_of(fmt::format(R"("a":"{0}","d":"{0}","c":"{1}")", kFirst, kSecond)));
  EXPECT_THAT(inconsistencies_of(directory),
              ElementsAre(fmt::format("tensor \"b\" of {} is not in the index", kFirst),
                          fmt::format("tensor \"d\" is not in {}, where the index says", kFirst)));
}

TEST(Inspection, NamesATensorThatIsInAnotherShardThanTheIndexSays) {
  const TemporaryDirectory directory;
  write_model(directory);
  directory.write(kIndexName, index_of(fmt::format(R"("a":"{1}","b":"{0}","c":"{1}")", kFirst, kSecond)));
  EXPECT_THAT(inconsistencies_of(directory),
              ElementsAre(fmt::format("tensor \"a\" is in {}, the index says {}", kFirst, kSecond)));
}

TEST(Inspection, NamesATensorThatTwoShardsHold) {
  const TemporaryDirectory directory;
  directory.write("1.safetensors", shard_of({"a"}));
  directory.write("2.safetensors", shard_of({"a"}));
  EXPECT_THAT(inconsistencies_of(directory),
              ElementsAre("tensor \"a\" is in 1.safetensors and in 2.safetensors"));
}

TEST(Inspection, NamesAShardThatTheIndexDoesNotName_InOneLine) {
  const TemporaryDirectory directory;
  write_model(directory);
  directory.write("consolidated.safetensors", shard_of({"x", "y"}));
  EXPECT_THAT(inconsistencies_of(directory),
              ElementsAre("consolidated.safetensors: not named by the index", HasSubstr("total_size is 12")));
}

TEST(Inspection, NamesABrokenHeader_ATruncatedShard_ABrokenLink_AndABrokenIndex) {
  const TemporaryDirectory directory;
  directory.write("1.safetensors", "short");
  directory.write("2.safetensors", shard_of({"a"}).substr(0, 67));
  directory.write(kIndexName, "{}");
  std::filesystem::create_symlink("../blobs/gone", directory.path() / "3.safetensors");
  const auto found = inconsistencies_of(directory);
  EXPECT_THAT(
      found, ::testing::UnorderedElementsAre("1.safetensors: 5 bytes, a safetensors file has at least 8",
                                             HasSubstr("2.safetensors: header of"),
                                             "\"3.safetensors\": link to ../blobs/gone, which does not exist",
                                             "model.safetensors.index.json: no weight_map"));
}

TEST(Inspection, NamesWhatStandsInAShardsPlaceAndIsNone) {
  const TemporaryDirectory directory;
  directory.write("1.safetensors", shard_of({"a"}));
  directory.write("2.safetensors/config.json", "{}");
  directory.write("notes/config.json", "{}");
  directory.write(".hidden.safetensors/config.json", "{}");
  ASSERT_EQ(::mkfifo((directory.path() / "3.safetensors").c_str(), 0600), 0);
  std::filesystem::create_symlink("gone", directory.path() / "4.safetensors");
  std::filesystem::create_symlink("1.safetensors", directory.path() / "5.safetensors");
  std::filesystem::create_symlink("gone", directory.path() / "README");
  const auto faults = faulty_files(directory.path(), Wanted::shards);
  ASSERT_TRUE(faults) << faults.error().message;
  EXPECT_THAT(*faults,
              ElementsAre("\"2.safetensors\": is a directory", "\"3.safetensors\": is no regular file",
                          "\"4.safetensors\": link to gone, which does not exist"));
  EXPECT_THAT(inconsistencies_of(directory), ::testing::IsSupersetOf(*faults));
  const auto every = faulty_files(directory.path(), Wanted::every_file);
  ASSERT_TRUE(every) << every.error().message;
  EXPECT_EQ(every->size(), 4U);
  EXPECT_THAT(*every, ::testing::Contains("\"README\": link to gone, which does not exist"));
  EXPECT_FALSE(faulty_files(directory.path() / "nosuch", Wanted::shards));
}

TEST(Inspection, OfADirectoryWithoutShards_SaysSo) {
  const TemporaryDirectory directory;
  EXPECT_THAT(inconsistencies_of(directory), ElementsAre("no *.safetensors object"));
}

TEST(Inspection, ShowsABoundedNumberOfInconsistencies_AndCountsTheRest) {
  const TemporaryDirectory directory;
  for (size_t i = 0; i <= limits::kInconsistenciesMax; ++i)
    directory.write(fmt::format("{}.safetensors", i), "short");
  const auto inspection = inspect_directory(directory.path());
  ASSERT_TRUE(inspection);
  EXPECT_EQ(inspection->inconsistencies.size(), limits::kInconsistenciesMax);
  EXPECT_EQ(inspection->inconsistencies_not_shown, 1U);
  EXPECT_THAT(render_inspection(*inspection), HasSubstr("… and 1 more"));
}

TEST(Inspection, OfNoDirectory_IsNotFound) {
  const TemporaryDirectory directory;
  directory.write("file", "");
  const auto missing = inspect_directory(directory.path() / "missing");
  EXPECT_EQ(missing.error().status, Status::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("missing: no such directory"));
  EXPECT_EQ(inspect_directory(directory.path() / "file").error().status, Status::not_found);
}

class HuggingFaceCache : public ::testing::Test {
 protected:
  void add_snapshot(const std::string& revision) {
    directory_.write("models--o--n/blobs/b1", shard_of({"a"}));
    std::filesystem::create_directories(root() / "snapshots" / revision);
    std::filesystem::create_symlink("../../blobs/b1", root() / "snapshots" / revision / "model.safetensors");
  }
  [[nodiscard]] std::filesystem::path root() const { return directory_.path() / "models--o--n"; }
  TemporaryDirectory directory_;
};

TEST_F(HuggingFaceCache, ResolvesToTheSnapshotOfRefsMain_ThroughLinkedBlobs) {
  add_snapshot("1111");
  add_snapshot("2222");
  directory_.write("models--o--n/refs/main", "2222\n");
  const auto inspection = inspect_directory(root());
  ASSERT_TRUE(inspection) << inspection.error().message;
  EXPECT_EQ(inspection->directory, root() / "snapshots" / "2222");
  EXPECT_THAT(inspection->inconsistencies, IsEmpty());
  EXPECT_EQ(inspection->shards.at(0).size_bytes, shard_of({"a"}).size());
}

TEST_F(HuggingFaceCache, ResolvesToTheOnlySnapshot) {
  add_snapshot("1111");
  EXPECT_EQ(resolve_model_directory(root()).value(), root() / "snapshots" / "1111");
}

TEST_F(HuggingFaceCache, WithSeveralSnapshotsAndNoRef_NamesThem) {
  add_snapshot("2222");
  add_snapshot("1111");
  const auto resolved = resolve_model_directory(root());
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().status, Status::invalid_option);
  EXPECT_THAT(resolved.error().message,
              HasSubstr("2 snapshots and no refs/main: name one of snapshots/1111, snapshots/2222"));
}

TEST_F(HuggingFaceCache, RefusesARefThatIsNoSnapshot_OrLeadsElsewhere) {
  add_snapshot("1111");
  for (const std::string_view ref : {"3333", "../..", "..", "/etc", ""}) {
    directory_.write("models--o--n/refs/main", ref);
    EXPECT_THAT(resolve_model_directory(root()).error().message, HasSubstr("which is no snapshot")) << ref;
  }
}

TEST(RenderedInspection, ShowsShards_Dtypes_Totals_AndThatNothingIsWrong) {
  const TemporaryDirectory directory;
  write_model(directory);
  const std::string text = render_inspection(*inspect_directory(directory.path()));
  const uint64_t first = shard_of({"a", "b"}).size();
  const uint64_t second = shard_of({"c"}).size();
  EXPECT_THAT(text, HasSubstr(fmt::format("{}  {} B ({} B)        2  F32 8 B\n", kFirst, first, first)));
  EXPECT_THAT(text,
              HasSubstr(fmt::format("total of 2 shards                 {0} B ({0} B)        3  F32 12 B\n",
                                    first + second)));
  EXPECT_THAT(text, HasSubstr("\n2 small files, "));
  EXPECT_THAT(text, HasSubstr("index: 3 tensors\nconsistent\n"));
}

TEST(RenderedInspection, ListsWhatIsInconsistent_WithoutControlBytesOfItsNames) {
  const TemporaryDirectory directory;
  directory.write("evil\x1b[2J.safetensors", "short");
  const std::string text = render_inspection(*inspect_directory(directory.path()));
  EXPECT_THAT(text, HasSubstr("inconsistent, 1 finding:\n  evil [2J.safetensors: 5 bytes"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace coldload
