#include "redaction/redacted_exchange.h"

#include <vector>

namespace sslsniff {
namespace {

/// Follows the names of the fields on their way. Objects with a name and a value are header fields, or what
/// is like them.
class RedactingWriter final : public FieldWriter {
  public:
    RedactingWriter(FieldWriter& next, const Redactor& redactor) : next_(next), redactor_(redactor) {}

    void begin_object(std::string_view key) override {
        open(key);
        next_.begin_object(key);
    }
    void end_object() override {
        close();
        next_.end_object();
    }
    void begin_array(std::string_view key) override {
        open(key);
        next_.begin_array(key);
    }
    void end_array() override {
        close();
        next_.end_array();
    }
    void text(std::string_view key, ByteView bytes) override {
        std::optional<std::string> clean;
        if (key == "value" && !name_.empty()) {
            clean = redactor_.header(name_, bytes);
        } else {
            open(key);
            clean = redactor_.field(path_, bytes);
            close();
        }
        if (key == "name") {
            name_.assign(bytes);
        }
        next_.text(key, clean ? ByteView(*clean) : bytes);
    }
    void number(std::string_view key, std::int64_t value) override { next_.number(key, value); }
    void number(std::string_view key, double value) override { next_.number(key, value); }
    void boolean(std::string_view key, bool value) override { next_.boolean(key, value); }
    void null(std::string_view key) override { next_.null(key); }
    void body(std::string_view key, const Body& body) override {
        open(key);
        const auto clean = redactor_.body(path_, body);
        close();
        next_.body(key, clean ? *clean : body);
    }

  private:
    void open(std::string_view key) {
        name_.clear();
        ends_.push_back(path_.size());
        if (!key.empty()) {
            path_ += path_.empty() ? "" : ".";
            path_ += key;
        }
    }
    void close() {
        name_.clear();
        path_.resize(ends_.back());
        ends_.pop_back();
    }

    FieldWriter& next_;
    const Redactor& redactor_;
    std::string path_;
    std::vector<std::size_t> ends_;
    std::string name_;  ///< of the object that is open
};

/// Lines are "Name: value", as header fields are, or free text.
class RedactingDetails final : public DetailWriter {
  public:
    RedactingDetails(DetailWriter& next, const Redactor& redactor) : next_(next), redactor_(redactor) {}

    void line(char marker, ByteView text) override {
        const std::size_t colon = text.find(": ");
        if (colon != ByteView::npos && colon > 0) {
            const ByteView name = text.substr(0, colon);
            const ByteView value = text.substr(colon + 2);
            auto clean = redactor_.header(name, value);
            if (!clean) {
                clean = redactor_.field(name, value);
            }
            if (clean) {
                next_.line(marker, std::string(text.substr(0, colon + 2)) + *clean);
                return;
            }
        }
        const auto clean = redactor_.line(text);
        next_.line(marker, clean ? ByteView(*clean) : text);
    }
    void body(char marker, const Body& body) override {
        const auto clean = redactor_.body(marker == '>' ? "request.body" : "response.body", body);
        next_.body(marker, clean ? *clean : body);
    }

  private:
    DetailWriter& next_;
    const Redactor& redactor_;
};

}  // namespace

Summary RedactedExchange::summary() const {
    Summary summary = exchange_->summary();
    for (std::string* text : {&summary.request, &summary.response}) {
        if (auto clean = redactor_.line(*text)) {
            *text = *std::move(clean);
        }
    }
    return summary;
}

Facts RedactedExchange::facts() const {
    Facts facts = exchange_->facts();
    if (auto clean = redactor_.url(facts.target)) {
        facts.target = *std::move(clean);
    }
    return facts;
}

void RedactedExchange::write_fields(FieldWriter& writer) const {
    RedactingWriter redacting(writer, redactor_);
    exchange_->write_fields(redacting);
}

void RedactedExchange::write_details(DetailWriter& writer) const {
    RedactingDetails redacting(writer, redactor_);
    exchange_->write_details(redacting);
}

}  // namespace sslsniff
