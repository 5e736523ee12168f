#include "protocols/kafka/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/text.h"
#include "protocols/kafka/errors.h"

namespace sslsniff::kafka {
namespace {

constexpr std::size_t kTopicsInLine = 2;
constexpr std::size_t kLineText = 60;  // bytes of each name

std::string shortened(ByteView text) {
    return text.size() <= kLineText
               ? std::string(text)
               : std::string(text.substr(0, without_cut_code_point(text.substr(0, kLineText)))) + "…";
}

std::string plural(std::uint64_t count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

/// "orders[0]@42, 3 more topics"
std::string topics_text(const Notes& notes) {
    std::string out;
    for (std::size_t i = 0; i < std::min(kTopicsInLine, notes.topics.size()); ++i) {
        const Notes::Topic& topic = notes.topics[i];
        out += i > 0 ? ", " : "";
        out += shortened(topic.name);
        if (topic.partitions == 1) {
            out += fmt::format("[{}]", topic.partition);
            out += topic.offset ? fmt::format("@{}", *topic.offset) : "";
        } else if (topic.partitions > 1) {
            out += fmt::format("[{} partitions]", topic.partitions);
        }
    }
    if (notes.topic_count > kTopicsInLine) {
        out += fmt::format(", {} more topics", notes.topic_count - kTopicsInLine);
    }
    return out;
}

std::string records_text(const Notes& notes) {
    return notes.record_count == 0 && !notes.is_truncated
               ? "no records"
               : fmt::format("{}{}", notes.is_truncated ? "at least " : "",
                             plural(notes.record_count, "record"));
}

void write_notes(FieldWriter& writer, const Notes& notes) {
    const auto text = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            writer.text(key, value);
        }
    };
    text("group_id", notes.group);
    text("transactional_id", notes.transaction);
    if (notes.topic_count > 0) {
        writer.begin_array("topics");
        for (const Notes::Topic& topic : notes.topics) {
            writer.text("", topic.name);
        }
        writer.end_array();
        writer.number("topic_count", notes.topic_count);
    }
    if (notes.partition_count > 0) {
        writer.number("partition_count", notes.partition_count);
    }
    if (notes.has_records) {
        writer.number("record_count", notes.record_count);
        writer.number("record_bytes", notes.record_bytes);
        if (notes.is_truncated) {
            writer.boolean("records_truncated", true);
        }
    }
}

/// Reads a body into `fields`, and says why when it could not be read to its end.
void describe_body(Fields schema, std::int16_t version, bool is_flexible, const framed::Message& message,
                   Remaining remaining, RecordedFields& out, Notes& notes, TopicNames& names,
                   const DescribeLimits& limits) {
    RecordedFields fields(limits.fields ? RecordedFields::kMostBytes : 0);
    Describer describer(fields, notes, names, limits);
    const Walked walked = walk(schema, version, is_flexible, remaining, describer);
    write_notes(out, notes);
    if (walked == Walked::cut && message.missing == 0) {
        out.boolean("truncated", true);
    } else if (walked == Walked::malformed || (walked == Walked::whole && remaining.size > 0)) {
        out.text("error_in_message", walked == Walked::malformed ? "it is not what its version says"
                                                                 : "there are bytes behind its last field");
    }
    if (!fields.empty()) {
        out.begin_object("fields");
        out.append(std::move(fields));
        out.end_object();
    }
}

}  // namespace

