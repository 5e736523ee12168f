#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "model/transaction.h"
#include "output/output.h"
#include "output/renderer.h"
#include "output/rendering/ordered_work.h"

namespace sslsniff {

/// Who renders for which outputs.
struct RenderTargets {
    using Renderers = std::vector<std::unique_ptr<Renderer>>;

    std::vector<Output*> outputs;
    std::vector<RenderedOutput*> rendered;  ///< the same outputs
    std::vector<Renderers> renderers;       ///< of each thread, for each output
    std::atomic<bool> given_up = false;     ///< nobody wants anything any more
};

/// Some transactions and connections that one thread renders for all outputs: so what an exchange may keep
/// for itself while it is read is never used by two.
class RenderBatch final : public OrderedWork::Job {
  public:
    /// Borrows `targets`. Not much more than `max_rendered` bytes are made ahead.
    RenderBatch(RenderTargets& targets, std::size_t max_rendered)
        : targets_(targets), max_rendered_(max_rendered) {}

    /// `connection` is a copy of that of `shown`, a Transaction or ConnectionRecord.
    template <class Shown>
    void add(const Shown& shown, std::shared_ptr<const ConnectionInfo> connection);
    std::size_t size() const { return items_.size(); }

    void run(std::size_t thread) noexcept override;
    std::size_t held() const override { return held_ + rendered_.size(); }
    /// Hands everything to the outputs; what was not rendered ahead is rendered now. The owner's part. Throws
    /// what a renderer threw, where that was.
    void write();
    /// Empties it, for others.
    void clear();

  private:
    struct Item {
        std::shared_ptr<const ConnectionInfo> connection;
        std::variant<Transaction, ConnectionRecord> shown;  ///< of that connection
    };
    void render(const Item& item, std::size_t output, std::size_t thread, std::uint32_t hint, Bytes& out);

    RenderTargets& targets_;
    std::size_t max_rendered_;
    std::vector<Item> items_;
    std::vector<std::uint32_t> hints_;  ///< of each item for each output
    std::size_t held_ = 0;              ///< by the items
    Bytes rendered_;
    std::vector<std::size_t> ends_;  ///< in these bytes, of what is rendered: as the hints, but fewer
    std::exception_ptr error_;       ///< thrown instead of the next one
};

}  // namespace sslsniff
