#include "output/text/text_sink.h"

#include <string>
#include <utility>

#include "output/text/line_parts.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxSaid = 65'536;  ///< connections whose lines are remembered
constexpr std::size_t kShortReason = 40;  ///< bytes of a reason that may stand in every line

}  // namespace

TextSink::TextSink(OutputStream& out, TextOptions options)
    : out_(out), options_(std::move(options)), lines_(options_), tree_(out) {}

void TextSink::on_transaction(const Transaction& transaction) {
    rendered_.clear();
    lines_.render(transaction, hint(transaction), rendered_);
    write(transaction, rendered_);
}

void TextSink::on_connection(const ConnectionRecord& record) {
    rendered_.clear();
    lines_.render(record, hint(record), rendered_);
    write(record, rendered_);
}

/// A terminal needs no more than one thread, and its width is asked for when a line is written.
std::unique_ptr<Renderer> TextSink::make_renderer() const {
    return options_.columns ? nullptr : std::make_unique<TextLines>(options_);
}

std::uint32_t TextSink::hint(const Transaction& transaction) {
    const ConnectionInfo& connection = transaction.connection;
    const std::string& reason = transaction.integrity.reason;
    Said& said = said_of(connection);
    std::uint32_t hint = is_named(transaction) ? TextLines::kNamed : 0U;
    // A long reason is said once.
    if (reason.size() > kShortReason && std::exchange(said.reason, reason) == reason) {
        hint |= TextLines::kSameReason;
    }
    if (!reads_fields()) {
        return hint;
    }
    if (!said.tls && TextLines::has_tls_text(connection.tls)) {
        said.tls = true;
        hint |= TextLines::kTls;
    }
    if (!said.container && !connection.process->container_id.empty()) {
        said.container = true;
        hint |= TextLines::kContainer;
    }
    return hint;
}

/// A call names the request that caused it, and the request says that it was meant.
bool TextSink::is_named(const Transaction& transaction) {
    const auto& cause = transaction.caused_by;
    if (!cause) {
        return named_.erase(transaction.id()) != 0;
    }
    if (!cause->is_over && named_.size() < kMaxSaid) {
        named_.insert(cause->transaction);
    }
    return false;
}

std::uint32_t TextSink::hint(const ConnectionRecord& record) {
    named_.erase(named_.lower_bound({record.connection.id, 0}),
                 named_.upper_bound({record.connection.id, UINT64_MAX}));
    said_.erase(record.connection.id.generation);
    return 0;
}

void TextSink::write(const Transaction& transaction, ByteView rendered) {
    show_losses(transaction.timing.end.value_or(transaction.timing.start));
    if (options_.tree) {
        tree_.add(transaction, std::string(rendered));
    } else {
        out_.write(rendered);
    }
}

void TextSink::write(const ConnectionRecord& record, ByteView rendered) {
    show_losses(record.closed);
    tree_.end(record.connection.id);
    out_.write(rendered);
}

TextSink::Said& TextSink::said_of(const ConnectionInfo& connection) {
    if (said_.size() >= kMaxSaid) {
        said_.clear();  // it is said again
    }
    return said_[connection.id.generation];
}

void TextSink::on_loss(const LossEvent& loss) {
    losses_.add(loss);
    show_losses(loss.time);
}

void TextSink::on_summary(const CaptureSummary& /*summary*/) {
    tree_.end();
}

void TextSink::show_losses(Timestamp now) {
    add_losses(losses_, now, options_, out_);
}

}  // namespace sslsniff
