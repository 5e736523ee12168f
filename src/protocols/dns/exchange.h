#pragma once

#include <cstdint>
#include <optional>

#include "model/exchange.h"
#include "protocols/dns/message.h"

namespace sslsniff::dns {

/// A query with its answer, or either alone.
struct DnsExchange : Exchange {
    std::optional<Message> query;
    std::optional<Message> response;
    bool multicast = false;         ///< mDNS: queries and answers are not paired
    bool over_https = false;        ///< carried by an HTTP exchange (RFC 8484)
    std::uint32_t attempts = 1;     ///< how often the query was sent
    std::uint32_t messages = 1;     ///< of the response: zone transfers have many
    std::uint64_t transferred = 0;  ///< bytes of all of them
    std::uint64_t records = 0;      ///< answers in all of them
    bool retried_over_tcp = false;  ///< this asks again what an answer over UDP was too small for

    std::string_view protocol() const override { return "dns"; }
    Summary summary() const override;
    Facts facts() const override;
    bool escapes_backslashes() const override { return true; }
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override;
};

}  // namespace sslsniff::dns
