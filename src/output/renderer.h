#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "model/transaction.h"

namespace sslsniff {

/// Makes what an output writes of transactions and connections. That depends on nothing else, least of all on
/// what it has made before: so each thread can have one of its own.
class Renderer {
  public:
    Renderer() = default;
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;
    virtual ~Renderer() = default;

    /// Append to `out`. `hint` is what RenderedOutput::hint() said.
    virtual void render(const Transaction& transaction, std::uint32_t hint, Bytes& out) = 0;
    virtual void render(const ConnectionRecord& record, std::uint32_t hint, Bytes& out) = 0;
};

/// An output whose transactions and connections may be rendered by any thread. All calls come from one.
class RenderedOutput {
  public:
    RenderedOutput() = default;
    RenderedOutput(const RenderedOutput&) = delete;
    RenderedOutput& operator=(const RenderedOutput&) = delete;
    virtual ~RenderedOutput() = default;

    /// May be used by one thread at a time, and must not outlive the output.
    virtual std::unique_ptr<Renderer> make_renderer() const = 0;

    /// What rendering has to know of what came before; asked in the order in which things happened.
    virtual std::uint32_t hint(const Transaction& /*transaction*/) { return 0; }
    virtual std::uint32_t hint(const ConnectionRecord& /*record*/) { return 0; }

    /// What was rendered, in the same order. There may be no exchange any more.
    virtual void write(const Transaction& transaction, ByteView rendered) = 0;
    virtual void write(const ConnectionRecord& record, ByteView rendered) = 0;
};

}  // namespace sslsniff
