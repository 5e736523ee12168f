#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocols/http/http_exchange.h"

namespace sslsniff {

/// What stands for a header field, method, target ... that is not known, because HPACK refers to what passed
/// before the capture began. '<' is valid in none of the names that we show like this.
inline constexpr std::string_view kUnknownText = "<unknown>";

/// One HTTP/2 stream: a request with its response (RFC 9113 section 8).
class Http2Exchange final : public HttpExchange {
  public:
    struct Reset {
        std::optional<std::uint32_t> code;  ///< RFC 9113 section 7; absent when it was lost
        bool by_client = false;
    };

    explicit Http2Exchange(std::uint32_t id) : HttpExchange("h2"), stream_id(id) {}

    Summary summary() const override;
    Facts facts() const override;
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;

    std::uint32_t stream_id;
    bool pushed = false;         ///< the request was made up by the server (PUSH_PROMISE)
    std::optional<Reset> reset;  ///< RST_STREAM ended it

  private:
    bool failed() const { return reset && reset->code != 0U; }  // NO_ERROR: the rest was not needed
};

/// "CANCEL", "0x1f" for unregistered codes, "unknown" when it was lost.
std::string to_string(const Http2Exchange::Reset& reset);

}  // namespace sslsniff
