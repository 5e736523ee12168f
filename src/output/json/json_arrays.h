#pragma once

#include <string_view>

#include "output/json/json_writer.h"

namespace sslsniff {

/// An array of texts.
template <class Texts>
void write_texts(JsonWriter& json, std::string_view key, const Texts& texts) {
    json.begin_array(key);
    for (const auto& text : texts) {
        json.text({}, text);
    }
    json.end_array();
}

/// An array of objects, one for each of `rows`; `write(row)` writes its fields.
template <class Rows, class Write>
void write_objects(JsonWriter& json, std::string_view key, const Rows& rows, Write write) {
    json.begin_array(key);
    for (const auto& row : rows) {
        json.begin_object({});
        write(row);
        json.end_object();
    }
    json.end_array();
}

}  // namespace sslsniff
