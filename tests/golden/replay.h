#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/rendering/render_queue.h"

namespace sslsniff::test {

/// One form of output that is kept beside a fixture, as NAME.SUFFIX.
struct Variant {
    std::string_view suffix;
    bool everywhere;  ///< every fixture has it; the others where the file exists
    bool fields;      ///< ParserLimits::fields: what needs none must be the same without
    std::unique_ptr<TransactionSink> (*make_sink)(OutputStream& out);
};
std::span<const Variant> variants();

/// How a RenderQueue stands before the sink.
struct Queue {
    std::size_t threads;  ///< besides the caller's
    RenderQueue::Limits limits;
};

/// What the pipeline makes of a trace.
struct Replayed {
    Bytes output;
    Bytes trace;        ///< the events, recorded again
    std::string error;  ///< empty when all was read
};
/// With `queue` for a sink that is a RenderedOutput; null: none.
Replayed replay(const Bytes& trace, const Variant& variant, const Queue* queue = nullptr);

}  // namespace sslsniff::test
