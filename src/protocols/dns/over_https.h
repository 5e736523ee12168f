#pragma once

#include <memory>

#include "protocols/dns/exchange.h"

namespace sslsniff::dns {

/// The DNS transaction that an HTTP exchange carries (RFC 8484: application/dns-message, POST bodies or GET
/// ?dns=); null when it carries none.
std::unique_ptr<DnsExchange> dns_over_https(const Exchange& exchange);

}  // namespace sslsniff::dns
