#include "core/record/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/limits.hpp"
#include "core/record/run_manifest.hpp"

namespace coldload {
namespace {

constexpr uint64_t kDocumentBytesMax = 2 * limits::kGiB;

Result<Descriptor> open_lines(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
  if (!file.valid()) return fail_errno(errno, path.string());
  return file;
}

Result<void> append_line(const Descriptor& file, const json::value& line, const std::filesystem::path& path) {
  // One write, so that a kill leaves whole lines and at most one cut one at the end.
  auto written = write_all(file.get(), json::dump(line) + "\n");
  if (written && ::fdatasync(file.get()) != 0) written = fail_errno(errno, "fdatasync");
  if (!written) {
    return fail(written.error().status, fmt::format("{}: {}", path.string(), written.error().message),
                written.error().os_error);
  }
  return {};
}

// Calls `take` with each whole line; what follows the last newline was cut by a kill and is dropped.
template <typename Take>
Result<void> for_each_line(const std::filesystem::path& path, Take&& take) {
  const auto content = read_small_file(path, kDocumentBytesMax);
  if (!content) return pass(content);
  size_t number = 0;
  size_t at = 0;
  while (true) {
    const size_t end = content->find('\n', at);
    if (end == std::string::npos) return {};
    ++number;
    const std::string what = fmt::format("{}:{}", path.string(), number);
    const auto line = json::parse(std::string_view(*content).substr(at, end - at), what);
    if (!line) return fail(Status::integrity, line.error().message);
    auto taken = take(*line);
    if (!taken) return fail(Status::integrity, fmt::format("{}: {}", what, taken.error().message));
    at = end + 1;
  }
}

}  // namespace

Result<Journal> Journal::create(const std::filesystem::path& directory, const ResultDocument& header) {
  std::error_code error;
  if (std::filesystem::exists(directory, error)) {
    const bool is_directory = std::filesystem::is_directory(directory, error);
    if (!is_directory)
      return fail(Status::invalid_option, directory.string() + ": exists and is no directory");
    if (!std::filesystem::is_empty(directory, error)) {
      return fail(
          Status::invalid_option,
          directory.string() + ": is not empty; a run's folder holds one run, name another with --out");
    }
  } else if (!std::filesystem::create_directories(directory, error)) {
    return fail_errno(error.value(), directory.string());
  }
  Journal journal;
  journal.directory_ = directory;
  auto written = write_file_atomically(directory / "header.json", json::dump_pretty(to_json(header)));
  if (!written) return pass(written);
  auto runs = open_lines(directory / "runs.jsonl");
  if (!runs) return pass(runs);
  journal.runs_ = std::move(*runs);
  auto probes = open_lines(directory / "probes.jsonl");
  if (!probes) return pass(probes);
  journal.probes_ = std::move(*probes);
  return journal;
}

Result<void> Journal::append(const RunRecord& run) {
  return append_line(runs_, to_json(run), directory_ / "runs.jsonl");
}

Result<void> Journal::append(const ProbeRecord& probe) {
  return append_line(probes_, to_json(probe), directory_ / "probes.jsonl");
}

Result<void> Journal::finish(const ResultDocument& document) const {
  auto written = write_file_atomically(directory_ / "result.json", json::dump_pretty(to_json(document)));
  if (!written) return written;
  return write_run_manifest(directory_);
}

Result<json::value> read_document_json(const std::filesystem::path& file) {
  const auto text = read_small_file(file, kDocumentBytesMax);
  if (!text) return pass(text);
  auto json = json::parse(*text, file.string());
  if (!json) return fail(Status::integrity, json.error().message);
  return json;
}

Result<ResultDocument> read_document(const std::filesystem::path& file) {
  const auto json = read_document_json(file);
  if (!json) return pass(json);
  auto document = document_from_json(*json);
  if (!document) {
    return fail(document.error().status, fmt::format("{}: {}", file.string(), document.error().message));
  }
  return document;
}

Result<JournalLines> read_journal_lines(const std::filesystem::path& directory) {
  JournalLines lines;
  auto runs = for_each_line(directory / "runs.jsonl", [&](const json::value& line) -> Result<void> {
    auto run = run_record_from_json(line);
    if (!run) return pass(run);
    lines.runs.push_back(std::move(*run));
    return {};
  });
  if (!runs) return pass(runs);
  auto probes = for_each_line(directory / "probes.jsonl", [&](const json::value& line) -> Result<void> {
    auto probe = probe_record_from_json(line);
    if (!probe) return pass(probe);
    lines.probes.push_back(std::move(*probe));
    return {};
  });
  if (!probes) return pass(probes);
  return lines;
}

bool is_run_directory(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::exists(directory / "result.json", error) ||
         std::filesystem::exists(directory / "header.json", error);
}

Result<std::vector<std::filesystem::path>> run_directories_in(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> runs;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (is_run_directory(entries->path())) runs.push_back(entries->path());
  }
  if (error) return fail_errno(error.value(), directory.string());
  std::ranges::sort(runs);
  return runs;
}

namespace {

std::unexpected<Error> no_run(const std::filesystem::path& directory) {
  std::string text = directory.string() + ": holds neither result.json nor header.json: not a run's folder";
  const auto below = run_directories_in(directory);
  if (below && below->size() == 1) {
    text += fmt::format("; the run below it is {}", below->front().string());
  } else if (below && !below->empty()) {
    text += fmt::format("; {} runs lie below it, name one: coldload list runs {}", below->size(),
                        directory.string());
  }
  return fail(Status::not_found, std::move(text));
}

}  // namespace

Result<ResultDocument> read_run_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return fail(Status::not_found, directory.string() + ": no such directory");
  }
  if (std::filesystem::exists(directory / "result.json", error))
    return read_document(directory / "result.json");
  if (!std::filesystem::exists(directory / "header.json", error)) {
    return no_run(directory);
  }
  auto document = read_document(directory / "header.json");
  if (!document) return document;
  document->finished = false;
  auto lines = read_journal_lines(directory);
  if (!lines) return pass(lines);
  document->runs = std::move(lines->runs);
  document->probes = std::move(lines->probes);
  judge_cases(*document);
  return document;
}

Result<ResultDocument> read_run(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return read_run_directory(path);
  auto document = read_document(path);
  if (document || document.error().status != Status::integrity || path.extension() != ".toml")
    return document;
  return fail(Status::invalid_option,
              fmt::format("{}: is no result but a scenario, which is run first: coldload run {}",
                          path.string(), path.string()));
}

}  // namespace coldload
