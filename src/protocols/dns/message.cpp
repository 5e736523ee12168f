#include "protocols/dns/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "protocols/dns/rdata.h"
#include "protocols/dns/registry_names.h"
#include "protocols/dns/wire_reader.h"

namespace sslsniff::dns {
namespace {

constexpr std::uint16_t kMulticastBit = 0x8000;
constexpr std::uint8_t kQueryOpcode = 0;
constexpr std::uint8_t kStateful = 6;

void read_flags(Message& message, std::uint16_t flags) {
    const auto bit = [flags](int n) { return (flags >> n & 1) != 0; };
    message.response = bit(15);
    message.opcode = flags >> 11 & 0xF;
    message.authoritative = bit(10);
    message.truncated = bit(9);
    message.recursion_desired = bit(8);
    message.recursion_available = bit(7);
    message.reserved_bit = bit(6);
    message.authentic_data = bit(5);
    message.checking_disabled = bit(4);
    message.rcode = flags & 0xF;
}

/// OPT reuses CLASS for the UDP size and TTL for the upper bits of RCODE, the version and flags.
Edns read_edns(Message& message, std::uint16_t klass, std::uint32_t ttl, WireReader rdata) {
    Edns edns;
    edns.udp_size = klass;
    message.rcode = static_cast<std::uint16_t>(message.rcode | (ttl >> 24 << 4));
    edns.version = ttl >> 16 & 0xFF;
    edns.dnssec_ok = (ttl >> 15 & 1) != 0;
    edns.options = edns_options(rdata);
    return edns;
}

bool read_record(Message& message, WireReader& reader, std::vector<Record>& section, std::size_t max) {
    Record record;
    record.name = reader.name();
    record.type = reader.u16();
    const auto klass = reader.u16();
    record.ttl = reader.u32();
    const WireReader rdata = reader.part(reader.u16());
    if (!reader.good()) {
        return false;
    }
    if (record.type == kOpt && &section == &message.additional) {
        message.edns = read_edns(message, klass, record.ttl, rdata);
        return true;
    }
    if (&section == &message.answers) {
        message.last_answer_type = record.type;
    }
    if (section.size() < max) {
        record.klass = klass & static_cast<std::uint16_t>(~kMulticastBit);
        record.cache_flush = (klass & kMulticastBit) != 0;
        record.data = rdata_text(record.type, rdata);
        section.push_back(std::move(record));
    }
    return true;
}

std::size_t records_of(const Message& message, std::size_t questions) {
    return questions + message.answer_count + message.authority_count + message.additional_count;
}

/// RFC 8490 section 5.4.4: behind the header, whose counts are 0.
void read_tlvs(Message& message, WireReader& reader) {
    constexpr std::size_t kMost = 64;
    constexpr std::size_t kHeader = 4;
    message.stateful = true;
    while (reader.left() >= kHeader) {
        const auto type = reader.u16();
        const std::size_t length = reader.u16();
        const ByteView data = reader.bytes(std::min(length, reader.left()));
        if (data.size() < length) {
            message.error = "malformed TLV";
            return;
        }
        if (message.tlvs.size() < kMost) {
            message.tlvs.push_back({type, Bytes(data)});
        }
    }
}

}  // namespace

Message decode_message(ByteView bytes, std::size_t max_records) {
    Message message;
    message.size = static_cast<std::uint32_t>(bytes.size());
    WireReader reader(bytes);
    message.id = reader.u16();
    read_flags(message, reader.u16());
    const auto questions = reader.u16();
    message.answer_count = reader.u16();
    message.authority_count = reader.u16();
    message.additional_count = reader.u16();
    if (!reader.good()) {
        message.error = "shorter than a DNS header";
        return message;
    }
    for (std::size_t n = 0; n < questions; ++n) {
        Question question;
        question.name = reader.name();
        question.type = reader.u16();
        const auto klass = reader.u16();
        question.klass = klass & static_cast<std::uint16_t>(~kMulticastBit);
        question.unicast_reply = (klass & kMulticastBit) != 0;
        if (!reader.good()) {
            message.error = "malformed question";
            return message;
        }
        if (message.questions.size() < max_records) {
            message.questions.push_back(std::move(question));
        }
    }
    struct Section {
        std::uint16_t count;
        std::vector<Record>& records;
        const char* error;
    };
    for (const Section& section :
         {Section{message.answer_count, message.answers, "malformed answer"},
          Section{message.authority_count, message.authority, "malformed authority"},
          Section{message.additional_count, message.additional, "malformed additional record"}}) {
        for (std::size_t n = 0; n < section.count; ++n) {
            if (!read_record(message, reader, section.records, max_records)) {
                message.error = section.error;
                return message;
            }
        }
    }
    if (message.opcode == kStateful && records_of(message, questions) == 0) {
        read_tlvs(message, reader);
    }
    message.trailing = static_cast<std::uint32_t>(reader.left());
    return message;
}

std::string Message::oddities() const {
    std::string out;
    const auto add = [&out](bool is_so, std::string_view what) {
        if (is_so) {
            out += out.empty() ? "" : ", ";
            out += what;
        }
    };
    add(reserved_bit, "Z bit set");
    add(!response && authoritative, "authoritative answer bit in a query");
    add(!response && (rcode & 0xFU) != 0, "query with an rcode");
    add(!is_known_opcode(opcode), "unknown opcode");
    add(opcode == kQueryOpcode && questions.size() > 1, "several questions");
    if (trailing != 0) {
        add(true, fmt::format("{} {} after the last record", trailing, trailing == 1 ? "byte" : "bytes"));
    }
    return out;
}

std::size_t Message::held() const {
    std::size_t held = heap_bytes(questions) + heap_bytes(error) + heap_bytes(tlvs);
    for (const Tlv& tlv : tlvs) {
        held += heap_bytes(tlv.data);
    }
    for (const Question& question : questions) {
        held += heap_bytes(question.name);
    }
    for (const std::vector<Record>* records : {&answers, &authority, &additional}) {
        held += heap_bytes(*records);
        for (const Record& record : *records) {
            held += heap_bytes(record.name) + heap_bytes(record.data);
        }
    }
    if (edns) {
        held += heap_bytes(edns->options);
        for (const EdnsOption& option : edns->options) {
            held += heap_bytes(option.text);
        }
    }
    return held;
}

}  // namespace sslsniff::dns
