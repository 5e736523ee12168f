#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/body.h"
#include "model/connection.h"
#include "model/exchange.h"
#include "model/time.h"
#include "protocols/http/http_application.h"
#include "protocols/http/http_headers.h"

namespace sslsniff {

/// What requests and responses of every HTTP version share (RFC 9110 section 6). Everything in it comes from
/// the peers and is hostile.
struct HttpMessage {
    std::string version;  ///< "HTTP/1.1", "HTTP/2"
    HttpHeaders headers;
    bool headers_truncated = false;  ///< more fields passed than were kept
    Body body;
    HttpHeaders trailers;
    bool trailers_truncated = false;         ///< more of them passed than were kept
    HttpApplication* application = nullptr;  ///< owned by the exchange
    HttpApplication::Side side = HttpApplication::Side::request;

    /// The next bytes of the body; at most `limit` of all are kept.
    void receive(ByteView bytes, std::size_t limit, Timestamp time);
    /// `bytes` bytes of the body are missing here, 0 when nobody knows how many.
    void miss(std::uint64_t bytes);
    /// The body is over.
    void end(Timestamp time);

    /// One more trailer section; of all together fields that cost `limit` are kept, see HttpHeaders::cost.
    void add_trailers(const HttpHeaders& fields, std::size_t limit);

    /// Fills what the body knows from the header fields.
    void describe_body();
    /// Have the whole body saved, too.
    void save_body(BodyStore& store);

    /// Bytes of memory outside of itself.
    std::size_t held() const;
    /// Gives up what is not needed for the message to go on: what was captured of the body, and header fields
    /// when they are large. False when there was nothing to lose.
    bool shed();
};

struct HttpRequest : HttpMessage {
    std::string method;
    std::string target;    ///< as sent (RFC 9112 section 3.2)
    std::string host;      ///< of the absolute target, else Host or :authority; may be empty
    std::string url;       ///< absolute as far as known, see complete_url()
    std::string protocol;  ///< :protocol of an extended CONNECT (RFC 8441), hostile; else empty

    std::size_t held() const;
    bool shed();
};

/// A 1xx response that came before the final one (RFC 9110 section 15.2).
struct HttpInformational {
    std::string version;
    std::uint16_t status = 0;
    std::string reason;
    HttpHeaders headers;
};

struct HttpResponse : HttpMessage {
    HttpResponse() { side = HttpApplication::Side::response; }

    std::uint16_t status = 0;
    std::string reason;  ///< empty in HTTP/2
};

/// One HTTP request with its response; either may be missing. Other protocols on top of HTTP may derive.
class HttpExchange : public Exchange {
  public:
    /// `protocol`: as in docs/json.md, e.g. "http/1.1".
    explicit HttpExchange(std::string protocol) : protocol_(std::move(protocol)) {}

    std::string_view protocol() const override { return protocol_; }
    Summary summary() const override;
    Facts facts() const override;
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    TraceIds trace_ids() const override;

    void set_protocol(std::string protocol) { protocol_ = std::move(protocol); }
    /// Bytes of memory that it needs by now, itself included. Costs a few additions.
    std::size_t held() const override;
    /// As HttpMessage::shed, for all of it. What remains says what the exchange was: method, URL, status.
    bool shed();
    /// A 1xx response. Of all together as many are kept as cost `limit`; the others are counted.
    void add_informational(HttpInformational&& early, std::size_t limit);

    std::optional<HttpRequest> request;
    std::vector<HttpInformational> informational;
    std::uint64_t informational_omitted = 0;  ///< passed and not kept
    std::optional<HttpResponse> response;
    std::unique_ptr<HttpApplication> application;  ///< what speaks inside; mostly nothing

  private:
    std::string protocol_;
    std::size_t informational_cost_ = 0;
    std::size_t informational_held_ = 0;  ///< bytes of memory outside of the vector
};

/// Sets `host` and `url` from method, target, header fields and what is known of the connection: an
/// origin-form target gets scheme (by carrier) and host; without Host, the SNI or the server's address.
void complete_url(HttpRequest& request, const ConnectionInfo& connection);

}  // namespace sslsniff
