#include "protocols/dns/message.h"

#include "protocols/dns/rdata.h"
#include "protocols/dns/registry_names.h"
#include "protocols/dns/wire_reader.h"

namespace sslsniff::dns {
namespace {

constexpr std::uint16_t kMulticastBit = 0x8000;

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

}  // namespace

Message decode_message(ByteView octets, std::size_t max_records) {
    Message message;
    message.size = static_cast<std::uint32_t>(octets.size());
    WireReader reader(octets);
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
    if (reader.left() > 0) {
        message.error = "octets behind the last record";
    }
    return message;
}

}  // namespace sslsniff::dns
