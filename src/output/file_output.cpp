#include "output/file_output.h"

namespace sslsniff {

Result<bool> FileOutput::flush() {
    const bool is_whole = is_done() || release();
    auto flushed = file_->flush();
    if (flushed) {
        return is_whole && file_->is_open();
    }
    return file_->is_closed_reader() ? Result<bool>(false) : std::unexpected(flushed.error());
}

Result<void> FileOutput::finish() {
    if (!is_done()) {
        release();
        end();
    }
    const auto flushed = flush();
    return flushed ? Result<void>() : std::unexpected(flushed.error());
}

}  // namespace sslsniff
