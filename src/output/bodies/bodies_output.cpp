#include "output/bodies/bodies_output.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "output/bodies/body_file.h"
#include "output/bodies/file_name.h"

namespace sslsniff {
namespace {

/// Finds the bodies among the fields of an exchange, and the URL they belong to.
class BodyCollector final : public FieldWriter {
  public:
    /// Without the body itself: one that was redacted exists no longer than the call that tells of it.
    struct Found {
        std::string_view side;
        std::shared_ptr<BodyRecord> record;
        std::string content_type;
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
            bodies.push_back(
                {path_.front() == "request" ? "request" : "response", body.record, body.content_type});
        }
    }

    Bytes url;
    std::vector<Found> bodies;

  private:
    std::vector<std::string> path_;
};

}  // namespace

void BodiesOutput::on_transaction(const Transaction& transaction) {
    BodyCollector fields;
    transaction.exchange->write_fields(fields);
    for (const auto& [side, record, content_type] : fields.bodies) {
        auto* file = dynamic_cast<BodyFile*>(record.get());
        if (file == nullptr || file->is_empty()) {
            continue;
        }
        SavedBodyLabel label{.side = side,
                             .url = fields.url,
                             .content_type = content_type,
                             .undone = file->undone(),
                             .repetition = 1};
        file->keep([&](std::uint32_t repetition) {
            label.repetition = repetition;
            return saved_body_name(transaction, label);
        });
    }
}

Result<void> BodiesOutput::check(Timestamp /*now*/) {
    auto checked = folder_.check();
    return checked ? checked : fail(ErrorKind::output, "--save-bodies: " + checked.error().message);
}

Result<void> BodiesOutput::open(Timestamp /*now*/) {
    auto opened = folder_.open();
    return opened ? opened : fail(ErrorKind::output, "--save-bodies: " + opened.error().message);
}

/// What has passed of a body that goes on may be in memory yet, but nothing of a transaction that was shown.
Result<bool> BodiesOutput::flush() {
    if (folder_.is_full() && !std::exchange(told_of_full_folder_, true)) {
        remarks_.emplace_back("the saved bodies have reached --max-saved: no more are saved");
    }
    const auto status = folder_.status();
    return status ? Result<bool>(true) : std::unexpected(status.error());
}

Result<void> BodiesOutput::finish() {
    if (const std::uint64_t unsaved = folder_.unsaved(); unsaved > 0) {
        remarks_.push_back(fmt::format("{} not saved: --max-saved was reached",
                                       unsaved == 1 ? "1 body was" : fmt::format("{} bodies were", unsaved)));
    }
    return folder_.status();
}

std::vector<std::string> BodiesOutput::take_remarks() {
    return std::exchange(remarks_, {});
}

std::unique_ptr<Output> make_bodies_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<BodiesOutput>(place.options.path, context.settings.max_saved, place.rules);
}

}  // namespace sslsniff
