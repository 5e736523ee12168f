#include <fmt/format.h>

#include <algorithm>

#include "base/endian.h"
#include "protocols/cql/message.h"
#include "protocols/cql/types.h"

namespace sslsniff::cql {
namespace {

constexpr std::size_t kMostColumns = 256;  ///< of a row, that are kept
constexpr std::string_view kHidden = "***";

/// Section 4.2.5.
enum class ResultKind : std::uint32_t { nothing = 1, rows, set_keyspace, prepared, schema_change };

Outcome outcome_of(std::uint32_t code) {
    constexpr std::uint32_t kFirstServerError = 0x1000;
    constexpr std::uint32_t kFirstClientError = 0x2000;
    return code == 0 || (code >= kFirstServerError && code < kFirstClientError) ? Outcome::server_error
                                                                                : Outcome::client_error;
}

class ResponseReader {
  public:
    ResponseReader(const Envelope& envelope, const Asked& asked, const DescribeLimits& limits,
                   Prepared& prepared, sql::SqlExchange& exchange)
        : header_(envelope.header),
          reader_(envelope.body),
          asked_(asked),
          limits_(limits),
          prepared_(prepared),
          response_(exchange.response) {}

    bool read() {
        read_extras();
        switch (header_.opcode) {
            case Opcode::error:
                read_error();
                break;
            case Opcode::result:
                read_result();
                break;
            case Opcode::event:
                response_.title = "EVENT ";
                response_.title += read_string(reader_);
                read_change();
                break;
            case Opcode::authenticate:
                response_.title = "AUTHENTICATE";
                text("authenticator", read_string(reader_));
                break;
            case Opcode::auth_challenge:
            case Opcode::auth_success: {
                response_.title = to_string(header_.opcode);
                const auto token = read_bytes(reader_);
                if (token && !token->empty()) {
                    text("token", limits_.show_secrets ? *token : kHidden);
                }
                break;
            }
            default:
                response_.title = to_string(header_.opcode);
        }
        return reader_.good();
    }

  private:
    void text(std::string_view name, ByteView value) { sql::add_text(response_.attributes, name, value); }

    /// What flags put before the body (section 2.2).
    void read_extras() {
        constexpr std::size_t kUuid = 16;
        if ((header_.flags & kTracing) != 0) {
            text("tracing_id", read_value(0x0C, reader_.bytes(kUuid), kUuid).text);
        }
        if ((header_.flags & kWarning) != 0) {
            for (std::size_t left = reader_.be<std::uint16_t>(); left > 0 && reader_.good(); --left) {
                sql::Error warning;
                warning.message = read_string(reader_);
                ++response_.notice_count;
                if (reader_.good() && response_.notices.size() < sql::kMaxNotices) {
                    response_.notices.push_back(std::move(warning));
                }
            }
        }
        if ((header_.flags & kCustomPayload) != 0) {
            for (std::size_t left = reader_.be<std::uint16_t>(); left > 0 && reader_.good(); --left) {
                read_string(reader_);
                read_bytes(reader_);
            }
        }
    }

    void read_error() {
        const auto code = reader_.be<std::uint32_t>();
        sql::Error error;
        const std::string_view name = error_name(code);
        error.code = name.empty() ? fmt::format("0x{:04x}", code) : std::string(name);
        error.message = read_string(reader_);
        error.more.push_back({"number", std::int64_t{code}});
        error.outcome = outcome_of(code);
        response_.error = std::move(error);
    }

    void read_result() {
        switch (static_cast<ResultKind>(reader_.be<std::uint32_t>())) {
            case ResultKind::nothing:
                response_.title = "OK";
                break;
            case ResultKind::rows:
                read_rows();
                break;
            case ResultKind::set_keyspace: {
                const ByteView keyspace = read_string(reader_);
                response_.title = fmt::format("keyspace {}", keyspace);
                text("keyspace", keyspace);
                break;
            }
            case ResultKind::prepared:
                read_prepared();
                break;
            case ResultKind::schema_change:
                read_change();
                break;
            default:
                reader_.fail();
        }
    }