std::optional<Request> describe_request(const framed::Message& message, DescribedExchange& exchange,
                                        TopicNames& names, const DescribeLimits& limits) {
    if (message.bytes.size() < kLeastRequest) {
        return std::nullopt;
    }
    Remaining remaining{message.bytes.substr(kSizeField), message.size - kSizeField};
    const std::optional<RequestHeader> header = read_request_header(remaining);
    if (!header) {
        return std::nullopt;
    }
    Request out{.header = *header};
    out.header.client_id = std::nullopt;
    const Api* const api = find_api(header->api_key);
    RecordedFields& fields = exchange.request;
    exchange.said.operation = api_name(header->api_key);
    fields.text("api", exchange.said.operation);
    fields.number("api_key", header->api_key);
    fields.number("api_version", header->api_version);
    fields.number("correlation_id", header->correlation_id);
    if (header->client_id) {
        fields.text("client_id", header->client_id->substr(0, 255));
    }
    fields.number("bytes", message.size);
    Notes notes;
    if (api == nullptr || !api->reads(header->api_version) || header->walked != Walked::whole) {
        fields.boolean("decoded", false);
    } else {
        describe_body(api->schema().request, header->api_version, api->is_flexible(header->api_version),
                      message, remaining, fields, notes, names, limits);
    }
    const std::string topics = topics_text(notes);
    exchange.request_line = fmt::format("{} v{}", exchange.said.operation, header->api_version);
    for (const std::string& part : {notes.group, notes.transaction, notes.subject, topics}) {
        if (!part.empty()) {
            exchange.request_line += " " + (&part == &topics ? part : shortened(part));
        }
    }
    if (notes.has_records) {
        exchange.request_line += " " + records_text(notes);
    }
    exchange.said.target = !notes.topics.empty()        ? notes.topics.front().name
                           : !notes.group.empty()       ? notes.group
                           : !notes.transaction.empty() ? notes.transaction
                                                        : notes.subject;
    exchange.said.request_bytes = message.size;
    out.is_answered = header->api_key != kProduce || notes.acks != 0;
    return out;
}

std::optional<std::int32_t> answered_by(const framed::Message& message) {
    return message.bytes.size() < kSizeField + 4
               ? std::nullopt
               : std::optional(static_cast<std::int32_t>(load_be<std::uint32_t>(message.bytes, kSizeField)));
}

void describe_response(const framed::Message& message, const RequestHeader* request,
                       DescribedExchange& exchange, TopicNames& names, const DescribeLimits& limits) {
    RecordedFields& fields = exchange.response;
    exchange.said.response_bytes = message.size;
    if (const auto id = answered_by(message); id && request == nullptr) {
        fields.number("correlation_id", *id);
    }
    fields.number("bytes", message.size);
    const Api* const api = request != nullptr ? find_api(request->api_key) : nullptr;
    constexpr std::size_t kHeader = kSizeField + 4;
    Remaining remaining{message.bytes.substr(std::min(kHeader, message.bytes.size())),
                        message.size - std::min<std::uint64_t>(message.size, kHeader)};
    if (api == nullptr || !api->reads(request->api_version) ||
        skip_response_header(api, request->api_key, request->api_version, remaining) != Walked::whole) {
        fields.boolean("decoded", false);
        exchange.said.outcome = Outcome::unknown;
        exchange.response_line = human_size(message.size) + " bytes";
        return;
    }
    std::int16_t version = request->api_version;
    constexpr std::uint16_t kUnsupportedVersion = 35;
    if (request->api_key == kApiVersions && remaining.bytes.size() >= 2 &&
        load_be<std::uint16_t>(remaining.bytes) == kUnsupportedVersion) {
        version = 0;  // a broker that does not know the version answers in the first one (KIP-511)
    }
    Notes notes;
    RecordedFields described(limits.fields ? RecordedFields::kMostBytes : 0);
    describe_body(api->schema().response, version, api->is_flexible(version), message, remaining, described,
                  notes, names, limits);
    if (notes.error != 0) {
        exchange.said.outcome = error_outcome(notes.error);
        exchange.said.error_type = error_name(notes.error);
        fields.begin_object("error");
        fields.text("code", exchange.said.error_type);
        fields.number("number", notes.error);
        fields.number("count", notes.error_count);
        if (!notes.error_message.empty()) {
            fields.text("message", notes.error_message);
        }
        fields.end_object();
        exchange.response_line = exchange.said.error_type;
        if (notes.error_count > 1) {
            exchange.response_line += fmt::format(" ({} errors)", notes.error_count);
        }
    } else if (notes.has_records) {
        exchange.response_line = records_text(notes);
    } else if (notes.topic_count == 1 && notes.topics.front().offset) {
        exchange.response_line = fmt::format("offset {}", *notes.topics.front().offset);
    } else if (notes.topic_count > 0 && notes.partition_count > 0) {
        exchange.response_line =
            plural(notes.topic_count, "topic") + ", " + plural(notes.partition_count, "partition");
    } else {
        exchange.response_line = "ok";
    }
    fields.append(std::move(described));
}

}  // namespace sslsniff::kafka
