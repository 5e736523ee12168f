#include "protocols/redis/snapshot_reader.h"

#include <algorithm>

#include "base/saturating.h"
#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {
namespace {

// CONFIG_RUN_ID_SIZE of redis-server.
constexpr std::size_t kMarkSize = 40;
constexpr ByteView kMarkPrefix = "$EOF:";

}  // namespace

SnapshotReader::Result SnapshotReader::read(ByteView& bytes) {
    if (state_ == State::header) {
        if (const Result result = header(bytes); result != Result::done) {
            return result;
        }
    }
    if (state_ == State::marked) {
        return marked(bytes);
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    bytes.remove_prefix(count);
    left_ -= count;
    snapshot_.size += count;
    snapshot_.finished = left_ == 0;
    return snapshot_.finished ? Result::done : Result::need_more;
}

SnapshotReader::Result SnapshotReader::header(ByteView& bytes) {
    while (line_.empty() && bytes.starts_with('\n')) {
        bytes.remove_prefix(1);
    }
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > kMarkPrefix.size() + kMarkSize + 1 || (!line_.empty() && line_.front() != '$')) {
        return Result::malformed;
    }
    if (end == ByteView::npos) {
        bytes = {};
        return Result::need_more;
    }
    bytes.remove_prefix(end + 1);
    if (!line_.ends_with('\r')) {
        return Result::malformed;
    }
    line_.pop_back();
    if (line_.starts_with(kMarkPrefix)) {
        mark_ = line_.substr(kMarkPrefix.size());
        snapshot_.diskless = true;
        state_ = State::marked;
        return mark_.size() == kMarkSize ? Result::done : Result::malformed;
    }
    std::int64_t length = 0;
    if (!parse_integer(ByteView(line_).substr(1), length) || length < 0) {
        return Result::malformed;
    }
    left_ = static_cast<std::uint64_t>(length);
    state_ = State::sized;
    return Result::done;
}

SnapshotReader::Result SnapshotReader::marked(ByteView& bytes) {
    std::string all = std::move(tail_);
    all.append(bytes);
    const std::size_t found = all.find(mark_);
    if (found == std::string::npos) {
        tail_ = all.substr(all.size() - std::min(all.size(), kMarkSize - 1));
        add_saturating(snapshot_.size, std::uint64_t{bytes.size()});
        bytes = {};
        return Result::need_more;
    }
    const std::size_t behind = all.size() - (found + kMarkSize);
    add_saturating(snapshot_.size, std::uint64_t{bytes.size() - behind});
    snapshot_.size -= kMarkSize;
    snapshot_.finished = true;
    bytes.remove_prefix(bytes.size() - behind);
    return Result::done;
}

bool SnapshotReader::skip(std::uint64_t bytes) {
    if (bytes == 0 || state_ == State::header) {
        return false;
    }
    if (state_ == State::sized && bytes > left_) {
        return false;
    }
    add_saturating(snapshot_.size, bytes);
    add_saturating(snapshot_.missing, bytes);
    left_ -= state_ == State::sized ? bytes : 0;
    tail_.clear();
    return true;
}

}  // namespace sslsniff::redis
