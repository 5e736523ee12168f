#include "protocols/dns/exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "base/text.h"
#include "protocols/dns/name.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff::dns {
namespace {

constexpr std::uint8_t kQuery = 0;
constexpr std::uint16_t kNoError = 0;
constexpr std::uint16_t kNameError = 3;  // NXDOMAIN
constexpr std::size_t kDataShown = 80;   // of RDATA on one line

std::string hex(ByteView bytes) {
    std::string out;
    for (const char c : bytes) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string question_text(const Message& message) {
    if (message.questions.empty()) {
        const std::string out = message.opcode == kQuery ? "(no question)" : opcode_name(message.opcode);
        return message.tlvs.empty() ? out : out + ' ' + tlv_name(message.tlvs.front().type);
    }
    const Question& question = message.questions.front();
    std::string out = message.opcode == kQuery ? std::string{} : opcode_name(message.opcode) + ' ';
    out += fmt::format("{} {}", type_name(question.type), question.name);
    if (message.questions.size() > 1) {
        out += fmt::format(" (+{})", message.questions.size() - 1);
    }
    return out;
}

/// Behind what is said of the message.
std::string oddity_text(const Message& message) {
    const std::string oddities = message.oddities();
    return oddities.empty() ? oddities : fmt::format(" (odd: {})", oddities);
}

void write_oddities(FieldWriter& writer, const Message& message) {
    if (const std::string oddities = message.oddities(); !oddities.empty()) {
        writer.text("oddities", oddities);
    }
}

void write_tlvs(FieldWriter& writer, const Message& message) {
    if (message.tlvs.empty()) {
        return;
    }
    writer.begin_array("tlvs");
    for (const Message::Tlv& tlv : message.tlvs) {
        writer.begin_object("");
        writer.text("type", tlv_name(tlv.type));
        writer.text("data", hex(tlv.data));
        writer.end_object();
    }
    writer.end_array();
}

/// The answer to show: of the type asked for, else the first.
const Record* main_answer(const Message& message) {
    const auto wanted = message.questions.empty() ? std::uint16_t{0} : message.questions.front().type;
    const auto found = std::ranges::find(message.answers, wanted, &Record::type);
    if (found != message.answers.end()) {
        return &*found;
    }
    return message.answers.empty() ? nullptr : &message.answers.front();
}

std::string answer_text(const DnsExchange& exchange, const Message& message) {
    std::string out;
    const Record* answer = main_answer(message);
    if (message.rcode != kNoError) {
        out = rcode_name(message.rcode);
    } else if (exchange.messages > 1) {
        out = fmt::format("{} records in {} messages", exchange.records, exchange.messages);
    } else if (answer == nullptr) {
        out = message.opcode == kQuery && !exchange.multicast ? "no data" : "NOERROR";
    } else {
        const bool asked = !message.questions.empty() && answer->type == message.questions.front().type;
        out = asked ? std::string{} : type_name(answer->type) + ' ';
        out += exchange.multicast ? answer->name + ' ' : "";
        out += answer->data.size() > kDataShown ? answer->data.substr(0, kDataShown) + "…" : answer->data;
        if (message.answer_count > 1) {
            out += fmt::format(" (+{})", message.answer_count - 1);
        }
    }
    return message.truncated ? out + ", truncated" : out;
}

void write_question(FieldWriter& writer, const Question& question) {
    writer.text("name", question.name);
    if (const std::string unicode = unicode_name(question.name); !unicode.empty()) {
        writer.text("unicode", unicode);
    }
    writer.text("type", type_name(question.type));
    writer.text("class", class_name(question.klass));
    if (question.unicast_reply) {
        writer.boolean("unicast_reply", true);
    }
}

void write_edns(FieldWriter& writer, const Message& message) {
    if (!message.edns) {
        return;
    }
    writer.begin_object("edns");
    writer.number("version", message.edns->version);
    writer.number("udp_size", message.edns->udp_size);
    writer.boolean("dnssec_ok", message.edns->dnssec_ok);
    if (!message.edns->options.empty()) {
        writer.begin_array("options");
        for (const EdnsOption& option : message.edns->options) {
            writer.begin_object("");
            writer.number("code", option.code);
            writer.text("name", edns_option_name(option.code));
            writer.text("value", option.text);
            writer.end_object();
        }
        writer.end_array();
    }
    writer.end_object();
}

void write_records(FieldWriter& writer, std::string_view key, const std::vector<Record>& records) {
    writer.begin_array(key);
    for (const Record& record : records) {
        writer.begin_object("");
        writer.text("name", record.name);
        writer.text("type", type_name(record.type));
        writer.text("class", class_name(record.klass));
        writer.number("ttl", record.ttl);
        writer.text("data", record.data);
        if (record.cache_flush) {
            writer.boolean("cache_flush", true);
        }
        writer.end_object();
    }
    writer.end_array();
}

void write_query(FieldWriter& writer, const DnsExchange& exchange, const Message& query) {
    writer.begin_object("request");
    if (!query.questions.empty()) {
        write_question(writer, query.questions.front());
    }
    writer.number("id", query.id);
    writer.text("opcode", opcode_name(query.opcode));
    writer.boolean("recursion_desired", query.recursion_desired);
    writer.boolean("checking_disabled", query.checking_disabled);
    if (query.questions.size() > 1) {
        writer.begin_array("questions");
        for (const Question& question : query.questions) {
            writer.begin_object("");
            write_question(writer, question);
            writer.end_object();
        }
        writer.end_array();
    }
    write_edns(writer, query);
    if (exchange.attempts > 1) {
        writer.number("attempts", exchange.attempts);
    }
    if (exchange.retried_over_tcp) {
        writer.boolean("retried_over_tcp", true);
    }
    writer.number("bytes", query.size);
    if (!query.error.empty()) {
        writer.text("error", query.error);
    }
    write_tlvs(writer, query);
    write_oddities(writer, query);
    writer.end_object();
}

void write_answer(FieldWriter& writer, const DnsExchange& exchange, const Message& response) {
    writer.begin_object("response");
    writer.text("rcode", rcode_name(response.rcode));
    if (!exchange.query && !response.questions.empty()) {
        write_question(writer, response.questions.front());
    }
    if (!exchange.query) {
        writer.number("id", response.id);
    }
    writer.boolean("authoritative", response.authoritative);
    writer.boolean("truncated", response.truncated);
    writer.boolean("recursion_available", response.recursion_available);
    writer.boolean("authentic_data", response.authentic_data);
    write_records(writer, "answers", response.answers);
    write_records(writer, "authority", response.authority);
    write_records(writer, "additional", response.additional);
    writer.number("answer_count", exchange.messages > 1 ? exchange.records : response.answer_count);
    writer.number("authority_count", response.authority_count);
    writer.number("additional_count", response.additional_count);
    write_edns(writer, response);
    if (exchange.messages > 1) {
        writer.number("messages", exchange.messages);
    }
    writer.number("bytes", exchange.messages > 1 ? exchange.transferred : response.size);
    if (!response.error.empty()) {
        writer.text("error", response.error);
    }
    write_tlvs(writer, response);
    write_oddities(writer, response);
    writer.end_object();
}

void show_message(DetailWriter& writer, char marker, const Message& message) {
    std::string flags;
    const auto flag = [&](bool set, std::string_view name) { flags += set ? fmt::format(" {}", name) : ""; };
    flag(message.response, "qr");
    flag(message.authoritative, "aa");
    flag(message.truncated, "tc");
    flag(message.recursion_desired, "rd");
    flag(message.recursion_available, "ra");
    flag(message.authentic_data, "ad");
    flag(message.checking_disabled, "cd");
    writer.line(marker, fmt::format("{} {} id {}, flags{}", opcode_name(message.opcode),
                                    message.response ? rcode_name(message.rcode) : "", message.id, flags));
    for (const Question& question : message.questions) {
        const std::string unicode = unicode_name(question.name);
        writer.line(marker, fmt::format("{} {} {}?{}", question.name, class_name(question.klass),
                                        type_name(question.type),
                                        unicode.empty() ? "" : fmt::format(" ({})", unicode)));
    }
    for (const auto* section : {&message.answers, &message.authority, &message.additional}) {
        for (const Record& record : *section) {
            writer.line(marker, fmt::format("{} {} {} {} {}", record.name, record.ttl,
                                            class_name(record.klass), type_name(record.type), record.data));
        }
    }
    if (message.edns) {
        writer.line(marker, fmt::format("EDNS version {}, UDP size {}{}", message.edns->version,
                                        message.edns->udp_size, message.edns->dnssec_ok ? ", DO" : ""));
        for (const EdnsOption& option : message.edns->options) {
            writer.line(marker, fmt::format("EDNS {}: {}", edns_option_name(option.code), option.text));
        }
    }
    for (const Message::Tlv& tlv : message.tlvs) {
        writer.line(marker, fmt::format("{} {}", tlv_name(tlv.type), hex(tlv.data)));
    }
    if (!message.error.empty()) {
        writer.line('*', message.error);
    }
    if (const std::string oddities = message.oddities(); !oddities.empty()) {
        writer.line('*', oddities);
    }
}

Outcome outcome_of(const DnsExchange& exchange) {
    if (!exchange.response) {
        return exchange.multicast ? Outcome::ok : Outcome::unanswered;
    }
    switch (exchange.response->rcode) {
        case kNoError:
            return Outcome::ok;
        case kNameError:
            return Outcome::client_error;
        default:
            return Outcome::server_error;
    }
}

}  // namespace

Summary DnsExchange::summary() const {
    Summary out;
    out.tone = tone_of(outcome_of(*this));
    if (query) {
        out.request = question_text(*query) + oddity_text(*query);
        out.request_bytes = query->size;
    } else if (response && !response->questions.empty()) {
        out.request = question_text(*response);
    }
    if (response) {
        out.response = answer_text(*this, *response) + oddity_text(*response);
        out.response_bytes = messages > 1 ? transferred : response->size;
    }
    return out;
}

Facts DnsExchange::facts() const {
    Facts facts;
    facts.outcome = outcome_of(*this);
    if (const Message* message = query ? &*query : response ? &*response : nullptr) {
        const Question* question = message->questions.empty() ? nullptr : &message->questions.front();
        if (message->opcode != kQuery) {
            facts.operation = opcode_name(message->opcode);
        } else if (question != nullptr) {
            facts.operation = type_name(question->type);
        }
        facts.target = question != nullptr ? question->name : std::string();
    }
    facts.request_bytes = query ? query->size : 0;
    if (response) {
        facts.response_bytes = messages > 1 ? transferred : response->size;
        facts.error_type = response->rcode != kNoError ? rcode_name(response->rcode) : std::string();
    }
    return facts;
}

void DnsExchange::write_fields(FieldWriter& writer) const {
    if (multicast) {
        writer.boolean("multicast", true);
    }
    if (over_https) {
        writer.boolean("over_https", true);
    }
    if (query) {
        write_query(writer, *this, *query);
    }
    if (response) {
        write_answer(writer, *this, *response);
    }
}

void DnsExchange::write_details(DetailWriter& writer) const {
    if (query) {
        show_message(writer, '>', *query);
    }
    if (response) {
        show_message(writer, '<', *response);
    }
}

std::size_t DnsExchange::held() const {
    return allocated(sizeof(*this)) + (query ? query->held() : 0) + (response ? response->held() : 0);
}

}  // namespace sslsniff::dns
