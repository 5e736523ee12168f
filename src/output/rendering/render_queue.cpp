#include "output/rendering/render_queue.h"

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

/// Connections that are remembered; with more, some are copied again.
constexpr std::size_t kMaxCopies = 1024;

}  // namespace

RenderQueue::RenderQueue() : RenderQueue(Limits()) {}

RenderQueue::RenderQueue(Limits limits)
    : limits_(limits),
      work_(limits.work, [this](std::unique_ptr<OrderedWork::Job> job) { take(std::move(job)); }) {}

RenderQueue::~RenderQueue() {
    targets_.given_up = true;
}

void RenderQueue::add(Output& output) {
    targets_.outputs.push_back(&output);
    targets_.rendered.push_back(output.rendered());
    targets_.renderers.resize(1);
    targets_.renderers.front().push_back(output.rendered()->make_renderer());
}

std::size_t RenderQueue::start(std::size_t threads) {
    targets_.renderers.resize(threads + 1);
    for (std::size_t i = 1; i <= threads; ++i) {
        for (const auto* output : targets_.rendered) {
            targets_.renderers[i].push_back(output->make_renderer());
        }
    }
    threads_ = work_.start(threads);
    return threads_;
}

std::size_t RenderQueue::held() const {
    return work_.held() + (batch_ ? batch_->held() : 0);
}

void RenderQueue::on_transaction(const Transaction& transaction) {
    add_item(transaction);
}

void RenderQueue::on_connection(const ConnectionRecord& record) {
    add_item(record);
    copies_.erase(record.connection.id.generation);
}

template <class Shown>
void RenderQueue::add_item(const Shown& shown) {
    if (!batch_) {
        batch_ = empty_batch();
    }
    batch_->add(shown, copy_of(shown.connection));
    if (batch_->size() >= limits_.items || batch_->held() >= limits_.bytes) {
        hand_over();
    }
}

RenderQueue::Shared RenderQueue::copy_of(const ConnectionInfo& connection) {
    if (copies_.size() >= kMaxCopies) {
        copies_.clear();
    }
    Shared& copy = copies_[connection.id.generation];
    if (!copy || *copy != connection) {
        copy = std::make_shared<const ConnectionInfo>(connection);
    }
    return copy;
}

std::unique_ptr<RenderBatch> RenderQueue::empty_batch() {
    if (spare_.empty()) {
        return std::make_unique<RenderBatch>(targets_, limits_.rendered);
    }
    auto batch = std::move(spare_.back());
    spare_.pop_back();
    return batch;
}

void RenderQueue::hand_over() {
    if (std::ranges::all_of(targets_.outputs, &Output::is_done)) {
        targets_.given_up = true;
    }
    work_.add(std::move(batch_));
}

/// A batch that fills while nothing else waits does not need others: waking one would take longer.
void RenderQueue::drain() {
    if (!batch_) {
        work_.drain();
    } else if (work_.is_empty()) {
        const auto batch = std::move(batch_);
        batch->write();
    } else {
        hand_over();
        work_.drain();
    }
}

void RenderQueue::take(std::unique_ptr<OrderedWork::Job> job) {
    std::unique_ptr<RenderBatch> batch(static_cast<RenderBatch*>(job.release()));
    batch->write();
    batch->clear();
    if (spare_.size() < limits_.work.jobs) {
        spare_.push_back(std::move(batch));
    }
}

void RenderQueue::on_loss(const LossEvent& loss) {
    drain();
    for (auto* output : targets_.outputs) {
        output->transactions()->on_loss(loss);
    }
}

void RenderQueue::on_summary(const CaptureSummary& summary) {
    drain();
    for (auto* output : targets_.outputs) {
        output->transactions()->on_summary(summary);
    }
}

}  // namespace sslsniff
