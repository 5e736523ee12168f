#include "capture/pcap/file_buffer.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace sslsniff {
namespace {

/// Fits the second-level cache, and makes system calls rare.
constexpr std::size_t kBufferSize = 1 << 20;

}  // namespace

FileBuffer::FileBuffer(std::unique_ptr<InputStream> input) : input_(std::move(input)), buffer_(kBufferSize) {}

Result<ByteView> FileBuffer::peek(std::size_t size) {
    while (end_ - begin_ < size && !at_end_) {
        if (buffer_.size() - begin_ < size) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
            buffer_.resize(std::max(buffer_.size(), size));
        }
        const auto got = input_->read(std::span(buffer_).subspan(end_));
        if (!got) {
            return std::unexpected(got.error());
        }
        end_ += *got;
        at_end_ = *got == 0;
    }
    return available();
}

void FileBuffer::consume(std::size_t size) {
    begin_ += size;
    offset_ += size;
    if (begin_ == end_) {
        begin_ = 0;
        end_ = 0;
    }
}

}  // namespace sslsniff
