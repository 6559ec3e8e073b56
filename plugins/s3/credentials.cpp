#include "credentials.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "coldload/cpp/failure.hpp"
#include "json_strings.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

// Issued keys are renewed this long before they end: a request under way must not outlive them.
constexpr std::time_t kRenewalSeconds = 60;

std::string how_to_export(const std::string& profile) {
  const std::string option = profile.empty() || profile == "default" ? "" : " --profile " + profile;
  return "export them: eval \"$(aws configure export-credentials" + option + " --format env)\"";
}

// What this plugin leaves to AWS's own tools.
std::string unsupported_kind(const Profile& profile) {
  if (!profile.get("sso_session").empty() || !profile.get("sso_start_url").empty()) return "SSO";
  if (!profile.get("web_identity_token_file").empty()) return "a web identity";
  if (!profile.get("role_arn").empty()) return "an assumed role";
  return "";
}

Failure nothing_found(const Profile& profile, bool explicit_profile) {
  const std::string kind = unsupported_kind(profile);
  if (!kind.empty()) {
    return {COLDLOAD_PERMISSION_DENIED, "profile \"" + profile.name + "\" gets its credentials by " + kind +
                                            ", which coldload leaves to AWS's tools; " +
                                            how_to_export(profile.name) +
                                            (explicit_profile ? ", and leave the option profile out" : "")};
  }
  return {COLDLOAD_PERMISSION_DENIED,
          "no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set nor does profile \"" +
              profile.name +
              "\" hold any; credentials of SSO, roles or an instance's metadata are not fetched, " +
              how_to_export("") + ", or set anonymous = true for a public bucket"};
}

// The number at `position` of `text`, `digits` long; -1 if it is none.
int number_at(const std::string& text, size_t position, size_t digits) {
  int value = 0;
  for (size_t i = position; i < position + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::vector<std::string> split_command(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (size_t i = 0; i < command.size(); ++i) {
    const char letter = command[i];
    const bool escapes = letter == '\\' && quote != '\'' && i + 1 < command.size();
    if (escapes) {
      word += command[++i];
      in_word = true;
    } else if (quote != '\0') {
      if (letter == quote) {
        quote = '\0';
      } else {
        word += letter;
      }
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
      in_word = true;
    } else if (letter == ' ' || letter == '\t') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += letter;
      in_word = true;
    }
  }
  if (quote != '\0') {
    throw Failure(COLDLOAD_INVALID_OPTION, "credential_process has a quote that is not closed");
  }
  if (in_word) words.push_back(word);
  return words;
}

std::time_t parse_time(const std::string& text) {
  std::tm utc{};
  utc.tm_year = number_at(text, 0, 4) - 1900;
  utc.tm_mon = number_at(text, 5, 2) - 1;
  utc.tm_mday = number_at(text, 8, 2);
  utc.tm_hour = number_at(text, 11, 2);
  utc.tm_min = number_at(text, 14, 2);
  utc.tm_sec = number_at(text, 17, 2);
  if (utc.tm_year < 0 || utc.tm_mon < 0 || utc.tm_mday < 1 || utc.tm_hour < 0 || utc.tm_min < 0 ||
      utc.tm_sec < 0) {
    return 0;
  }
  const size_t zone = text.find_first_not_of(".0123456789", 19);
  if (zone == std::string::npos) return 0;
  const std::time_t time = ::timegm(&utc);
  if (text[zone] == 'Z') return time;
  const int hours = number_at(text, zone + 1, 2);
  const int minutes = number_at(text, zone + (zone + 3 < text.size() && text[zone + 3] == ':' ? 4 : 3), 2);
  if (hours < 0 || minutes < 0) return 0;
  const std::time_t offset = hours * 3600 + minutes * 60;
  if (text[zone] == '+') return time - offset;
  return text[zone] == '-' ? time + offset : 0;
}

Issued parse_process_output(const std::string& profile, const std::string& json) {
  const auto refuse = [&](const std::string& why) {
    return Failure(COLDLOAD_INVALID_OPTION,
                   "credential_process of profile \"" + profile + "\" printed " + why);
  };
  const auto fields = parse_flat_json(json);
  if (!fields) throw refuse("no JSON object of strings and numbers");
  const auto get = [&](const char* name) {
    const auto found = fields->find(name);
    return found == fields->end() ? std::string() : found->second;
  };
  if (get("Version") != "1") throw refuse("no \"Version\": 1");
  Issued issued;
  issued.keys = {get("AccessKeyId"), get("SecretAccessKey"), get("SessionToken")};
  if (issued.keys.access_key.empty() || issued.keys.secret_key.empty()) {
    throw refuse("no AccessKeyId and SecretAccessKey");
  }
  const std::string expiration = get("Expiration");
  if (expiration.empty()) return issued;
  issued.expires = parse_time(expiration);
  if (issued.expires == 0) throw refuse("an Expiration that is no time, such as 2026-01-31T10:00:00Z");
  return issued;
}

Credentials::Credentials(const Profile& profile, bool explicit_profile, const Variables& variables,
                         RunProgram run)
    : profile_(profile.name), run_(std::move(run)) {
  if (!explicit_profile && !variables("AWS_ACCESS_KEY_ID").empty()) {
    issued_.keys = {variables("AWS_ACCESS_KEY_ID"), variables("AWS_SECRET_ACCESS_KEY"),
                    variables("AWS_SESSION_TOKEN")};
    if (issued_.keys.secret_key.empty()) {
      throw Failure(COLDLOAD_PERMISSION_DENIED,
                    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both or neither");
    }
    source_ = "environment";
    return;
  }
  if (!profile.get("aws_access_key_id").empty()) {
    issued_.keys = {profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"),
                    profile.get("aws_session_token")};
    if (issued_.keys.secret_key.empty()) {
      throw Failure(COLDLOAD_PERMISSION_DENIED,
                    "profile \"" + profile.name + "\" has aws_access_key_id and no aws_secret_access_key");
    }
    source_ = "profile";
    return;
  }
  const std::string command = profile.get("credential_process");
  if (command.empty()) throw nothing_found(profile, explicit_profile);
  command_ = split_command(command);
  if (command_.empty()) throw nothing_found(profile, explicit_profile);
  source_ = "credential_process";
}

Keys Credentials::keys(std::time_t now) {
  if (command_.empty()) return issued_.keys;
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool usable =
      !issued_.keys.access_key.empty() && (issued_.expires == 0 || now + kRenewalSeconds < issued_.expires);
  if (usable) return issued_.keys;
  issued_ = parse_process_output(profile_, run_(command_));
  if (issued_.expires != 0 && issued_.expires <= now) {
    throw Failure(COLDLOAD_PERMISSION_DENIED, "credential_process of profile \"" + profile_ +
                                                  "\" issued credentials that have expired already");
  }
  return issued_.keys;
}

}  // namespace coldload::s3
