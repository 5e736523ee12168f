#pragma once

#include <cstdint>

#include "base/output_stream.h"
#include "base/result.h"
#include "model/time.h"

namespace sslsniff {

/// The stream a pcapng section goes to, and the next one when that is due.
class OutputSequence {
  public:
    OutputSequence() = default;
    OutputSequence(const OutputSequence&) = delete;
    OutputSequence& operator=(const OutputSequence&) = delete;
    virtual ~OutputSequence() = default;

    /// Valid until next() is called.
    virtual OutputStream& stream() = 0;
    /// The current file holds `size` octets and an event of time `now` comes: it belongs into another one.
    virtual bool is_due(Timestamp now, std::uint64_t size) = 0;
    /// Opens the next file, or ends the sequence. After an error nothing is written any more.
    virtual Result<void> next(Timestamp now) = 0;
    /// As many files as were wanted are full: nothing more is written.
    virtual bool is_finished() const { return false; }
};

/// One stream for everything. Borrows it.
class SingleOutput final : public OutputSequence {
  public:
    explicit SingleOutput(OutputStream& stream) : stream_(stream) {}
    OutputStream& stream() override { return stream_; }
    bool is_due(Timestamp /*now*/, std::uint64_t /*size*/) override { return false; }
    Result<void> next(Timestamp /*now*/) override { return {}; }

  private:
    OutputStream& stream_;
};

}  // namespace sslsniff
