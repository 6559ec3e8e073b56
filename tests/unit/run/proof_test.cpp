// What residency and device bytes prove.
#include "core/run/proof.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace coldload {
namespace {

using ::testing::HasSubstr;

ProofInputs inputs(CacheState cache, std::optional<double> resident, std::optional<uint64_t> device_bytes) {
  ProofInputs in;
  in.cache = cache;
  in.before = {resident, resident ? "cachestat" : "none", resident ? "" : "not the owner"};
  in.after = in.before;
  in.device_bytes = device_bytes;
  in.model_bytes = 10'000;
  return in;
}

TEST(ProofOfCold, IsResidencyAndBytesUpTo1PercentResidentAndFrom98PercentRead) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.01, 9'800));
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::residency_and_bytes);
  EXPECT_EQ(proof.method, "cachestat");
  EXPECT_EQ(proof.device_ratio, 0.98);
  EXPECT_EQ(proof.reason, "");
}

TEST(ProofOfCold, FailsAbove1PercentResident) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.0101, 10'000));
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(proof.reason, "1.0 % of the bytes were still in the page cache when the clock started");
}

TEST(ProofOfCold, FailsBelow98PercentFromTheDevice) {
  for (const std::optional<double> resident : {std::optional<double>(0.0), std::optional<double>()}) {
    const Proof proof = judge_proof(inputs(CacheState::cold, resident, 9'799));
    EXPECT_FALSE(proof.valid);
    EXPECT_EQ(proof.reason, "only 98.0 % of the bytes came from the device");
  }
}

TEST(ProofOfCold, IsByBytesWhereResidencyCannotBeKnown) {
  const Proof proof = judge_proof(inputs(CacheState::cold, std::nullopt, 9'800));
  EXPECT_TRUE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::bytes);
  EXPECT_EQ(proof.reason, "not the owner");
}

TEST(ProofOfCold, FailsWhereTheKernelCountsNoBytes) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.0, std::nullopt));
  EXPECT_FALSE(proof.valid);
  EXPECT_THAT(proof.reason, HasSubstr("counts no device bytes"));
}

TEST(ProofOfCold, SaysWhoseBytesCannotBeSeen) {
  ProofInputs in = inputs(CacheState::cold, 0.0, std::nullopt);
  in.device_unknown = "what process 7 read cannot be seen: permission denied";
  EXPECT_EQ(judge_proof(in).reason, in.device_unknown);
}

TEST(ProofOfCold, OfAProgramTellsThatItsBytesAreOfAnyFile) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 50'000);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::residency_and_bytes);
  EXPECT_EQ(proof.device_ratio, 5.0);
  EXPECT_EQ(proof.caveat, "device bytes are of every file that the program read");
}

TEST(ProofOfCold, OfAProgramIsNeverByBytesAlone) {
  ProofInputs in = inputs(CacheState::cold, std::nullopt, 50'000);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(
      proof.reason,
      "what of the model was cached cannot be known (not the owner), and device bytes of a program may be of "
      "other files");
}

TEST(ProofOfCold, OfAProgramThatLetsOthersReadFailsAndSaysSo) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 100);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.reason,
            "the program and what it started read only 1.0 % of the model's bytes from the device; what "
            "others read "
            "for it, as a container's daemon does, is not seen");
}

TEST(ProofOfCold, IsNoLocalCacheWhereNothingStaysHere) {
  ProofInputs in = inputs(CacheState::cold, std::nullopt, 0);
  in.no_local_cache = true;
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::no_local_cache);
  EXPECT_EQ(proof.device_ratio, std::nullopt);
  EXPECT_EQ(proof.caveat, "what the other side caches is not proved");
}

TEST(ProofOfCold, IsUnprovableAboveACacheOfTheFileSystemsOwn) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 10'000);
  in.hidden_cache = "ZFS keeps its own cache (ARC)";
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(proof.reason, "ZFS keeps its own cache (ARC)");
}

TEST(ProofOfCold, TellsWhatCouldNotBeLookedAt) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 10'000);
  in.unseen_below = "the file system below the overlay cannot be seen from here";
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.caveat, in.unseen_below);
}

TEST(ProofOfWarm, IsFrom99PercentResidentAndUpTo1PercentRead) {
  const Proof proof = judge_proof(inputs(CacheState::warm, 0.99, 100));
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::warm);
  const Proof cool = judge_proof(inputs(CacheState::warm, 0.9899, 0));
  EXPECT_FALSE(cool.valid);
  EXPECT_EQ(cool.reason, "only 99.0 % of the bytes were in the page cache");
  const Proof read = judge_proof(inputs(CacheState::warm, 1.0, 101));
  EXPECT_FALSE(read.valid);
  EXPECT_EQ(read.reason, "1.0 % of the bytes came from the device");
}

TEST(ProofOfWarm, FailsWhereResidencyOrBytesCannotBeKnown) {
  const Proof unseen = judge_proof(inputs(CacheState::warm, std::nullopt, 0));
  EXPECT_FALSE(unseen.valid);
  EXPECT_EQ(unseen.reason, "not the owner");
  const Proof uncounted = judge_proof(inputs(CacheState::warm, 1.0, std::nullopt));
  EXPECT_FALSE(uncounted.valid);
  EXPECT_THAT(uncounted.reason, HasSubstr("counts no device bytes"));
}

TEST(Proof, OfCachesAsTheyAreClaimsNothing) {
  for (const CacheState cache : {CacheState::as_is, CacheState::first_start}) {
    const Proof proof = judge_proof(inputs(cache, 0.5, 5'000));
    EXPECT_TRUE(proof.valid);
    EXPECT_EQ(proof.kind, ProofKind::as_is);
    EXPECT_EQ(proof.resident_before, 0.5);
  }
}

}  // namespace
}  // namespace coldload
