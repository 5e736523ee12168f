#include "output/output.h"

namespace sslsniff {

Result<void> Output::flush() {
    if (!is_done()) {
        release();
    }
    auto flushed = file_->flush();
    return flushed || file_->is_closed_reader() ? Result<void>() : flushed;
}

Result<void> Output::finish() {
    if (!is_done()) {
        release();
        end();
    }
    return flush();
}

}  // namespace sslsniff
