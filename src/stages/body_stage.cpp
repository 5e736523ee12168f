#include "stages/body_stage.h"

#include <string>
#include <string_view>
#include <vector>

#include "output/bodies/body_file.h"
#include "output/bodies/file_name.h"

namespace sslsniff {
namespace {

/// Finds the bodies among the fields of an exchange, and the URL they belong to.
class BodyCollector final : public FieldWriter {
  public:
    struct Found {
        std::string_view side;
        const Body* body;
    };

    void begin_object(std::string_view key) override { path_.emplace_back(key); }
    void end_object() override { path_.pop_back(); }
    void begin_array(std::string_view key) override { path_.emplace_back(key); }
    void end_array() override { path_.pop_back(); }
    void text(std::string_view key, ByteView bytes) override {
        if (key == "url" && path_.size() == 1) {
            url = bytes;
        }
    }
    void number(std::string_view /*key*/, std::int64_t /*value*/) override {}
    void number(std::string_view /*key*/, double /*value*/) override {}
    void boolean(std::string_view /*key*/, bool /*value*/) override {}
    void null(std::string_view /*key*/) override {}
    void body(std::string_view /*key*/, const Body& body) override {
        if (body.record && !path_.empty()) {
            bodies.push_back({path_.front() == "request" ? "request" : "response", &body});
        }
    }

    Bytes url;
    std::vector<Found> bodies;

  private:
    std::vector<std::string> path_;
};

}  // namespace

void BodyStage::on_transaction(const Transaction& transaction) {
    BodyCollector fields;
    transaction.exchange->write_fields(fields);
    for (const auto& [side, body] : fields.bodies) {
        auto* file = dynamic_cast<BodyFile*>(body->record.get());
        if (file == nullptr || file->is_empty()) {
            continue;
        }
        SavedBodyLabel label{.side = side,
                             .url = fields.url,
                             .content_type = body->content_type,
                             .undone = file->undone(),
                             .repetition = 1};
        file->keep([&](std::uint32_t repetition) {
            label.repetition = repetition;
            return saved_body_name(transaction, label);
        });
    }
    next().on_transaction(transaction);
}

}  // namespace sslsniff
