#include "protocols/mongodb/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "protocols/mongodb/bson.h"
#include "protocols/mongodb/errors.h"

namespace sslsniff::mongodb {
namespace {

constexpr std::size_t kDocumentsShown = 10;
constexpr std::size_t kElementsOfSequence = 200;  // of each document that is shown
constexpr std::size_t kLongestName = 255;

/// Commands that drivers hide in their logs too (the "sensitive" ones of the Command Logging and Monitoring
/// specification).
constexpr std::array<std::string_view, 9> kSensitive{"authenticate",   "saslStart",       "saslContinue",
                                                     "getnonce",       "createUser",      "updateUser",
                                                     "copydbgetnonce", "copydbsaslstart", "copydb"};

bool is_secret_name(std::string_view name) {
    return name == "payload" || name == "pwd" || name == "key" || name == "nonce" ||
           name == "speculativeAuthenticate";
}

BsonLimits limits_of(bool is_secret, const DescribeLimits& limits) {
    BsonLimits out;
    if (is_secret && !limits.show_secrets) {
        out.is_secret = is_secret_name;
    }
    return out;
}

std::string plural(std::uint64_t count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string name_of(ByteView text) {
    return std::string(text.substr(0, kLongestName));
}

void write_documents(FieldWriter& writer, std::string_view key, ByteView documents, BsonLimits limits) {
    limits.max_elements = kElementsOfSequence;
    writer.begin_array(key);
    for (std::size_t shown = 0; shown < kDocumentsShown && !documents.empty(); ++shown) {
        const auto size = bson_size(documents);
        if (!size) {
            break;
        }
        write_document(writer, "", documents.substr(0, *size), limits);
        documents.remove_prefix(std::min(*size, documents.size()));
    }
    writer.end_array();
}

void write_head(RecordedFields& fields, const framed::Message& message, const Content& content) {
    fields.text("opcode", opcode_name(content.opcode));
    fields.number("bytes", message.size);
    if (!content.compressor.empty()) {
        fields.text("compressor", content.compressor);
    }
    if (content.opcode == kMsg && content.flags != 0) {
        fields.begin_array("flags");
        for (const auto& [flag, name] :
             {std::pair(kChecksumPresent, "checksumPresent"), std::pair(kMoreToCome, "moreToCome"),
              std::pair(kExhaustAllowed, "exhaustAllowed")}) {
            if ((content.flags & flag) != 0) {
                fields.text("", name);
            }
        }
        fields.end_array();
    }
    if (!content.is_readable) {
        fields.boolean("decoded", false);
    } else if (content.is_cut && message.missing == 0) {
        fields.boolean("truncated", true);
    }
}

void write_sequences(RecordedFields& fields, const Content& content, const BsonLimits& limits) {
    for (const Sequence& sequence : content.sequences) {
        const Count count = count_documents(sequence.documents);
        fields.begin_object("sequence");
        fields.text("id", sequence.id.substr(0, kLongestName));
        fields.number("count", count.documents);
        if (!count.is_whole) {
            fields.boolean("truncated", true);
        }
        write_documents(fields, "documents", sequence.documents, limits);
        fields.end_object();
    }
}

/// "{status: \"A\", age: {…}}": the first elements of a filter.
std::string short_document(ByteView document) {
    constexpr std::size_t kElements = 3;
    std::string out = "{";
    BsonReader reader(document);
    for (std::size_t i = 0; i <= kElements; ++i) {
        const auto element = reader.next();
        if (!element) {
            break;
        }
        out += i > 0 ? ", " : "";
        out +=
            i == kElements ? "…" : fmt::format("{}: {}", element->name.substr(0, 40), short_value(*element));
    }
    return out + "}";
}

/// The names of the stages of an aggregation.
std::string stages(ByteView pipeline) {
    constexpr std::size_t kStages = 6;
    std::string out = "[";
    BsonReader reader(pipeline);
    for (std::size_t i = 0; i <= kStages; ++i) {
        const auto stage = reader.next();
        if (!stage) {
            break;
        }
        out += i > 0 ? ", " : "";
        const auto name = stage->type == BsonType::document ? BsonReader(stage->value).next() : std::nullopt;
        out += i == kStages || !name ? "…" : std::string(name->name.substr(0, 40));
    }
    return out + "]";
}

/// What else a line says of a command: its filter, stages, number of documents.
std::string arguments_text(const Content& content) {
    std::string out;
    BsonReader reader(content.body);
    bool is_first = true;
    while (const auto element = reader.next()) {
        if (is_first && (element->type == BsonType::int64 && element->name == "getMore")) {
            out += fmt::format(" cursor {}", element->integer().value_or(0));
        }
        is_first = false;
        if (element->type == BsonType::document &&
            (element->name == "filter" || element->name == "query" || element->name == "q")) {
            out += " " + short_document(element->value);
        } else if (element->type == BsonType::array && element->name == "pipeline") {
            out += " " + stages(element->value);
        } else if (element->type == BsonType::array &&
                   (element->name == "documents" || element->name == "updates" ||
                    element->name == "deletes")) {
            BsonReader documents(element->value);
            std::uint64_t count = 0;
            while (documents.next()) {
                ++count;
            }
            out += " " + plural(count, element->name.substr(0, element->name.size() - 1));
        }
    }
    for (const Sequence& sequence : content.sequences) {
        const Count count = count_documents(sequence.documents);
        const ByteView id = sequence.id.substr(0, 40);
        out += fmt::format(" {}{}", count.is_whole ? "" : "at least ",
                           plural(count.documents, id.ends_with('s') ? id.substr(0, id.size() - 1) : id));
    }
    return out;
}

/// "db.collection" of what names it so, in older messages.
std::string older_operation(std::int32_t opcode) {
    switch (opcode) {
        case kInsert:
            return "insert";
        case kUpdate:
            return "update";
        case kDelete:
            return "delete";
        case kGetMore:
            return "getMore";
        case kKillCursors:
            return "killCursors";
        default:
            return "find";
    }
}

}  // namespace

Request describe_request(const framed::Message& message, DescribedExchange& exchange,
                         const DescribeLimits& limits) {
    Content content;
    read_content(message, limits.max_body, content);
    Request out{.id = read_header(message.bytes).request_id};
    std::string database;
    std::string collection;
    const bool is_command = content.opcode == kMsg || content.collection.ends_with(".$cmd");
    if (is_command && !content.body.empty()) {
        BsonReader reader(content.body);
        if (const auto first = reader.next()) {
            out.operation = name_of(first->name);
            // Commands on users and roles name those.
            const bool names_collection = out.operation.find("User") == std::string::npos &&
                                          out.operation.find("Role") == std::string::npos;
            collection = names_collection ? name_of(first->text().value_or("")) : std::string();
        }
        if (const auto db = find_element(content.body, "$db")) {
            database = name_of(db->text().value_or(""));
        }
        if (const auto of_cursor = find_element(content.body, "collection");
            of_cursor && out.operation == "getMore") {
            collection = name_of(of_cursor->text().value_or(""));
        }
        out.is_secret = std::ranges::find(kSensitive, out.operation) != kSensitive.end() ||
                        find_element(content.body, "speculativeAuthenticate").has_value();
        // Whoever was cut off before that may hide it too.
        out.is_secret = out.is_secret || (content.is_cut && out.operation == "hello");
    } else if (content.opcode != kMsg && content.is_readable) {
        out.operation = older_operation(content.opcode);
    }
    if (!content.collection.empty()) {
        const std::size_t dot = content.collection.find('.');
        database = name_of(content.collection.substr(0, dot));
        if (!is_command && dot != ByteView::npos) {
            collection = name_of(content.collection.substr(dot + 1));
        }
    }
    out.target = collection.empty() ? database : database + "." + collection;
    out.is_answered = content.opcode == kMsg
                          ? (content.flags & kMoreToCome) == 0
                          : content.opcode == kQuery || content.opcode == kGetMore || !content.is_readable;
    RecordedFields& fields = exchange.request;
    const auto text = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            fields.text(key, value);
        }
    };
    text("command", out.operation);
    text("database", database);
    text("collection", collection);
    fields.number("request_id", out.id);
    write_head(fields, message, content);
    const BsonLimits bson = limits_of(out.is_secret, limits);
    if (!content.body.empty() && fields.records()) {
        write_document(fields, "document", content.body, bson);
    }
    if (fields.records()) {
        write_sequences(fields, content, bson);
    }
    exchange.request_line = out.operation.empty() ? "(not decoded)" : out.operation;
    exchange.request_line += out.target.empty() ? "" : " " + out.target;
    if (!out.is_secret) {
        exchange.request_line += arguments_text(content);
    }
    exchange.said.operation = out.operation;
    exchange.said.target = out.target;
    exchange.said.request_bytes = message.size;
    return out;
}

