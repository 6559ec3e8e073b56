// Golden files below tests/golden/, read by people before they are trusted.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace coldload {

// COLDLOAD_UPDATE_GOLDEN=1 writes them anew.
inline void expect_golden(const std::string& text, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(COLDLOAD_SOURCE_DIR) / "tests/golden" / name;
  if (std::getenv("COLDLOAD_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << "no golden file " << path;
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(golden.str(), text) << path;
}

}  // namespace coldload
