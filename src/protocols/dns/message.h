#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sslsniff::dns {

/// Names are in presentation form (RFC 1035 section 5.1) without the final dot, "." for the root: bytes that
/// are not printable ASCII are \DDD, dots and backslashes within a label \. and \\. Internationalised names
/// stay as they are on the wire ("xn--..."), see unicode_name().
struct Question {
    std::string name;
    std::uint16_t type = 0;
    std::uint16_t klass = 0;     ///< CLASS; without mDNS's top bit
    bool unicast_reply = false;  ///< mDNS: the top bit of the class (RFC 6762 section 5.4)
};

struct Record {
    std::string name;
    std::uint16_t type = 0;
    std::uint16_t klass = 0;
    std::uint32_t ttl = 0;     ///< seconds
    bool cache_flush = false;  ///< mDNS: the top bit of the class (RFC 6762 section 10.2)
    std::string data;          ///< RDATA in presentation form, "\# LENGTH HEX" (RFC 3597) where none is known
};

struct EdnsOption {
    std::uint16_t code = 0;
    std::string text;  ///< client subnet as prefix, others readable or hex
};

/// The OPT pseudo-record (RFC 6891).
struct Edns {
    std::uint16_t udp_size = 0;
    std::uint8_t version = 0;
    bool dnssec_ok = false;
    std::vector<EdnsOption> options;
};

struct Message {
    std::uint16_t id = 0;
    bool response = false;
    std::uint8_t opcode = 0;
    bool authoritative = false;
    bool truncated = false;
    bool recursion_desired = false;
    bool recursion_available = false;
    bool authentic_data = false;
    bool checking_disabled = false;
    bool reserved_bit = false;  ///< Z, must be zero
    std::uint16_t rcode = 0;    ///< with the upper bits from OPT
    std::vector<Question> questions;
    std::vector<Record> answers;
    std::vector<Record> authority;
    std::vector<Record> additional;  ///< without OPT
    std::uint16_t answer_count = 0;  ///< as the header says; the vectors may hold fewer
    std::uint16_t authority_count = 0;
    std::uint16_t additional_count = 0;
    std::uint16_t last_answer_type = 0;  ///< of the last answer, kept or not: transfers end with SOA
    std::optional<Edns> edns;
    std::uint32_t size = 0;      ///< bytes
    std::string error;           ///< why decoding stopped early; empty when all of it was understood
    std::uint32_t trailing = 0;  ///< bytes after the last record: nothing that belongs to DNS
    bool stateful = false;       ///< opcode 6: TLVs instead of records (RFC 8490 section 5.4)
    struct Tlv {
        std::uint16_t type = 0;
        Bytes data;
    };
    std::vector<Tlv> tlvs;

    /// What is strange about it though it can be read, for people: "Z bit set". Empty: nothing.
    std::string oddities() const;

    /// Bytes of memory outside of itself.
    std::size_t held() const;
};

/// Decodes one message as far as it is well-formed; never fails, see Message::error. Bounded: at most
/// `max_records` records are kept per section. Works on bodies of DNS over HTTPS as well (RFC 8484).
Message decode_message(ByteView bytes, std::size_t max_records = 256);

}  // namespace sslsniff::dns
