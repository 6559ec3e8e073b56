// A model as objects: which of them are loaded, which go along, and whether they fit together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/index.hpp"
#include "core/model/safetensors.hpp"

namespace coldload {

enum class ObjectKind : uint8_t {
  item,        // *.safetensors directly in the model's directory: loaded
  small_file,  // anything else up to kSmallFileBytesMax: staged and provisioned
  ignored,     // larger, or hidden (a name with a part that starts with '.')
};

// `name` is relative to the model's directory.
[[nodiscard]] ObjectKind kind_of_object(std::string_view name, uint64_t size_bytes);

struct ObjectEntry {
  std::string key;  // relative to the backend's root, '/'-separated
  uint64_t size_bytes = 0;
};

struct ClassifiedObject {
  std::string key;
  std::string name;  // key without the model's path
  uint64_t size_bytes = 0;
};

struct ModelObjects {
  std::vector<ClassifiedObject> items;  // each list by name
  std::vector<ClassifiedObject> small_files;
  std::vector<ClassifiedObject> ignored;
};

// Sorts out a listing of everything below `model_path` ("" is the root). Errors (integrity): a key outside
// model_path, twice, too long, or too many of them. [any-thread]
[[nodiscard]] Result<ModelObjects> classify_objects(std::vector<ObjectEntry> listing,
                                                    std::string_view model_path);

// The directory that holds the shards: `directory` itself, or for a Hugging Face cache entry
// (`models--org--name`) its snapshot: the one refs/main names, else the only one. Errors: not_found;
// invalid_option when several snapshots could be meant, naming them. [any-thread]
[[nodiscard]] Result<std::filesystem::path> resolve_model_directory(const std::filesystem::path& directory);

struct InspectedShard {
  std::string name;
  uint64_t size_bytes = 0;
  std::optional<ShardHeader> header;  // absent when it could not be read: `inconsistencies` says why
};

struct Inspection {
  std::filesystem::path directory;     // resolved
  std::vector<InspectedShard> shards;  // by name
  std::optional<ShardIndex> index;
  std::vector<ClassifiedObject> small_files;
  std::vector<std::string> inconsistencies;  // each names the object; at most kInconsistenciesMax …
  uint64_t inconsistencies_not_shown = 0;    // … and this many more
  void note(std::string_view inconsistency);
  [[nodiscard]] bool consistent() const { return inconsistencies.empty(); }
};

// Names that the index gives and `holds` says are not there, in its order: "NAME: named by the index, but
// missing".
[[nodiscard]] std::vector<std::string> missing_shards(const ShardIndex& index,
                                                      const std::function<bool(std::string_view)>& holds);

// What is asked of a model: to be loaded, for which its shards do, or to be copied.
enum class Wanted : uint8_t { shards, every_file };

// Entries directly in a directory that are no files and should be: links that lead nowhere, and directories
// and FIFOs that are named as shards. Each with what it is; hidden ones are not looked at. Error: it cannot
// be listed. [any-thread]
[[nodiscard]] Result<std::vector<std::string>> faulty_files(const std::filesystem::path& directory,
                                                            Wanted wanted);

// Compares index and headers, both ways, and shards among each other; adds to `inspection.inconsistencies`.
void check_consistency(Inspection& inspection);

// Reads the headers of all shards of a local directory; links are followed. What is wrong with the model is
// an inconsistency; what keeps one from looking (no such directory, no permission) is an error. [any-thread]
[[nodiscard]] Result<Inspection> inspect_directory(const std::filesystem::path& directory);

}  // namespace coldload