namespace {

/// The result of a command, as its document says it.
struct Result {
    bool is_ok = true;
    std::int64_t code = 0;  ///< of the first error
    std::string code_name{};
    std::string message{};
    std::uint64_t write_errors = 0;
    std::optional<std::int64_t> n{};
    bool has_cursor = false;
    std::int64_t cursor_id = 0;
    std::uint64_t documents = 0;
    bool is_whole = true;
};

void read_error(ByteView document, Result& out) {
    if (const auto code = find_element(document, "code")) {
        out.code = code->integer().value_or(0);
    }
    if (const auto name = find_element(document, "codeName")) {
        out.code_name = name_of(name->text().value_or(""));
    }
    if (const auto message = find_element(document, "errmsg")) {
        out.message = std::string(message->text().value_or("").substr(0, 1000));
    }
}

void read_cursor(ByteView cursor, Result& out) {
    out.has_cursor = true;
    BsonReader reader(cursor);
    while (const auto element = reader.next()) {
        if (element->name == "id") {
            out.cursor_id = element->integer().value_or(0);
        } else if (element->type == BsonType::array &&
                   (element->name == "firstBatch" || element->name == "nextBatch")) {
            BsonReader batch(element->value);
            while (batch.next()) {
                ++out.documents;
            }
            out.is_whole = batch.is_whole();
        }
    }
}

Result read_result(ByteView document) {
    Result out;
    BsonReader reader(document);
    while (const auto element = reader.next()) {
        if (element->name == "ok") {
            out.is_ok = element->number().value_or(1) != 0;
        } else if (element->name == "n") {
            out.n = element->integer();
        } else if (element->name == "cursor" && element->type == BsonType::document) {
            read_cursor(element->value, out);
        } else if (element->name == "writeErrors" && element->type == BsonType::array) {
            BsonReader errors(element->value);
            while (const auto error = errors.next()) {
                if (out.write_errors++ == 0) {
                    read_error(error->value, out);
                }
            }
        } else if (element->name == "writeConcernError" && element->type == BsonType::document &&
                   out.code == 0) {
            read_error(element->value, out);
        }
    }
    if (!out.is_ok) {
        read_error(document, out);
    }
    if (out.code_name.empty() && (out.code != 0 || !out.is_ok)) {
        out.code_name = error_name(out.code);
    }
    return out;
}

void describe_result(const Result& result, DescribedExchange& exchange, RecordedFields& fields) {
    std::string line;
    if (!result.code_name.empty()) {
        exchange.said.outcome = error_outcome(result.code);
        exchange.said.error_type = result.code_name;
        fields.begin_object("error");
        fields.text("code", result.code_name);
        fields.number("number", result.code);
        fields.text("message", result.message);
        if (result.write_errors > 0) {
            fields.number("write_errors", result.write_errors);
        }
        fields.end_object();
        line = result.code_name;
    }
    const auto add = [&](const std::string& text) { line += (line.empty() ? "" : ", ") + text; };
    if (result.n) {
        fields.number("n", *result.n);
        add(fmt::format("n {}", *result.n));
    }
    if (result.has_cursor) {
        fields.number("document_count", result.documents);
        fields.number("cursor_id", result.cursor_id);
        add(fmt::format("{}{}{}", result.is_whole ? "" : "at least ", plural(result.documents, "document"),
                        result.cursor_id != 0 ? ", more to get" : ""));
    }
    exchange.response_line = line.empty() ? "ok" : line;
}

}  // namespace

