#pragma once

#include <memory>

#include "protocols/http/http_upgrade.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// HTTP/2 (RFC 9113), from its preface or from anywhere in the middle. Each stream becomes a Http2Exchange.
std::unique_ptr<Detector> detect_http2();
bool may_begin_http2(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_http2(ParserHost& host, const ParserLimits& limits);
std::span<const FieldSpec> http2_fields();
const DissectorTraits& http2_dissector();

/// gRPC is found as HTTP/2: this is for who says that a connection carries it, and means streams that were
/// joined in the middle (ParserLimits::assume_grpc).
std::unique_ptr<Detector> detect_grpc();
bool may_begin_grpc(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_grpc(ParserHost& host, const ParserLimits& limits);
const DissectorTraits& grpc_dissector();

/// For a connection that HTTP/1.1's Upgrade turned into HTTP/2: `request` is answered on stream 1 (RFC 7540
/// section 3.2). See HttpUpgrade::create.
std::unique_ptr<ProtocolParser> create_http2_upgraded(ParserHost& host, const ParserLimits& limits,
                                                      const HttpSwitch& turn);

}  // namespace sslsniff
