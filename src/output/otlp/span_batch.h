#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/process.h"
#include "output/otlp/encoding.h"
#include "output/otlp/span.h"

namespace sslsniff {

/// Collects spans for one request to a collector: an ExportTraceServiceRequest, in which those of one process
/// are together.
class SpanBatch {
  public:
    static constexpr std::size_t kMostSpans = 2048;
    static constexpr std::size_t kMostBytes = 2U << 20U;  ///< before compression; one span more may pass it

    explicit SpanBatch(ResourceAttributes host) : host_(std::move(host)) {}

    void add(const std::shared_ptr<const ProcessInfo>& process, const Span& span);
    std::uint64_t count() const { return count_; }
    bool is_full() const { return count_ >= kMostSpans || bytes_ >= kMostBytes; }

    /// The message; after it the batch is empty.
    Bytes take();

  private:
    struct Group {
        std::shared_ptr<const ProcessInfo> process;  ///< keeps the key from being used again
        Bytes spans;                                 ///< fields of a message ScopeSpans
    };

    Group& group_of(const std::shared_ptr<const ProcessInfo>& process);

    ResourceAttributes host_;
    std::vector<Group> groups_;  ///< in the order in which they came
    std::map<const ProcessInfo*, std::size_t> index_;
    Bytes encoded_;  ///< of the last span: its memory is used again
    std::uint64_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace sslsniff
