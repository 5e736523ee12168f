#pragma once

#include <cstdint>
#include <string_view>

#include "protocols/framed/framing.h"

/// The Dubbo protocol (https://dubbo.apache.org/en/overview/reference/protocols/tcp/).
namespace sslsniff::dubbo {

inline constexpr std::size_t kHeader = 16;  ///< bytes
inline constexpr std::uint8_t kHessian2 = 2;

struct Header {
    bool is_request = false;
    bool is_two_way = false;  ///< of a request: it is answered
    bool is_event = false;    ///< a heartbeat, mostly: from either side
    std::uint8_t serialization = 0;
    std::uint8_t status = 0;  ///< of a response
    std::uint64_t id = 0;
    std::uint32_t size = 0;  ///< bytes of the body
};
/// Of at least kHeader bytes.
Header read_header(ByteView bytes);

/// "hessian2"; empty when there is none of that number.
std::string_view serialization_name(std::uint8_t serialization);
/// "OK", "SERVER_TIMEOUT"; empty when there is none of that number.
std::string_view status_name(std::uint8_t status);
inline constexpr std::uint8_t kOk = 20;

/// Clients ask and servers answer; events go both ways.
class DubboFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override { return kHeader; }
};

}  // namespace sslsniff::dubbo
