#include <fmt/format.h>

#include <algorithm>

#include "protocols/byte_reader.h"
#include "protocols/memcached/request.h"

namespace sslsniff::memcached {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::uint64_t kMostParts = 100;

bool carries_secret(std::uint8_t opcode) {
    return opcode == kSaslAuth || opcode == kSaslStep;
}

/// Extras, key and value, as far as they are there.
struct Parts {
    ByteView extras;
    ByteView key;
    Data value;
};

Parts parts_of(const BinaryHeader& header, const framed::Message& message, std::size_t max_body) {
    const ByteView body = message.bytes.substr(kBinaryHeader);
    const std::size_t before = std::size_t{header.extras_size} + header.key_size;
    return {body.substr(0, header.extras_size),
            body.substr(std::min<std::size_t>(header.extras_size, body.size()), header.key_size),
            data_of(message, kBinaryHeader + before, header.value_size(), max_body)};
}

void write_value(const Data& data, bool secret, RecordedFields& fields) {
    if (data.size == 0) {
        return;
    }
    if (secret) {
        fields.text("sasl", kHidden);
        fields.boolean("secrets_hidden", true);
    } else {
        fields.body("data", data.body());
    }
}

/// Of storage commands, touches and counters.
void write_extras(const Opcode& opcode, ByteView extras, RecordedFields& fields) {
    ByteReader reader(extras);
    switch (extras.size()) {
        case 8:
            fields.number("client_flags", reader.be<std::uint32_t>());
            fields.number("exptime_s", reader.be<std::uint32_t>());
            break;
        case 20:
            fields.number("delta", reader.be<std::uint64_t>());
            fields.number("initial", reader.be<std::uint64_t>());
            fields.number("exptime_s", reader.be<std::uint32_t>());
            break;
        case 4:
            if (opcode.name != "verbosity") {
                fields.number("exptime_s", reader.be<std::uint32_t>());
            }
            break;
        default:
            break;
    }
}

Outcome outcome_of(std::uint16_t status) {
    constexpr std::uint16_t kFirstServerError = 0x82;
    switch (status) {
        case 0x00:  // no error
        case 0x01:  // there is none, there is one, not stored: as in text
        case 0x02:
        case 0x05:
        case 0x09:  // SASL goes on
        case 0x21:
            return Outcome::ok;
        default:
            return status >= kFirstServerError && status != 0x83 ? Outcome::server_error
                                                                 : Outcome::client_error;
    }
}

}  // namespace

bool describe_packet(const framed::Message& message, std::size_t max_body, bool show_secrets,
                     Request& request) {
    const BinaryHeader header = read_binary_header(message.bytes);
    const Opcode* const opcode = find_opcode(header.opcode);
    if (opcode == nullptr) {
        return false;
    }
    DescribedExchange& exchange = *request.flow.exchange;
    RecordedFields& fields = exchange.request;
    const Parts parts = parts_of(header, message, max_body);
    request.opcode = header.opcode;
    request.opaque = header.opaque;
    request.key = parts.key;
    request.is_quiet = opcode->is_quiet;
    request.is_unanswered = header.opcode == kQuitQuietly;
    fields.text("command", opcode->name);
    exchange.request_line = opcode->name;
    exchange.said.operation = opcode->name;
    fields.number("opcode_number", header.opcode);
    fields.number("opaque", header.opaque);
    if (opcode->is_quiet) {
        fields.boolean("quiet", true);
    }
    if (header.key_size > 0) {
        fields.text("key", parts.key);
        exchange.request_line += fmt::format(" {}", parts.key);
        exchange.said.target = parts.key;
    }
    write_extras(*opcode, parts.extras, fields);
    if (header.cas != 0) {
        fields.number("cas_unique", header.cas);
    }
    write_value(parts.value, carries_secret(header.opcode) && !show_secrets, fields);
    exchange.said.request_bytes = header.value_size();
    return true;
}

bool add_packet(const framed::Message& message, std::size_t max_body, bool show_secrets, Request& request) {
    const BinaryHeader header = read_binary_header(message.bytes);
    DescribedExchange& exchange = *request.flow.exchange;
    RecordedFields& fields = exchange.response;
    const Parts parts = parts_of(header, message, max_body);
    if (header.opcode == kStat && header.key_size > 0) {
        if (!request.has_list) {
            fields.begin_array("stats");
            request.has_list = true;
        }
        if (++request.hits <= kMostParts) {
            fields.begin_object({});
            fields.text("name", parts.key);
            fields.text("value", parts.value.bytes);
            fields.end_object();
        }
        return false;
    }
    if (request.has_list) {
        fields.end_array();
        request.has_list = false;
    }
    const std::string_view status = status_name(header.status);
    fields.text("reply", status);
    fields.number("status_code", header.status);
    exchange.response_line = status;
    if (const Outcome outcome = outcome_of(header.status); outcome != Outcome::ok) {
        exchange.said.outcome = outcome;
        exchange.said.error_type = status;
    }
    if (header.extras_size == sizeof(std::uint32_t)) {
        fields.number("client_flags", ByteReader(parts.extras).be<std::uint32_t>());
    }
    if (header.key_size > 0) {
        fields.text("key", parts.key);
    }
    if (header.cas != 0) {
        fields.number("cas_unique", header.cas);
    }
    const bool counts = (exchange.said.operation == "incr" || exchange.said.operation == "decr") &&
                        parts.value.bytes.size() == sizeof(std::uint64_t);
    if (counts) {
        const auto result = ByteReader(parts.value.bytes).be<std::uint64_t>();
        fields.number("result", result);
        exchange.response_line = std::to_string(result);
    } else if (header.status != 0) {
        // The value says it in words.
        if (header.status != 0x09 && header.status != 0x21 && !parts.value.bytes.empty()) {
            fields.text("error", parts.value.bytes);
        }
    } else {
        write_value(parts.value, carries_secret(header.opcode) && !show_secrets, fields);
        exchange.said.response_bytes = header.value_size();
    }
    return true;
}

}  // namespace sslsniff::memcached
