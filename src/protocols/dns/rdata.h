#pragma once

#include <cstdint>
#include <string>

#include "protocols/dns/message.h"
#include "protocols/dns/wire_reader.h"

namespace sslsniff::dns {

/// RDATA in presentation form. `rdata` must be at its beginning and end with it; what does not have the form
/// of its type comes out as RFC 3597 has it for unknown types.
std::string rdata_text(std::uint16_t type, WireReader rdata);

/// The parameters of SVCB and HTTPS records behind the target: "alpn=h2,h3 port=8443" (RFC 9460 section 2.1).
/// Marks `reader` as failed when they are malformed.
std::string svc_params(WireReader& reader);

/// The options in the RDATA of OPT.
std::vector<EdnsOption> edns_options(WireReader& reader);

}  // namespace sslsniff::dns
