#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/http/http_headers.h"

namespace sslsniff::grpc {

/// How a call ended.
struct Status {
    std::uint32_t code = 0;
    std::string message;  ///< percent-decoded, hostile
};

/// Name of a status code ("grpc/status.h"): "OK", "CANCELLED" ...; "" for codes nobody defined.
std::string_view status_name(std::uint32_t code);

/// Whether an error is the server's: its name as in gRPC ("UNAVAILABLE") or in Connect ("unavailable"), or a
/// number that has none. Which ones are follows OpenTelemetry's conventions for servers of both.
bool is_server_error(std::string_view name);

/// grpc-status and grpc-message of trailers, or of the header section of a trailers-only response.
std::optional<Status> read_status(const HttpHeaders& fields);
/// The same of gRPC-Web's last frame: lines of "name: value".
std::optional<Status> read_status(std::string_view lines);

/// How a stream of the Connect protocol failed: code "unavailable" and the like.
struct ConnectError {
    std::string code;
    std::string message;
};

/// Of the JSON in its last frame (EndStreamResponse); nothing when it says that the stream went well, or is
/// no such text.
std::optional<ConnectError> read_connect_error(std::string_view json);

}  // namespace sslsniff::grpc
