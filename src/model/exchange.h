#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "model/body.h"
#include "model/facts.h"
#include "model/trace_ids.h"

namespace sslsniff {

/// Receives the fields of an exchange, nested as in docs/json.md. One description serves JSON and --where, so
/// every protocol describes itself once. In arrays the key is ignored.
class FieldWriter {
  public:
    virtual ~FieldWriter() = default;
    virtual void begin_object(std::string_view key) = 0;
    virtual void end_object() = 0;
    virtual void begin_array(std::string_view key) = 0;
    virtual void end_array() = 0;
    virtual void text(std::string_view key, ByteView bytes) = 0;  ///< any bytes; the writer escapes
    virtual void number(std::string_view key, std::int64_t value) = 0;
    virtual void number(std::string_view key, double value) = 0;
    virtual void boolean(std::string_view key, bool value) = 0;
    virtual void null(std::string_view key) = 0;
    virtual void body(std::string_view key, const Body& body) = 0;

    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, std::int64_t>)
    void number(std::string_view key, T value) {
        // Greater numbers than JSON readers agree upon are counters that stopped at their greatest value.
        number(key, std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value)
                                                       : std::numeric_limits<std::int64_t>::max());
    }
};

/// What one line of text says of an exchange. Bytes may be hostile; the text sink makes them printable.
struct Summary {
    enum class Tone : std::uint8_t { normal, redirect, client_error, server_error, incomplete };
    std::string request;          ///< "GET https://example.com/x"; empty when only the answer was seen
    std::string response;         ///< "200 OK"; empty when there was none
    bool towards_client = false;  ///< `response` is no answer but a message that the server sent by itself
    Tone tone = Tone::normal;
    std::uint64_t request_bytes = 0;   ///< payload towards the server (HTTP: body), as passed
    std::uint64_t response_bytes = 0;  ///< payload towards the client
};

/// The colour of an answer, where the protocol has no reason for another one.
constexpr Summary::Tone tone_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok:
            return Summary::Tone::normal;
        case Outcome::redirected:
            return Summary::Tone::redirect;
        case Outcome::client_error:
            return Summary::Tone::client_error;
        case Outcome::server_error:
            return Summary::Tone::server_error;
        case Outcome::failed:
        case Outcome::unanswered:
        case Outcome::unknown:
            break;
    }
    return Summary::Tone::incomplete;
}

/// Receives what -v and -vv show below the line.
class DetailWriter {
  public:
    virtual ~DetailWriter() = default;
    /// One line; `marker` is '>' towards the server, '<' towards the client, '*' for remarks.
    virtual void line(char marker, ByteView text) = 0;
    /// A body, shown from -vv on.
    virtual void body(char marker, const Body& body) = 0;
};

/// What a protocol parser understood: a request with its response, one message, one query ...
/// Every protocol derives one in its own folder; outputs know only this interface.
class Exchange {
  public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    virtual ~Exchange() = default;

    virtual std::string_view protocol()
        const = 0;  ///< "http/1.1", "h2", "redis", "dns" ... as in docs/json.md
    virtual Summary summary() const = 0;
    /// What summary() says in words, for whoever counts, groups or exports.
    virtual Facts facts() const = 0;
    /// Whether summary() and write_details() are in a notation in which backslashes are escaped (Redis, DNS).
    virtual bool escapes_backslashes() const { return false; }
    virtual void write_fields(FieldWriter& writer) const = 0;  ///< "request" and "response" objects
    virtual void write_details(DetailWriter& writer) const = 0;
    virtual std::size_t held() const = 0;  ///< bytes of memory that it needs, itself included
    /// What its request says of the trace that it belongs to.
    virtual TraceIds trace_ids() const { return {}; }

    /// The number of its request, from ParserHost::begin_request(); 0: nobody was told when it began.
    std::uint64_t request_number() const { return request_number_; }
    void set_request_number(std::uint64_t number) { request_number_ = number; }

  private:
    std::uint64_t request_number_ = 0;
};

}  // namespace sslsniff
