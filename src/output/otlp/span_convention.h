#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filter/field_collector.h"
#include "filter/field_paths.h"
#include "model/facts.h"
#include "model/transaction.h"
#include "output/otlp/span.h"

namespace sslsniff {

/// A field of an exchange (docs/json.md) that is an attribute of its span.
struct FieldRule {
    std::string_view field;  ///< a path; header fields in lower case
    std::string_view attribute;
    enum class Form : std::uint8_t {
        as_is,      ///< the first value
        text,       ///< the same as a text, as it is where conventions want one
        statement,  ///< with ? for its literals
        all         ///< every value, as an array of texts
    };
    Form form = Form::as_is;
};

class SpanSource;

/// How the exchanges of one protocol become spans: OpenTelemetry's semantic conventions 1.44, docs/otlp.md.
struct SpanConvention {
    std::string_view protocol;                ///< as Exchange::protocol()
    std::string_view system;                  ///< what conventions call it: "postgresql"
    std::span<const FieldRule> rules;         ///< what needs no thought
    std::span<const std::string_view> looks;  ///< fields that complete() looks at besides
    /// Adds the rest to a span that has what all have: its name, too.
    void (*complete)(const SpanSource& source, Span& span);
};

// One table for each area of the conventions; span_conventions() has them all.
std::span<const SpanConvention> http_conventions();
std::span<const SpanConvention> database_conventions();
std::span<const SpanConvention> messaging_conventions();
std::span<const SpanConvention> rpc_conventions();
std::span<const SpanConvention> other_conventions();

/// A convention with the fields that it looks at: those of the rules first.
struct PreparedConvention {
    explicit PreparedConvention(const SpanConvention& convention);
    PreparedConvention(const PreparedConvention&) = delete;
    PreparedConvention& operator=(const PreparedConvention&) = delete;

    const SpanConvention& convention;
    FieldPaths paths;
    FieldCollector
        fields;  ///< of the transaction that is looked at, with what was allocated for those before
};

/// What a span is made of. Borrows everything, and `prepared` for itself.
class SpanSource {
  public:
    SpanSource(const Transaction& transaction, const Facts& facts, PreparedConvention& prepared);

    const Transaction& transaction() const { return transaction_; }
    const ConnectionInfo& connection() const { return transaction_.connection; }
    const Facts& facts() const { return facts_; }
    const SpanConvention& convention() const { return prepared_.convention; }
    std::string_view system() const { return convention().system; }
    bool is_server() const { return connection().role == Role::server; }

    /// Of a field that the convention names: its first value where that is a text, else empty.
    ByteView text(std::string_view path) const;
    /// The same of numbers; `none` when there is none.
    std::int64_t number(std::string_view path, std::int64_t none = 0) const;
    bool has(std::string_view path) const { return !values(path).empty(); }
    const std::vector<FieldValue>& values(std::string_view path) const;

    void apply_rules(Span& span) const;

  private:
    const Transaction& transaction_;
    const Facts& facts_;
    const PreparedConvention& prepared_;
};

/// "server.address" and "server.port" from what a client calls the server: "example.com:8443",
/// "[2001:db8::1]"; without, the server's end of the connection.
void add_server(const SpanSource& source, ByteView authority, Span& span);

}  // namespace sslsniff
