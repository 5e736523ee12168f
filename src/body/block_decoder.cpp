#include "body/block_decoder.h"

#include <lz4.h>
#include <lz4frame.h>
#include <snappy-c.h>

#include <algorithm>
#include <array>

#include "base/memory.h"

namespace sslsniff {
namespace {

class Lz4FrameDecoder final : public ContentDecoder {
  public:
    Lz4FrameDecoder() {
        failed_ = LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0;
    }
    ~Lz4FrameDecoder() override { LZ4F_freeDecompressionContext(context_); }
    /// Blocks have at most 4 MiB, and the decoder keeps one beside 64 KiB of what came before.
    std::size_t held() const override { return allocated(sizeof(*this)) + window_; }

    State decode(ByteView coded, Bytes& out, std::size_t limit) override {
        std::array<char, 16384> buffer{};
        while (!failed_) {
            if (out.size() >= limit) {
                return State::full;
            }
            std::size_t written = std::min(buffer.size(), limit - out.size());
            const std::size_t room = written;
            std::size_t taken = coded.size();
            const std::size_t hint =
                LZ4F_decompress(context_, buffer.data(), &written, coded.data(), &taken, nullptr);
            failed_ = LZ4F_isError(hint) != 0;
            if (failed_) {
                break;
            }
            window_ = std::max(window_, std::size_t{128} * 1024);
            out.append(buffer.data(), written);
            coded.remove_prefix(taken);
            if (hint == 0 && written < room) {
                return State::ended;
            }
            if (coded.empty() && written < room) {
                return State::more;
            }
            if (taken == 0 && written == 0) {
                return State::damaged;
            }
        }
        return State::damaged;
    }

  private:
    LZ4F_dctx* context_ = nullptr;
    std::size_t window_ = 0;
    bool failed_ = false;
};

}  // namespace

std::optional<Bytes> decode_snappy(ByteView block, std::size_t limit) {
    std::size_t size = 0;
    if (snappy_uncompressed_length(block.data(), block.size(), &size) != SNAPPY_OK || size > limit) {
        return std::nullopt;
    }
    Bytes out(size, '\0');
    if (snappy_uncompress(block.data(), block.size(), out.data(), &size) != SNAPPY_OK) {
        return std::nullopt;
    }
    out.resize(size);
    return out;
}

std::optional<Bytes> decode_lz4_block(ByteView block, std::size_t size, std::size_t limit) {
    if (size > limit || size > LZ4_MAX_INPUT_SIZE || block.size() > LZ4_MAX_INPUT_SIZE) {
        return std::nullopt;
    }
    Bytes out(size, '\0');
    const int written =
        LZ4_decompress_safe(block.data(), out.data(), static_cast<int>(block.size()), static_cast<int>(size));
    return written >= 0 && static_cast<std::size_t>(written) == size ? std::optional(std::move(out))
                                                                     : std::nullopt;
}

std::unique_ptr<ContentDecoder> make_lz4_decoder() {
    return std::make_unique<Lz4FrameDecoder>();
}

}  // namespace sslsniff
