#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/http2/half_connection.h"
#include "protocols/http2/http2_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff::http2 {

/// One stream from its first frame that we see to the last (RFC 9113 section 5.1), from an observer's view.
class Stream {
  public:
    using Side = HttpApplication::Side;

    /// `joined`: earlier frames of it may have passed unseen.
    Stream(std::uint32_t id, bool joined, Timestamp start);

    void on_headers(Side side, const HeaderSection& section, ParserHost& host, const ParserLimits& limits,
                    Timestamp time);
    /// The request the server answers without being asked.
    void on_promise(const HeaderSection& section, const ConnectionInfo& connection, Timestamp time);
    /// A request that passed in HTTP/1.1 before the connection became HTTP/2 (h2c).
    void on_upgraded_request(const HttpRequest& request);
    /// That request passed before the capture began.
    void on_unseen_request() { message(Side::request); }
    /// What speaks inside, where nothing that was seen tells.
    void set_protocol(std::string protocol) { exchange_->set_protocol(std::move(protocol)); }
    void on_data(Side side, const DataPiece& piece, ParserHost& host, const ParserLimits& limits,
                 Timestamp time);
    void on_reset(Http2Exchange::Reset reset, Timestamp time);
    /// Frames of this side may have passed unseen.
    void on_lost(Side side);

    std::uint32_t id() const { return exchange_->stream_id; }
    /// Nothing more will come.
    bool finished() const;
    /// Bytes of memory, itself included.
    std::size_t held() const;
    /// Gives up what is not needed to go on, see HttpExchange. True when it lost something for the first
    /// time.
    bool shed();
    /// Gives the exchange away; the stream is used up. `why`: one phrase for one that did not finish.
    void emit(ParserHost& host, std::string_view why);

  private:
    struct Half {
        bool head = false;  ///< its header section was seen (for responses, the final one)
        bool ended = false;
        bool lost = false;     ///< frames are missing, an unknown number
        bool partial = false;  ///< a header section is not whole
        bool unknown = false;  ///< a header section has unknown fields
        Timestamp last{};      ///< when its latest frame came
    };

    Half& half(Side side) { return side == Side::request ? request_ : response_; }
    HttpMessage* known_message(Side side);
    HttpMessage& message(Side side);
    void read_response_section(const HeaderSection& section, std::size_t max_headers);
    void end(Side side, Timestamp time);
    void tell_answer(ParserHost& host) const;
    void end_if_satisfied();
    Integrity integrity(std::string_view why) const;

    std::unique_ptr<Http2Exchange> exchange_;
    Timing timing_;
    bool joined_;
    bool was_shed_ = false;
    Half request_;
    Half response_;
};

}  // namespace sslsniff::http2
