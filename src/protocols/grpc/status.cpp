#include "protocols/grpc/status.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/json_walk.h"
#include "base/text.h"
#include "base/url.h"

namespace sslsniff::grpc {
namespace {

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
    if (json.size() > kLongest) {
        return std::nullopt;
    }
    std::optional<ConnectError> error;
    const bool is_whole = walk_json(json, [&error](std::string_view path, const JsonValue& value) {
        if (path == "error" && value.kind == JsonValue::Kind::object) {
            error.emplace();
        } else if (error && path == "error.code" && value.is_text()) {
            error->code = value.text;
        } else if (error && path == "error.message" && value.is_text()) {
            error->message = value.text;
        }
    });
    return is_whole ? std::move(error) : std::nullopt;
}

}  // namespace sslsniff::grpc
