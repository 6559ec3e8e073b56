#include "plugins/s3/sigv4.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace coldload::s3 {
namespace {

// 2013-05-24T00:00:00Z, the moment of the examples in AWS's S3 API reference.
constexpr std::time_t kExampleTime = 1'369'353'600;
// Published there, and valid nowhere.
const Keys kExampleKeys = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

UnsignedRequest example_request() {
  UnsignedRequest request;
  request.method = "GET";
  request.host = "examplebucket.s3.amazonaws.com";
  request.path = "/";
  return request;
}

std::string authorization_of(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "authorization") return value;
  }
  return "";
}

std::string signature_of(const UnsignedRequest& request) {
  const std::string text = authorization_of(signed_headers(request, kExampleKeys, "us-east-1", kExampleTime));
  return text.substr(text.find("Signature=") + 10);
}

TEST(Sigv4, GivesTheSignatureThatAwsDocumentsForARangedGet) {
  UnsignedRequest request = example_request();
  request.path = "/test.txt";
  request.headers = {{"range", "bytes=0-9"}};
  EXPECT_EQ(signature_of(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Sigv4, GivesTheSignatureThatAwsDocumentsForGetBucketLifecycle) {
  UnsignedRequest request = example_request();
  request.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature_of(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(Sigv4, GivesTheSignatureThatAwsDocumentsForListObjects) {
  UnsignedRequest request = example_request();
  request.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(signature_of(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Sigv4, NamesEverySignedHeaderAndTheScope) {
  UnsignedRequest request = example_request();
  request.headers = {{"range", "bytes=0-9"}};
  Keys keys = kExampleKeys;
  keys.session_token = "token";
  const Headers headers = signed_headers(request, keys, "eu-west-1", kExampleTime);
  EXPECT_THAT(
      authorization_of(headers),
      ::testing::StartsWith(
          "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/eu-west-1/s3/aws4_request, "
          "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="));
}

TEST(Sigv4, SecretNeverStandsInAHeader) {
  for (const auto& [name, value] :
       signed_headers(example_request(), kExampleKeys, "us-east-1", kExampleTime)) {
    EXPECT_EQ(value.find(kExampleKeys.secret_key), std::string::npos) << name;
  }
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = text.find(separator); end != std::string::npos; end = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (text.empty()) return pairs;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    pairs.emplace_back(from_hex(part.substr(0, equals)), from_hex(part.substr(equals + 1)));
  }
  return pairs;
}

std::vector<std::string> lines_of_program(const std::string& command) {
  struct Close {
    void operator()(std::FILE* file) const { (void)::pclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::string text;
  char chunk[4096];
  while (const size_t got = std::fread(chunk, 1, sizeof chunk, pipe.get())) text.append(chunk, got);
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();
  return lines;
}

TEST(Sigv4, AgreesWithBotocoreOn2000Requests) {
  const auto lines = lines_of_program("/usr/bin/python3 -B '" COLDLOAD_SOURCE_DIR
                                      "/tests/unit/s3/botocore_requests.py' 2000");
  ASSERT_EQ(lines.size(), 2000u) << "python3-botocore is needed";
  for (const std::string& line : lines) {
    std::vector<std::string> fields;
    for (const std::string& field : split(line, '\t')) fields.push_back(from_hex(field));
    ASSERT_EQ(fields.size(), 14u);
    const Addressing addressing = fields[2] == "virtual" ? Addressing::virtual_host : Addressing::path;
    const Target target = target_of(parse_endpoint("endpoint", fields[1]), addressing, fields[3], fields[4]);
    UnsignedRequest request;
    request.method = fields[0];
    request.host = target.host;
    request.path = target.path;
    request.query = pairs_of(fields[5]);
    request.headers = pairs_of(fields[6]);
    request.payload_hash = fields[7];
    const Headers headers =
        signed_headers(request, {fields[8], fields[9], fields[10]}, fields[11], std::stoll(fields[12]));
    ASSERT_EQ(authorization_of(headers), fields[13]) << target.url;
  }
}

}  // namespace
}  // namespace coldload::s3
