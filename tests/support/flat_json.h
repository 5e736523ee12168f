#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sslsniff::test {

/// A JSON text as paths and values: "request.headers[0].name" -> "Host". Strings are as they read after
/// unescaping; numbers and literals as written; empty objects and arrays are "{}" and "[]".
struct FlatJson {
    bool valid = false;
    std::map<std::string, std::string> values;
    std::set<std::string> keys;     ///< of all objects in it
    std::set<std::string> strings;  ///< paths of values that are strings

    bool has(const std::string& path) const { return values.contains(path); }
    bool is_string(const std::string& path) const { return strings.contains(path); }
    bool is_number(const std::string& path) const;
    bool is_array(const std::string& path) const { return is_container(path, '[', "[]"); }
    bool is_object(const std::string& path) const { return is_container(path, '.', "{}"); }
    /// How many elements the array has.
    std::size_t size(const std::string& path) const;
    std::string operator[](const std::string& path) const {
        const auto found = values.find(path);
        return found == values.end() ? "(absent)" : found->second;
    }

  private:
    bool is_container(const std::string& path, char separator, std::string_view empty) const;
};

/// Where in `path` names begin that are not ours but the peers': fields of Kafka's message definitions,
/// documents of MongoDB. npos: nowhere.
std::size_t names_of_peers(std::string_view path);

/// Invalid unless `text` is exactly one object in well-formed UTF-8 without duplicate keys.
FlatJson parse_json(std::string_view text);

}  // namespace sslsniff::test
