#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/transaction.h"
#include "output/output.h"
#include "output/rendering/ordered_work.h"
#include "output/rendering/render_batch.h"

namespace sslsniff {

/// Has transactions and connections rendered by several threads, and hands them to their outputs in the order
/// in which they came, as without threads: byte for byte the same is written. It is told everything by one
/// thread, its owner, which also writes.
///
/// What is rendered must not change meanwhile: exchanges do not, and of connections, which do, copies are
/// made, again only when something has changed. Exchanges are destroyed by whoever rendered them.
class RenderQueue final : public TransactionSink {
  public:
    struct Limits {
        // Smaller ones cost more for waking threads, larger ones do not stay in the cache.
        std::size_t items = 128;                       ///< of a batch, which one thread renders
        std::size_t bytes = std::size_t{128} << 10U;   ///< that a batch holds, unless one item has more
        std::size_t rendered = std::size_t{1} << 20U;  ///< that one is turned into ahead of its turn
        OrderedWork::Limits work{.jobs = 64, .bytes = std::size_t{8} << 20U};
    };
    RenderQueue();
    explicit RenderQueue(Limits limits);
    ~RenderQueue() override;

    /// `output` can be rendered(), and outlives the queue. Before the first transaction.
    void add(Output& output);
    bool has_outputs() const { return !targets_.outputs.empty(); }
    /// Adds threads to the owner's, as of OrderedWork. Behind the last add().
    std::size_t start(std::size_t threads);

    /// Returns when the outputs have been given everything.
    void drain();
    /// Bytes of memory that wait, rendered or not.
    std::size_t held() const;

    // Connections that open and change concern none of these outputs.
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;

  private:
    using Shared = std::shared_ptr<const ConnectionInfo>;

    Shared copy_of(const ConnectionInfo& connection);
    std::unique_ptr<RenderBatch> empty_batch();
    template <class Shown>
    void add_item(const Shown& shown);
    void hand_over();
    void take(std::unique_ptr<OrderedWork::Job> job);

    Limits limits_;
    RenderTargets targets_;
    std::unordered_map<std::uint64_t, Shared> copies_;  ///< by generation
    std::unique_ptr<RenderBatch> batch_;                ///< that is being filled; null: none
    std::vector<std::unique_ptr<RenderBatch>> spare_;
    std::size_t threads_ = 0;
    OrderedWork work_;  ///< last: it ends before what its threads use
};

}  // namespace sslsniff
