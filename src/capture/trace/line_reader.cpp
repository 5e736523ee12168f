#include "capture/trace/line_reader.h"

#include <fmt/format.h>

#include <cstring>

#include "base/text.h"

namespace sslsniff {
namespace {
constexpr std::size_t kReadSize = std::size_t{256} * 1024;
}  // namespace

std::optional<ByteView> LineReader::next() {
    const ByteView pending(buffer_.data() + begin_, end_ - begin_);
    std::size_t length = pending.find('\n', scanned_ - begin_);
    if (length == ByteView::npos) {
        scanned_ = end_;
        if (!ended_ || pending.empty()) {
            return std::nullopt;
        }
        length = pending.size();
    }
    begin_ = scanned_ = std::min(begin_ + length + 1, end_);
    ++line_number_;
    const ByteView line = pending.substr(0, length);
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

Result<bool> LineReader::fill(InputStream& input) {
    const std::size_t kept = end_ - begin_;
    if (kept > kMaxLine) {
        return fail(ErrorKind::input, fmt::format("cannot read {}: line {} is longer than {} bytes",
                                                  printable(input.name()), line_number_ + 1, kMaxLine));
    }
    if (buffer_.size() < kept + kReadSize) {
        buffer_.resize(kept + kReadSize);
    }
    std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
    begin_ = 0;
    scanned_ = end_ = kept;
    const auto got = input.read({buffer_.data() + end_, buffer_.size() - end_});
    if (!got) {
        return std::unexpected(got.error());
    }
    end_ += *got;
    ended_ = *got == 0;
    return !ended_;
}

}  // namespace sslsniff