    /// What happened to what: nodes, keyspaces, tables (sections 4.2.5.5, 4.2.6).
    void read_change() {
        const ByteView change = read_string(reader_);
        text("change", change);
        response_.title += response_.title.empty() ? "" : " ";
        response_.title += change;
        if (header_.opcode == Opcode::event && !response_.title.starts_with("EVENT SCHEMA")) {
            const ByteView address = reader_.bytes(reader_.u8());
            text("address", read_value(0x10, address, address.size()).text);
            return;
        }
        const ByteView target = read_string(reader_);
        text("target", target);
        const ByteView keyspace = read_string(reader_);
        text("keyspace", keyspace);
        std::string name(keyspace);
        if (target != "KEYSPACE" && reader_.good()) {
            const ByteView object = read_string(reader_);
            text("name", object);
            name += fmt::format(".{}", object);
        }
        response_.title += fmt::format(" {} {}", target, name);
    }

    void read_prepared() {
        const ByteView id = read_string(reader_);
        if (header_.is_v5()) {
            read_string(reader_);  // of the metadata of the rows
        }
        const Metadata markers = read_metadata(reader_, true, header_.is_v4());
        const Metadata results = read_metadata(reader_, false, header_.is_v4());
        response_.title = fmt::format("prepared, {} markers", markers.column_count);
        response_.columns = results.columns;
        if (reader_.good() && asked_.statement) {
            prepared_.add(id, {asked_.statement, markers.columns, results.columns});
        }
    }

    void read_rows() {
        const Metadata metadata = read_metadata(reader_, false, header_.is_v4());
        response_.columns = metadata.columns ? metadata.columns : asked_.results;
        response_.has_rows = true;
        if (metadata.has_more_pages) {
            response_.attributes.push_back({"has_more_pages", true});
        }
        const auto count = reader_.be<std::uint32_t>();
        response_.row_count = reader_.good() ? count : 0;
        response_.results.push_back({.tag = {}, .rows = response_.row_count});
        response_.result_count = 1;
        std::size_t kept = 0;
        for (std::uint32_t row = 0;
             row < std::min<std::uint64_t>(count, sql::kMaxRows) && kept < limits_.max_body; ++row) {
            sql::Values values;
            for (std::uint32_t i = 0; i < metadata.column_count && reader_.good(); ++i) {
                const auto bytes = read_bytes(reader_);
                if (i >= kMostColumns || !reader_.good()) {
                    continue;
                }
                const bool known = response_.columns && i < response_.columns->size();
                values.push_back(bytes ? read_value(known ? (*response_.columns)[i].type : 0, *bytes,
                                                    limits_.max_body - std::min(kept, limits_.max_body))
                                       : sql::null_value());
                kept += values.back().text.size();
            }
            if (!reader_.good()) {
                break;
            }
            response_.rows.push_back(std::move(values));
        }
    }

    const EnvelopeHeader& header_;
    ByteReader reader_;
    const Asked& asked_;
    const DescribeLimits& limits_;
    Prepared& prepared_;
    sql::SqlExchange::Response& response_;
};

}  // namespace

bool describe_response(const Envelope& envelope, const Asked& asked, const DescribeLimits& limits,
                       Prepared& prepared, sql::SqlExchange& exchange) {
    sql::SqlExchange::Response& response = exchange.response;
    response.seen = true;
    response.bytes = envelope.bytes;
    response.attributes.push_back({"opcode", Bytes(to_string(envelope.header.opcode))});
    if (!envelope.is_readable) {
        response.title = to_string(envelope.header.opcode);
        return true;
    }
    return ResponseReader(envelope, asked, limits, prepared, exchange).read() || !envelope.is_whole;
}

}  // namespace sslsniff::cql
