#include "output/json/json_writer.h"

#include <array>
#include <cmath>

#include "base/text.h"
#include "output/json/json_string.h"

namespace sslsniff {

void JsonWriter::begin_document() {
    stream_.buffer.clear();
    in_array_.clear();
    json_.Reset(stream_);
    json_.StartObject();
    in_array_.push_back(false);
}

ByteView JsonWriter::line() {
    stream_.buffer.push_back('\n');
    return document();
}

void JsonWriter::begin_object(std::string_view name) {
    key(name);
    json_.StartObject();
    in_array_.push_back(false);
}

void JsonWriter::end_object() {
    json_.EndObject();
    in_array_.pop_back();
}

void JsonWriter::begin_array(std::string_view name) {
    key(name);
    json_.StartArray();
    in_array_.push_back(true);
}

void JsonWriter::end_array() {
    json_.EndArray();
    in_array_.pop_back();
}

void JsonWriter::text(std::string_view name, ByteView bytes) {
    if (in_array_.back() && !is_utf8(bytes)) {
        // An element has no sibling that could hold its bytes.
        begin_object({});
        key("base64");
        base64_string(bytes);
        end_object();
        return;
    }
    key(name);
    begin_string();
    if (!append_json_string(stream_.buffer, bytes)) {
        begin_string();
        stream_.buffer.push_back('"');
        append(stream_.buffer, name);
        append(stream_.buffer, "_base64\"");
        base64_string(bytes);
    }
}

void JsonWriter::number(std::string_view name, std::int64_t value) {
    key(name);
    json_.Int64(value);
}

void JsonWriter::unsigned_number(std::string_view name, std::uint64_t value) {
    key(name);
    json_.Uint64(value);
}

void JsonWriter::number(std::string_view name, double value) {
    key(name);
    if (std::isfinite(value)) {
        json_.Double(value);
    } else {
        json_.Null();
    }
}

void JsonWriter::boolean(std::string_view name, bool value) {
    key(name);
    json_.Bool(value);
}

void JsonWriter::null(std::string_view name) {
    key(name);
    json_.Null();
}

void JsonWriter::plain(std::string_view name, std::string_view ascii) {
    key(name);
    begin_string();
    stream_.buffer.push_back('"');
    append(stream_.buffer, ascii);
    stream_.buffer.push_back('"');
}

void JsonWriter::raw(std::string_view name, std::string_view json) {
    key(name);
    begin_string();
    append(stream_.buffer, json);
}

void JsonWriter::bytes(std::string_view name, ByteView bytes) {
    begin_object(name);
    unsigned_number("size", bytes.size());
    content(bytes, false);
    end_object();
}

void JsonWriter::body(std::string_view name, const Body& body) {
    begin_object(name);
    unsigned_number("size", body.size);
    const std::size_t captured = content(body.captured, body.truncated() || body.missing != 0);
    unsigned_number("captured", captured);
    if (captured < body.size) {
        boolean("truncated", true);
    }
    if (body.missing != 0) {
        unsigned_number("missing", body.missing);
    }
    if (!body.content_encoding.empty() && captured != 0) {
        decoded_content(decode_body(body));
    }
    if (!body.json.empty()) {
        key("json");
        begin_string();
        append_json_text(stream_.buffer, body.json);
    }
    if (body.record && !body.record->name().empty()) {
        text("saved", body.record->name());
    }
    end_object();
}

void JsonWriter::decoded_content(const DecodedBody& decoded) {
    static constexpr std::array<std::string_view, 6> kStates = {"plain",   "decoded", "partial",
                                                                "damaged", "limited", "unsupported"};
    if (decoded.state == DecodedBody::State::plain) {
        return;
    }
    begin_object("decoded");
    plain("state", kStates.at(static_cast<std::size_t>(decoded.state)));
    if (decoded.state != DecodedBody::State::unsupported) {
        content(decoded.bytes, decoded.state != DecodedBody::State::decoded);
    }
    end_object();
}

std::size_t JsonWriter::content(ByteView bytes, bool cut) {
    if (bytes.empty()) {
        return 0;
    }
    const ByteView whole = bytes.substr(0, cut ? without_cut_code_point(bytes) : bytes.size());
    const std::size_t mark = stream_.buffer.size();
    key("text");
    begin_string();
    if (append_json_string(stream_.buffer, whole)) {
        return whole.size();
    }
    // RapidJSON has counted a key and a value, which leaves the order of commas and colons as it was.
    stream_.buffer.resize(mark);
    key("base64");
    base64_string(bytes);
    return bytes.size();
}

void JsonWriter::key(std::string_view name) {
    if (!in_array_.back()) {
        begin_string();
        stream_.buffer.push_back('"');
        append(stream_.buffer, name);
        stream_.buffer.push_back('"');
    }
}

void JsonWriter::begin_string() {
    json_.RawValue("", 0, rapidjson::kStringType);
}

void JsonWriter::base64_string(ByteView bytes) {
    begin_string();
    stream_.buffer.push_back('"');
    append(stream_.buffer, base64(bytes));
    stream_.buffer.push_back('"');
}

}  // namespace sslsniff
