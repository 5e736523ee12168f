#include <fmt/format.h>

#include <algorithm>

#include "protocols/cql/message.h"
#include "protocols/cql/types.h"

namespace sslsniff::cql {
namespace {

constexpr std::size_t kMostStatement = std::size_t{64} * 1024;
constexpr std::size_t kMostParameters = 100;
constexpr std::size_t kMostPairs = 256;
constexpr std::string_view kHidden = "***";

/// Flags of a query's parameters (section 4.1.4).
constexpr std::uint32_t kValues = 0x01;
constexpr std::uint32_t kPageSize = 0x04;
constexpr std::uint32_t kPagingState = 0x08;
constexpr std::uint32_t kSerialConsistency = 0x10;
constexpr std::uint32_t kTimestamp = 0x20;
constexpr std::uint32_t kNames = 0x40;
constexpr std::uint32_t kKeyspace = 0x80;
constexpr std::uint32_t kNow = 0x100;

class RequestReader {
  public:
    RequestReader(const Envelope& envelope, const Prepared& prepared, const DescribeLimits& limits,
                  sql::SqlExchange& exchange, Asked& asked)
        : header_(envelope.header),
          reader_(envelope.body),
          prepared_(prepared),
          limits_(limits),
          request_(exchange.request),
          asked_(asked) {}

    bool read() {
        if ((header_.flags & kCustomPayload) != 0) {
            skip_payload();
        }
        switch (header_.opcode) {
            case Opcode::startup:
                read_startup();
                break;
            case Opcode::query:
                asked_.statement = statement(read_long_string(reader_));
                request_.statement = asked_.statement;
                read_parameters(nullptr);
                break;
            case Opcode::prepare:
                asked_.statement = statement(read_long_string(reader_));
                request_.statement = asked_.statement;
                request_.title = "PREPARE";
                if (header_.is_v5() && reader_.left() > 0 && (reader_.be<std::uint32_t>() & 1U) != 0) {
                    text("keyspace", read_string(reader_));
                }
                break;
            case Opcode::execute:
                read_execute();
                break;
            case Opcode::batch:
                read_batch();
                break;
            case Opcode::registration:
                read_register();
                break;
            case Opcode::auth_response: {
                request_.title = "AUTH_RESPONSE";
                const auto token = read_bytes(reader_);
                text("password", limits_.show_secrets ? token.value_or("") : kHidden);
                request_.secrets_hidden = !limits_.show_secrets;
                break;
            }
            default:
                request_.title = to_string(header_.opcode);
        }
        return reader_.good();
    }

  private:
    void text(std::string_view name, ByteView value) { sql::add_text(request_.attributes, name, value); }
    void number(std::string_view name, std::int64_t value) { request_.attributes.push_back({name, value}); }

    void skip_payload() {
        for (std::size_t pairs = reader_.be<std::uint16_t>(); pairs > 0 && reader_.good(); --pairs) {
            read_string(reader_);
            read_bytes(reader_);
        }
    }

    sql::StatementPointer statement(ByteView query) const {
        return sql::make_statement(query, query.size(), kMostStatement, limits_.show_secrets);
    }

    void read_startup() {
        request_.title = "STARTUP";
        std::size_t pairs = reader_.be<std::uint16_t>();
        for (std::size_t shown = 0; pairs > 0 && reader_.good(); --pairs, ++shown) {
            const ByteView name = read_string(reader_);
            const ByteView value = read_string(reader_);
            if (name == "COMPRESSION") {
                text("compression", value);
            } else if (name == "CQL_VERSION") {
                text("cql_version", value);
            } else if (name == "DRIVER_NAME") {
                text("driver_name", value);
                request_.title += fmt::format(" {}", value);
            } else if (name == "DRIVER_VERSION") {
                text("driver_version", value);
            }
            if (shown > kMostPairs) {
                reader_.fail();
            }
        }
    }

    /// `markers`: what the values are of; null: not known.
    void read_values(const sql::Columns* markers, bool named, std::size_t first) {
        const std::size_t count = reader_.be<std::uint16_t>();
        for (std::size_t i = 0; i < count && reader_.good(); ++i) {
            if (named) {
                read_string(reader_);
            }
            const auto value = read_bytes(reader_);
            if (!reader_.good() || first + i >= kMostParameters) {
                continue;
            }
            const std::uint32_t type = markers != nullptr && i < markers->size() ? (*markers)[i].type : 0;
            const std::size_t room = limits_.max_body - std::min(kept_, limits_.max_body);
            values_.push_back(value ? read_value(type, *value, room) : sql::null_value());
            kept_ += values_.back().text.size();
        }
        request_.parameter_count += count;
    }
    void keep_values() {
        if (!values_.empty()) {
            request_.parameters = std::make_shared<const sql::Values>(std::move(values_));
        }
    }

    std::uint32_t read_flags() { return header_.is_v5() ? reader_.be<std::uint32_t>() : reader_.u8(); }
    void read_consistency(std::string_view name) {
        const auto consistency = reader_.be<std::uint16_t>();
        text(name, consistency_name(consistency));
    }