Response describe_response(const framed::Message& message, const Request* request,
                           DescribedExchange& exchange, const DescribeLimits& limits) {
    Content content;
    read_content(message, limits.max_body, content);
    const Header header = read_header(message.bytes);
    RecordedFields& fields = exchange.response;
    fields.number("request_id", header.request_id);
    fields.number("response_to", header.response_to);
    write_head(fields, message, content);
    exchange.said.response_bytes = message.size;
    // What answers a conversation of SASL is known by its number.
    const bool is_secret = request != nullptr
                               ? request->is_secret
                               : find_element(content.body, "conversationId").has_value() ||
                                     find_element(content.body, "speculativeAuthenticate").has_value();
    if (content.body.empty() || !content.is_readable) {
        exchange.said.outcome = content.is_readable ? Outcome::ok : Outcome::unknown;
        exchange.response_line =
            content.is_readable ? "ok" : human_size(message.size) + " bytes, not decoded";
    } else if (content.opcode == kReply && content.documents_count != 1) {
        exchange.response_line = plural(content.documents_count, "document");
        fields.number("document_count", content.documents_count);
        fields.number("cursor_id", content.cursor_id);
        write_documents(fields, "documents", content.body, limits_of(is_secret, limits));
    } else {
        describe_result(read_result(content.body), exchange, fields);
        if (fields.records()) {
            write_document(fields, "document", content.body, limits_of(is_secret, limits));
        }
    }
    return {header.request_id, header.response_to,
            content.opcode == kMsg && (content.flags & kMoreToCome) != 0};
}

}  // namespace sslsniff::mongodb
