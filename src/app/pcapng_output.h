#pragma once

#include <memory>

#include "app/options.h"
#include "base/output_stream.h"
#include "base/result.h"
#include "output/pcapng/output_sequence.h"
#include "output/pcapng/pcapng_sink.h"

namespace sslsniff {

/// A pcapng output with the file, pipe or row of files it writes to.
class PcapngOutput {
  public:
    static Result<std::unique_ptr<PcapngOutput>> open(const OutputSpec& spec, const Options& options);

    EventConsumer& consumer() { return sink_; }
    Result<void> flush() { return checked(sink_.flush()); }
    /// Statistics at the end; the last call.
    Result<void> finish() { return checked(sink_.finish()); }
    /// Nothing more will be written: nobody reads, or as many files as were wanted are full.
    bool is_done() const { return reader_is_gone_ || sink_.is_done(); }

  private:
    PcapngOutput(std::unique_ptr<FdOutputStream> stream, std::unique_ptr<OutputSequence> files,
                 const Options& options);
    Result<void> checked(Result<void> result);

    std::unique_ptr<FdOutputStream> stream_;  ///< null for a row of files
    std::unique_ptr<OutputSequence> files_;
    PcapngSink sink_;
    bool reader_is_gone_ = false;
};

}  // namespace sslsniff
