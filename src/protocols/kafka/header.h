#pragma once

#include <cstdint>
#include <optional>

#include "protocols/kafka/api.h"
#include "protocols/kafka/walk.h"

namespace sslsniff::kafka {

/// What a request begins with, behind its size (https://kafka.apache.org/protocol#protocol_messages).
struct RequestHeader {
    std::int16_t api_key = 0;
    std::int16_t api_version = 0;
    std::int32_t correlation_id = 0;
    std::optional<ByteView> client_id;  ///< nothing: null
    Walked walked = Walked::whole;      ///< how much of it there is
};

inline constexpr std::size_t kSizeField = 4;      ///< bytes
inline constexpr std::size_t kLeastRequest = 12;  ///< bytes up to the client id, with the size

/// `remaining` begins behind the size, and is left where the body begins. With fewer than kLeastRequest -
/// kSizeField bytes there is nothing.
std::optional<RequestHeader> read_request_header(Remaining& remaining);
/// Of an answer to such a request: leaves `remaining` where the body begins. `correlation_id` has been read.
Walked skip_response_header(const Api* api, std::int16_t key, std::int16_t version, Remaining& remaining);

}  // namespace sslsniff::kafka
