#include "core/base/value.hpp"

#include <fmt/format.h>

#include <utility>

namespace coldload {
namespace {

json::value location_to_json(const Location& where) {
  return json::array{where.file, where.line, where.column};
}

Location location_from_json(const json::value& document) {
  const json::array* parts = document.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string()) return {};
  boost::system::error_code error;
  Location where{std::string((*parts)[0].get_string()), 0, 0};
  where.line = (*parts)[1].to_number<uint32_t>(error);
  where.column = (*parts)[2].to_number<uint32_t>(error);
  return where;
}

std::unexpected<Error> malformed() {
  return fail(Status::internal, "a value in the worker's input is malformed");
}

}  // namespace

std::string_view type_name(const Value& value) {
  struct Name {
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a float"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(const ValueList&) const { return "an array"; }
    std::string_view operator()(const ValueTable&) const { return "a table"; }
  };
  return std::visit(Name{}, value.data);
}

std::string to_string(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value.data)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value.data)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value.data)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  std::string out;
  if (const auto* list = std::get_if<ValueList>(&value.data)) {
    for (const Value& element : *list) out += (out.empty() ? "" : ", ") + to_string(element);
    return "[" + out + "]";
  }
  for (const Member& member : std::get<ValueTable>(value.data)) {
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", member.key, to_string(member.value));
  }
  return "{ " + out + " }";
}

const Member* find_member(const ValueTable& table, std::string_view key) {
  for (const Member& member : table) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

json::value to_json(const Value& value) {
  json::object out;
  struct Data {
    json::value operator()(bool boolean) const { return boolean; }
    json::value operator()(int64_t integer) const { return integer; }
    json::value operator()(double real) const { return json::object{{"float", real}}; }
    json::value operator()(const std::string& text) const { return json::value(text); }
    json::value operator()(const ValueList& list) const {
      json::array elements;
      for (const Value& element : list) elements.push_back(to_json(element));
      return elements;
    }
    json::value operator()(const ValueTable& table) const { return json::object{{"table", to_json(table)}}; }
  };
  out["value"] = std::visit(Data{}, value.data);
  out["where"] = location_to_json(value.where);
  return out;
}

Result<Value> value_from_json(const json::value& document) {
  const json::object* members = document.if_object();
  const json::value* data = members == nullptr ? nullptr : members->if_contains("value");
  if (data == nullptr) return malformed();
  Value out;
  if (const json::value* where = members->if_contains("where")) out.where = location_from_json(*where);
  if (data->is_bool()) {
    out.data = data->get_bool();
  } else if (data->is_int64()) {
    out.data = data->get_int64();
  } else if (data->is_string()) {
    out.data = std::string(data->get_string());
  } else if (const json::array* elements = data->if_array()) {
    ValueList list;
    for (const json::value& element : *elements) {
      auto parsed = value_from_json(element);
      if (!parsed) return pass(parsed);
      list.push_back(std::move(*parsed));
    }
    out.data = std::move(list);
  } else if (const json::object* typed = data->if_object(); typed != nullptr && typed->contains("float")) {
    out.data = json::number_or(*typed, "float");
  } else if (typed != nullptr && typed->contains("table")) {
    auto table = table_from_json(typed->at("table"));
    if (!table) return pass(table);
    out.data = std::move(*table);
  } else {
    return malformed();
  }
  return out;
}

json::value to_json(const ValueTable& table) {
  json::array members;
  for (const Member& member : table) {
    members.push_back(json::array{member.key, location_to_json(member.where), to_json(member.value)});
  }
  return members;
}

Result<ValueTable> table_from_json(const json::value& document) {
  const json::array* members = document.if_array();
  if (members == nullptr) return malformed();
  ValueTable table;
  for (const json::value& member : *members) {
    const json::array* parts = member.if_array();
    if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string()) return malformed();
    auto value = value_from_json((*parts)[2]);
    if (!value) return pass(value);
    table.push_back(
        {std::string((*parts)[0].get_string()), location_from_json((*parts)[1]), std::move(*value)});
  }
  return table;
}

}  // namespace coldload
