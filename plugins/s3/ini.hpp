// AWS's shared config and credentials files: sections, keys, and the indented blocks below a key.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace coldload::s3 {

// Keys of a section; what stands indented below "s3 =" is "s3.NAME".
using IniSection = std::map<std::string, std::string>;
using IniFile = std::map<std::string, IniSection>;

// `name` is the file's, for messages, which never repeat a value. The last of two equal keys stands, equal
// sections are one. Throws INVALID_OPTION with the line for what is neither a section, a key nor a comment.
[[nodiscard]] IniFile parse_ini(const std::string& name, std::string_view text);

}  // namespace coldload::s3
