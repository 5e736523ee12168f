#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/exchange.h"
#include "model/field_spec.h"
#include "protocols/sql/statement.h"
#include "protocols/sql/value.h"

namespace sslsniff::sql {

/// A field that only some exchanges of one protocol have, by its name in docs/json.md: of static storage.
struct Attribute {
    std::string_view name;
    std::variant<Bytes, std::int64_t, bool> value;
};
using Attributes = std::vector<Attribute>;

struct Column {
    Bytes name;
    std::uint32_t type = 0;      ///< the protocol's number of it
    std::string_view type_name;  ///< of static storage; empty: only the number is known
    std::uint32_t format = 0;    ///< how the protocol writes its values
};
using Columns = std::vector<Column>;
/// Bytes of memory, outside of themselves.
std::size_t held_by(const Columns& columns);

/// What the server said of one statement; a query may have several.
struct Result {
    Bytes tag;  ///< PostgreSQL's command tag: "INSERT 0 1"; else empty
    std::optional<std::uint64_t> rows{};
    std::optional<std::uint64_t> affected_rows{};
};

struct Error {
    Bytes code;       ///< SQLSTATE (PostgreSQL), the server's number of it (MySQL: "1146")
    Bytes message;    ///< as sent
    Attributes more;  ///< severity, sqlstate, detail, hint ...
    Outcome outcome = Outcome::client_error;
};

/// Bulk data inside an exchange: COPY, LOAD DATA LOCAL.
struct BulkData {
    std::string_view direction;  ///< "in", "out" or "both"
    std::string_view format;     ///< "text", "binary"; empty: not known
    std::uint64_t messages = 0;
    Body body;
};

/// An exchange of a database that speaks SQL: what a client asked, with what the server answered. The
/// protocol's parser fills it; what is empty or absent was not said, or not seen.
struct SqlExchange : Exchange {
    SqlExchange(std::string_view protocol, std::string_view what) : protocol_name(protocol), kind(what) {}

    // Of static storage.
    std::string_view protocol_name;
    std::string_view kind;  ///< as in docs/json.md: "query", "execute" ...

    struct Request {
        bool seen = false;
        std::string title;               ///< one line without a statement, or what stands before it
        StatementPointer statement;      ///< null when there is none
        bool unknown_statement = false;  ///< there is one, which was prepared before the capture began
        Bytes statement_name;            ///< of a prepared one
        std::shared_ptr<const Values> parameters;  ///< null when there are none
        std::uint64_t parameter_count = 0;         ///< kept or not
        Attributes attributes;
        std::uint64_t bytes = 0;  ///< on the wire
        bool secrets_hidden = false;
        bool truncated = false;
    } request;

    struct Response {
        bool seen = false;
        std::string title;  ///< one line, when `results` do not tell
        std::vector<Result> results;
        std::uint64_t result_count = 0;          ///< kept or not
        std::shared_ptr<const Columns> columns;  ///< of the latest result with rows; null when there is none
        std::vector<Values> rows;                ///< the first of them
        std::uint64_t row_count = 0;             ///< of all results
        bool has_rows = false;                   ///< a result set came, though it may be empty
        std::optional<Error> error;
        std::vector<Error> notices;  ///< the first of them
        std::uint64_t notice_count = 0;
        std::optional<BulkData> bulk;
        Attributes attributes;
        std::uint64_t bytes = 0;
    } response;

    std::string_view transaction;  ///< "idle", "in_transaction" or "failed"; empty: not known
    bool answer_expected = true;
    bool towards_client = false;  ///< no answer but a message that the server sends by itself
    bool skipped = false;         ///< the server ignored it because an earlier one had failed

    std::string_view protocol() const override { return protocol_name; }
    Summary summary() const override;
    Facts facts() const override;
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override;
    /// Gives up rows, parameters and bulk data. False when there were none.
    bool shed();
};

/// Adds a field that is not empty.
void add_text(Attributes& attributes, std::string_view name, ByteView text);
const Attribute* find_attribute(const Attributes& attributes, std::string_view name);

/// Keeps so many results, and first rows, of one exchange.
inline constexpr std::size_t kMaxResults = 16;
inline constexpr std::size_t kMaxRows = 10;
inline constexpr std::size_t kMaxNotices = 8;

/// What --where knows of the exchanges of all databases, besides what Redis has as well.
std::span<const FieldSpec> sql_fields();

}  // namespace sslsniff::sql
