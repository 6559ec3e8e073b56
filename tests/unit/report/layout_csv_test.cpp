#include "core/report/layout_csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/golden.hpp"
#include "tests/support/layout_documents.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(LayoutCsv, IsTheGoldenOne) {
  const ResultDocument document = layout_document("nvme_wins");
  expect_golden(render_layout_csv(make_report(document, "20260102T030405Z-client", "")),
                "bench_nvme_wins.csv");
}

TEST(LayoutCsv, BeginsWithTheColumnsOthersRelyOn) {
  const ResultDocument document = sample_document();
  EXPECT_THAT(render_layout_csv(make_report(document, "run", "")),
              StartsWith("run_id,storage_mode,model,max_model_len,load_s,gpu_mem_used_mb,notes,"));
}

TEST(LayoutCsv, RunsNoTextAsAFormula) {
  ResultDocument document = layout_document("no_local_disk");
  document.scenario["model_path"] = "=HYPERLINK(\"http://x\")";
  EXPECT_THAT(render_layout_csv(make_report(document, "run", "")), HasSubstr("\"'=HYPERLINK"));
}

TEST(LayoutCsv, TakesTheLengthOfTheContextFromTheService) {
  ResultDocument document = layout_document("no_local_disk");
  document.scenario["service"].as_object()["argv"] = {"vllm", "serve", "--max-model-len=8192"};
  EXPECT_THAT(render_layout_csv(make_report(document, "run", "")),
              HasSubstr("run,network_mount,qwen2.5-7b,8192,"));
}

}  // namespace
}  // namespace coldload
