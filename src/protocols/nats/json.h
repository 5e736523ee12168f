#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/exchange.h"

/// JSON (RFC 8259) in NATS: what servers and clients say of themselves, and what JetStream answers.
namespace sslsniff::nats {

/// Writes the members of INFO or CONNECT as an object `key`, of damaged ones what there is. Credentials only
/// with `show_secrets`; returns whether there were any that were not written.
bool write_members(ByteView json, std::string_view key, FieldWriter& writer, bool show_secrets);

/// What is needed of INFO and CONNECT. Empty, false: not there.
struct Members {
    std::string server_name;
    std::string version;
    std::string name;
    std::string lang;
    std::string user;
    bool verbose = false;
    bool tls_required = false;
    bool tls_available = false;
};
Members read_members(ByteView json);

/// An answer of JetStream (https://docs.nats.io/reference/reference-protocols/nats_api_reference).
struct JetStreamReply {
    std::string stream;                     ///< that took the message
    std::optional<std::uint64_t> sequence;  ///< of it in the stream
    bool duplicate = false;
    std::optional<std::int64_t> error_code;  ///< as HTTP's status
    std::optional<std::int64_t> error_number;
    std::string error_description;
    std::string consumer;    ///< of what was asked about
    std::string ack_policy;  ///< of it: "none", "all", "explicit"
};
/// Nothing when the payload is none.
std::optional<JetStreamReply> read_jetstream_reply(ByteView payload);

}  // namespace sslsniff::nats
