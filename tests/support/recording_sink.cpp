#include "support/recording_sink.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff::test {
namespace {

class FieldRenderer : public FieldWriter {
  public:
    std::string text_;

    void begin_object(std::string_view key) override { open(key, '{'); }
    void end_object() override { text_ += '}'; }
    void begin_array(std::string_view key) override { open(key, '['); }
    void end_array() override { text_ += ']'; }
    void text(std::string_view key, ByteView bytes) override { value(key, '"' + printable(bytes) + '"'); }
    void number(std::string_view key, std::int64_t number) override { value(key, fmt::to_string(number)); }
    void number(std::string_view key, double number) override { value(key, fmt::to_string(number)); }
    void boolean(std::string_view key, bool boolean) override { value(key, boolean ? "true" : "false"); }
    void null(std::string_view key) override { value(key, "null"); }
    void body(std::string_view key, const Body& body) override {
        value(key, fmt::format("({} {} \"{}\")", body.size, body.missing, printable(body.captured)));
    }

  private:
    void separate() {
        if (!text_.empty() && text_.back() != '{' && text_.back() != '[') {
            text_ += ' ';
        }
    }
    void open(std::string_view key, char bracket) {
        separate();
        text_ += key;
        text_ += bracket;
    }
    void value(std::string_view key, const std::string& rendered) {
        separate();
        text_ += key;
        text_ += '=';
        text_ += rendered;
    }
};

class DetailRenderer : public DetailWriter {
  public:
    std::string text_;
    void line(char marker, ByteView text) override {
        text_ += fmt::format("{} {}\n", marker, printable(text));
    }
    void body(char marker, const Body& body) override {
        text_ += fmt::format("{} [{}] {}\n", marker, body.size, printable(body.captured));
    }
};

}  // namespace

std::string render_fields(const Exchange& exchange) {
    FieldRenderer renderer;
    exchange.write_fields(renderer);
    return renderer.text_;
}

std::string render_details(const Exchange& exchange) {
    DetailRenderer renderer;
    exchange.write_details(renderer);
    return renderer.text_;
}

std::string render_summary(const Transaction& transaction) {
    const Summary summary = transaction.exchange->summary();
    std::string line =
        fmt::format("{} {} {} {} ({}/{})", transaction.exchange->protocol(), printable(summary.request),
                    summary.towards_client ? "<-" : "->", printable(summary.response), summary.request_bytes,
                    summary.response_bytes);
    if (!transaction.integrity.complete) {
        line += " incomplete: " + transaction.integrity.reason;
    }
    if (transaction.integrity.missing_bytes != 0) {
        line += fmt::format(", missing {}", transaction.integrity.missing_bytes);
    }
    if (transaction.integrity.joined_midstream) {
        line += ", midstream";
    }
    return line;
}

std::string render_facts(const Exchange& exchange) {
    const Facts facts = exchange.facts();
    const auto known = [](const std::string& text) { return text.empty() ? "-" : printable(text); };
    return fmt::format("{} {} {}{}{} {}/{}", known(facts.operation), known(facts.target),
                       to_string(facts.outcome), facts.error_type.empty() ? "" : " ", facts.error_type,
                       facts.request_bytes, facts.response_bytes);
}

void RecordingSink::on_transaction(const Transaction& transaction) {
    lines.push_back(render_summary(transaction));
    fields.push_back(render_fields(*transaction.exchange));
    details.push_back(render_details(*transaction.exchange));
    facts.push_back(render_facts(*transaction.exchange));
    timings.push_back(transaction.timing);
    integrities.push_back(transaction.integrity);
    roles.push_back(transaction.connection.role);
}

void RecordingSink::on_change(const OpenConnection& connection) {
    life.push_back(connection.protocol.empty() ? "change" : fmt::format("change {}", connection.protocol));
}

void RecordingSink::on_connection(const ConnectionRecord& record) {
    life.emplace_back("close");
    connections.push_back({record.connection, record.reason, record.protocol, record.transactions,
                           record.sent, record.received});
}

}  // namespace sslsniff::test
