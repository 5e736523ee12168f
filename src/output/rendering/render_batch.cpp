#include "output/rendering/render_batch.h"

#include <utility>

#include "base/give_back.h"
#include "base/memory.h"

namespace sslsniff {
namespace {

/// The same of another object that describes the same connection.
Transaction of_connection(const Transaction& transaction, const ConnectionInfo& connection) {
    return {connection,           transaction.timing, transaction.integrity,
            transaction.exchange, transaction.number, transaction.caused_by};
}
ConnectionRecord of_connection(const ConnectionRecord& record, const ConnectionInfo& connection) {
    return {connection,          record.closed, record.reason,  record.protocol,
            record.transactions, record.sent,   record.received};
}

std::size_t heap_bytes_of(const Transaction& transaction) {
    return transaction.exchange->held() + heap_bytes(transaction.integrity.reason);
}
std::size_t heap_bytes_of(const ConnectionRecord& record) {
    return heap_bytes(record.protocol) + heap_bytes(record.sent.first_bytes) +
           heap_bytes(record.received.first_bytes);
}

}  // namespace

template <class Shown>
void RenderBatch::add(const Shown& shown, std::shared_ptr<const ConnectionInfo> connection) {
    for (auto* output : targets_.rendered) {
        hints_.push_back(output->hint(shown));
    }
    held_ += sizeof(Item) + heap_bytes_of(shown);
    if (items_.empty() || items_.back().connection != connection) {
        held_ += sizeof(ConnectionInfo) + heap_bytes(*connection);
    }
    auto copy = of_connection(shown, *connection);
    items_.push_back({std::move(connection), std::move(copy)});
}

template void RenderBatch::add(const Transaction&, std::shared_ptr<const ConnectionInfo>);
template void RenderBatch::add(const ConnectionRecord&, std::shared_ptr<const ConnectionInfo>);

void RenderBatch::render(const Item& item, std::size_t output, std::size_t thread, std::uint32_t hint,
                         Bytes& out) {
    Renderer& renderer = *targets_.renderers[thread][output];
    std::visit([&](const auto& shown) { renderer.render(shown, hint, out); }, item.shown);
}

void RenderBatch::run(std::size_t thread) noexcept {
    const std::size_t outputs = targets_.outputs.size();
    try {
        for (const Item& item : items_) {
            for (std::size_t output = 0; output < outputs; ++output) {
                if (rendered_.size() >= max_rendered_ || targets_.given_up) {
                    return;
                }
                render(item, output, thread, hints_[ends_.size()], rendered_);
                ends_.push_back(rendered_.size());
            }
        }
    } catch (...) {
        error_ = std::current_exception();
    }
}

void RenderBatch::write() {
    const std::size_t outputs = targets_.outputs.size();
    std::size_t at = 0;
    Bytes late;
    for (std::size_t i = 0; i < hints_.size(); ++i) {
        const Item& item = items_[i / outputs];
        const std::size_t output = i % outputs;
        ByteView bytes;
        if (i < ends_.size()) {
            bytes = ByteView(rendered_).substr(at, ends_[i] - at);
            at = ends_[i];
        } else if (error_) {
            std::rethrow_exception(error_);
        } else if (targets_.outputs[output]->is_done()) {
            continue;
        } else {
            late.clear();
            render(item, output, 0, hints_[i], late);
            bytes = late;
        }
        std::visit([&](const auto& shown) { targets_.rendered[output]->write(shown, bytes); }, item.shown);
    }
}

void RenderBatch::clear() {
    items_.clear();
    hints_.clear();
    held_ = 0;
    ends_.clear();
    error_ = nullptr;
    if (rendered_.capacity() > max_rendered_) {
        give_back(rendered_);
    }
    rendered_.clear();
}

}  // namespace sslsniff
