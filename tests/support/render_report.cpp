// Writes reports for the tests that look at one in a browser.
//
//   render_report sample OUT           tests/support/sample_report.hpp's
//   render_report large OUT            30 cases, 15 runs each, 30 shards
//   render_report hostile TEXT OUT     the sample with the content of file TEXT before every text in it
//   render_report document JSON OUT    what follows from a result document
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "core/report/html.hpp"
#include "tests/support/sample_report.hpp"

namespace {

std::string content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace

int main(int count, char** arguments) {
  using namespace coldload;
  const std::string_view what = count > 1 ? arguments[1] : "";
  ResultDocument document;
  std::string text;
  if (what == "sample" && count == 3) {
    document = sample_report_document();
  } else if (what == "large" && count == 3) {
    document = large_report_document({});
  } else if (what == "hostile" && count == 4) {
    text = content_of(arguments[2]);
    document = hostile_document(sample_report_document(), text);
  } else if (what == "document" && count == 4) {
    const auto json = json::parse(content_of(arguments[2]), arguments[2]);
    auto read = json ? document_from_json(*json) : fail(Status::invalid_option, json.error().message);
    if (!read) {
      fmt::print(stderr, "{}\n", read.error().message);
      return 1;
    }
    document = std::move(*read);
  } else {
    fmt::print(stderr,
               "usage: render_report sample OUT | large OUT | hostile TEXT OUT | document JSON OUT\n");
    return 2;
  }
  std::ofstream out(arguments[count - 1], std::ios::binary);
  out << render_html(what == "document" ? make_report(document, "a-run", "") : sample_report(document, text));
  out.close();
  if (!out) {
    fmt::print(stderr, "{}: could not be written\n", arguments[count - 1]);
    return 1;
  }
  return 0;
}
