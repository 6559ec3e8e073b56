#include "listing.hpp"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "coldload/cpp/failure.hpp"
#include "key.hpp"
#include "uri.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

constexpr size_t kErrorBytesMax = size_t{64} << 10;
constexpr size_t kNestingMax = 16;
constexpr size_t kTokenBytesMax = 4096;

// Entities of a DOCTYPE are never expanded by the parser, but nothing honest sends one.
bool has_doctype(std::string_view xml) {
  return xml.find("<!DOCTYPE") != std::string_view::npos || xml.find("<!ENTITY") != std::string_view::npos;
}

// The parser's own structures recurse when they are walked: deep ones are refused by counting tags first.
bool too_deep(std::string_view xml) {
  size_t depth = 0;
  for (size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    if (at + 1 >= xml.size() || xml[at + 1] == '?' || xml[at + 1] == '!') continue;
    if (xml[at + 1] == '/') {
      depth -= std::min<size_t>(depth, 1);
      continue;
    }
    const size_t end = xml.find('>', at);
    if (end != std::string_view::npos && xml[end - 1] == '/') continue;
    if (++depth > kNestingMax) return true;
  }
  return false;
}

// Prefixed or not: some servers write <s3:Key>.
bool is_named(const pugi::xml_node& node, std::string_view name) {
  const std::string_view full = node.name();
  const size_t colon = full.find(':');
  return (colon == std::string_view::npos ? full : full.substr(colon + 1)) == name;
}

pugi::xml_node child_of(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node node : parent.children()) {
    if (is_named(node, name)) return node;
  }
  return {};
}

bool parse_number(std::string_view text, uint64_t& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

std::string plain_word(std::string_view text) {
  constexpr size_t kBytesMax = 64;
  const auto plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-';
  };
  if (text.size() > kBytesMax || !std::all_of(text.begin(), text.end(), plain)) return "";
  return std::string(text);
}

class Page {
 public:
  Page(const std::string& shown, const std::string& prefix) : shown_(shown), prefix_(prefix) {}

  ListPage parse(std::string_view xml) {
    if (xml.size() > kListPageBytesMax) {
      throw bad("a page of " + std::to_string(xml.size()) + " bytes, the limit is " +
                std::to_string(kListPageBytesMax));
    }
    if (has_doctype(xml)) throw bad_document("a page with a DOCTYPE");
    if (too_deep(xml)) throw bad("a page nested more than 16 deep");
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
    if (!parsed) {
      throw bad_document("no XML: " + std::string(parsed.description()) + " at byte " +
                         std::to_string(parsed.offset));
    }
    const pugi::xml_node root = document.document_element();
    if (!is_named(root, "ListBucketResult")) throw bad_document("a document that is no ListBucketResult");
    if (std::string_view(child_of(root, "EncodingType").child_value()) != "url") {
      throw bad("keys without encoding-type=url, which was asked for");
    }
    for (const pugi::xml_node node : root.children()) {
      if (is_named(node, "Contents")) take_key(node);
    }
    check_count(root);
    take_token(root);
    return std::move(page_);
  }

 private:
  void take_key(const pugi::xml_node& node) {
    const pugi::xml_node key = child_of(node, "Key");
    if (!key) throw bad("an object without a Key");
    ListedKey listed;
    listed.key = percent_decoded(key.child_value());
    if (listed.key.compare(0, prefix_.size(), prefix_) != 0) {
      throw bad("the key " + quoted_key(listed.key) + ", which lies outside the prefix asked for");
    }
    if (listed.key.find('\0') != std::string::npos) {
      throw Failure(COLDLOAD_UNSUPPORTED,
                    shown_ + ": the key " + quoted_key(listed.key) + " has a NUL byte: rename the object");
    }
    const std::string_view size = child_of(node, "Size").child_value();
    if (!parse_number(size, listed.size_bytes)) throw bad("an object without a Size");
    if (page_.keys.size() == kListPageKeysMax) throw bad("more than 1000 keys in a page");
    page_.keys.push_back(std::move(listed));
  }

  // Not every server counts.
  void check_count(const pugi::xml_node& root) const {
    const pugi::xml_node node = child_of(root, "KeyCount");
    if (!node) return;
    uint64_t count = 0;
    if (!parse_number(node.child_value(), count) || count != page_.keys.size()) {
      throw bad("a page that says it has " + std::string(node.child_value()).substr(0, 20) +
                " keys and has " + std::to_string(page_.keys.size()));
    }
  }

  void take_token(const pugi::xml_node& root) {
    const std::string_view truncated = child_of(root, "IsTruncated").child_value();
    if (truncated != "true" && truncated != "false") throw bad("a page that does not say if it is the last");
    if (truncated == "false") return;
    page_.next_token = child_of(root, "NextContinuationToken").child_value();
    if (page_.next_token.empty() || page_.next_token.size() > kTokenBytesMax) {
      throw bad("a page that is not the last, without a token for the next");
    }
  }

  [[nodiscard]] Failure bad(const std::string& what) const {
    return {COLDLOAD_INTEGRITY, shown_ + ": the server answered the listing with " + what};
  }

  // What a web server or a login page says.
  [[nodiscard]] Failure bad_document(const std::string& what) const {
    return bad(what + "; is the endpoint that of an S3 server?");
  }

  const std::string& shown_;
  const std::string& prefix_;
  ListPage page_;
};

}  // namespace

ListPage parse_list_page(const std::string& shown, std::string_view xml, const std::string& prefix) {
  return Page(shown, prefix).parse(xml);
}

ErrorDocument parse_error_document(std::string_view xml) noexcept {
  try {
    if (xml.size() > kErrorBytesMax || has_doctype(xml) || too_deep(xml)) return {};
    pugi::xml_document document;
    if (!document.load_buffer(xml.data(), xml.size())) return {};
    const pugi::xml_node root = document.document_element();
    if (!is_named(root, "Error")) return {};
    return {plain_word(child_of(root, "Code").child_value()),
            plain_word(child_of(root, "Region").child_value())};
  } catch (...) {
    return {};
  }
}

}  // namespace coldload::s3
