#include "protocols/grpc/status.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace sslsniff::grpc {
namespace {

/// Undoes percent-encoding; anything that is none stays.
std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto [end, error] = std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16);
            if (error == std::errc() && end == &text[i + 1] + 2) {
                out.push_back(static_cast<char>(value));
                i += 2;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

std::optional<Status> make_status(std::optional<ByteView> code, std::optional<ByteView> message) {
    Status status;
    if (!code) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(code->data(), code->data() + code->size(), status.code);
    if (error != std::errc() || end != code->data() + code->size()) {
        return std::nullopt;
    }
    status.message = percent_decode(message.value_or(ByteView()));
    return status;
}

/// Takes "code" and "message" of the object "error" in a JSON object.
class ErrorReader : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ErrorReader> {
  public:
    bool StartObject() {
        if (++depth_ == 2 && key_ == "error") {
            error = ConnectError();
            inside_ = true;
        }
        return true;
    }
    bool EndObject(rapidjson::SizeType /*members*/) { return end(); }
    bool StartArray() {
        ++depth_;
        return true;
    }
    bool EndArray(rapidjson::SizeType /*elements*/) { return end(); }
    bool Key(const char* name, rapidjson::SizeType length, bool /*copy*/) {
        if (depth_ <= 2) {
            key_.assign(name, length);
        }
        return true;
    }
    bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
        if (inside_ && depth_ == 2 && key_ == "code") {
            error->code.assign(text, length);
        } else if (inside_ && depth_ == 2 && key_ == "message") {
            error->message.assign(text, length);
        }
        return true;
    }

    std::optional<ConnectError> error;

  private:
    bool end() {
        inside_ = inside_ && depth_ != 2;
        --depth_;
        return true;
    }
    unsigned depth_ = 0;
    bool inside_ = false;  ///< the object "error"
    std::string key_;      ///< the last one of it, or of the object around it
};

}  // namespace

bool is_server_error(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kServers = {
        "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"};
    const bool is_number = !name.empty() && name.front() >= '0' && name.front() <= '9';
    return is_number || std::ranges::any_of(kServers, [&](std::string_view server) {
               return equals_ignore_case(server, name);
           });
}

std::string_view status_name(std::uint32_t code) {
    static constexpr std::array<std::string_view, 17> kNames = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    return code < kNames.size() ? kNames.at(code) : std::string_view();
}

std::optional<Status> read_status(const HttpHeaders& fields) {
    return make_status(fields.find("grpc-status"), fields.find("grpc-message"));
}

std::optional<Status> read_status(std::string_view lines) {
    HttpHeaders fields;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line =
            trim(lines.substr(0, end - (end > 0 && lines[end - 1] == '\r' ? 1 : 0)));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            fields.add(line.substr(0, colon), trim(line.substr(colon + 1)));
        }
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return read_status(fields);
}

std::optional<ConnectError> read_connect_error(std::string_view json) {
    constexpr std::size_t kLongest = std::size_t{64} << 10;
    ErrorReader reader;
    rapidjson::MemoryStream bytes(json.data(), json.size());
    rapidjson::Reader parser;
    const bool whole =
        json.size() <= kLongest && !parser.Parse<rapidjson::kParseIterativeFlag>(bytes, reader).IsError();
    return whole ? std::move(reader.error) : std::nullopt;
}

}  // namespace sslsniff::grpc