    void read_parameters(const sql::Columns* markers) {
        read_consistency("consistency");
        const std::uint32_t flags = read_flags();
        if ((flags & kValues) != 0) {
            read_values(markers, (flags & kNames) != 0, 0);
            keep_values();
        }
        if ((flags & kPageSize) != 0) {
            number("page_size_rows", static_cast<std::int32_t>(reader_.be<std::uint32_t>()));
        }
        if ((flags & kPagingState) != 0) {
            read_bytes(reader_);
            request_.attributes.push_back({"next_page", true});
        }
        read_tail(flags);
    }
    void read_tail(std::uint32_t flags) {
        if ((flags & kSerialConsistency) != 0) {
            read_consistency("serial_consistency");
        }
        if ((flags & kTimestamp) != 0) {
            number("client_timestamp", static_cast<std::int64_t>(reader_.be<std::uint64_t>()));
        }
        if (header_.is_v5() && (flags & kKeyspace) != 0) {
            text("keyspace", read_string(reader_));
        }
        if (header_.is_v5() && (flags & kNow) != 0) {
            reader_.be<std::uint32_t>();
        }
    }

    const PreparedStatement* read_prepared() {
        const ByteView id = read_string(reader_);
        return prepared_.find(id);
    }

    void read_execute() {
        const PreparedStatement* const found = read_prepared();
        if (header_.is_v5()) {
            read_string(reader_);  // of the metadata that the client knows
        }
        request_.unknown_statement = found == nullptr;
        if (found != nullptr) {
            request_.statement = found->statement;
            asked_.statement = found->statement;
            asked_.results = found->results;
        }
        read_parameters(found != nullptr ? found->markers.get() : nullptr);
    }

    void read_batch() {
        constexpr std::uint8_t kPrepared = 1;
        const std::uint8_t type = reader_.u8();
        const std::size_t count = reader_.be<std::uint16_t>();
        request_.title = "BATCH";
        text("batch_type", type == 0 ? "LOGGED" : type == 1 ? "UNLOGGED" : "COUNTER");
        number("statement_count", static_cast<std::int64_t>(count));
        Bytes all;
        for (std::size_t i = 0; i < count && reader_.good(); ++i) {
            const PreparedStatement* found = nullptr;
            ByteView query;
            if (reader_.u8() == kPrepared) {
                found = read_prepared();
                query = found != nullptr && found->statement ? ByteView(found->statement->text) : "<unknown>";
            } else {
                query = read_long_string(reader_);
            }
            if (all.size() < kMostStatement) {
                all += all.empty() ? "" : "; ";
                all += query;
            }
            read_values(found != nullptr ? found->markers.get() : nullptr, false, values_.size());
        }
        keep_values();
        asked_.statement = statement(all);
        request_.statement = asked_.statement;
        read_consistency("consistency");
        read_tail(read_flags());
    }

    void read_register() {
        request_.title = "REGISTER";
        for (std::size_t events = reader_.be<std::uint16_t>(); events > 0 && reader_.good(); --events) {
            const ByteView event = read_string(reader_);
            request_.title += request_.title.size() < 200 ? fmt::format(" {}", event) : "";
        }
    }

    const EnvelopeHeader& header_;
    ByteReader reader_;
    const Prepared& prepared_;
    const DescribeLimits& limits_;
    sql::SqlExchange::Request& request_;
    Asked& asked_;
    sql::Values values_;
    std::size_t kept_ = 0;
};

}  // namespace

std::string_view kind_of(Opcode opcode) {
    switch (opcode) {
        case Opcode::query:
            return "query";
        case Opcode::prepare:
            return "prepare";
        case Opcode::execute:
            return "execute";
        case Opcode::batch:
            return "batch";
        case Opcode::startup:
            return "startup";
        case Opcode::options:
            return "options";
        case Opcode::registration:
            return "register";
        case Opcode::auth_response:
            return "authentication";
        case Opcode::event:
            return "event";
        default:
            return "answer";
    }
}

bool describe_request(const Envelope& envelope, const Prepared& prepared, const DescribeLimits& limits,
                      sql::SqlExchange& exchange, Asked& asked) {
    sql::SqlExchange::Request& request = exchange.request;
    request.seen = true;
    request.bytes = envelope.bytes;
    asked.opcode = envelope.header.opcode;
    request.attributes.push_back({"opcode", Bytes(to_string(asked.opcode))});
    request.attributes.push_back({"protocol_version", std::to_string(envelope.header.version)});
    request.attributes.push_back({"stream", std::int64_t{envelope.header.stream}});
    request.truncated = !envelope.is_whole;
    if (!envelope.is_readable) {
        request.title = to_string(asked.opcode);
        request.unknown_statement = asked.opcode != Opcode::registration;
        return true;
    }
    return RequestReader(envelope, prepared, limits, exchange, asked).read() || !envelope.is_whole;
}

}  // namespace sslsniff::cql
