#include "body/content_decoder.h"

#include <brotli/decode.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "body/zlib_decoder.h"

namespace sslsniff {
namespace {

/// malloc and free for a decoder, which count into a std::size_t what it holds. The size of each piece is in
/// front of it.
constexpr std::size_t kCounted = alignof(std::max_align_t);

void* counted_alloc(void* held, std::size_t size) {
    auto* const piece = static_cast<char*>(std::malloc(kCounted + size));
    if (piece == nullptr) {
        return nullptr;
    }
    std::memcpy(piece, &size, sizeof(size));
    *static_cast<std::size_t*>(held) += size;
    return piece + kCounted;
}

void counted_free(void* held, void* address) {
    if (address != nullptr) {
        char* const piece = static_cast<char*>(address) - kCounted;
        std::size_t size = 0;
        std::memcpy(&size, piece, sizeof(size));
        *static_cast<std::size_t*>(held) -= size;
        std::free(piece);
    }
}

/// RFC 7932.
class BrotliDecoder final : public ContentDecoder {
  public:
    BrotliDecoder() : state_(BrotliDecoderCreateInstance(counted_alloc, counted_free, &held_)) {}
    ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }
    std::size_t held() const override { return sizeof(*this) + held_; }

    State decode(ByteView coded, Bytes& out, std::size_t limit) override {
        if (state_ == nullptr || failed_) {
            return State::damaged;
        }
        std::array<std::uint8_t, 16384> buffer{};
        std::size_t given = coded.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(coded.data());
        for (;;) {
            if (out.size() >= limit) {
                return State::full;
            }
            const std::size_t room = std::min(buffer.size(), limit - out.size());
            std::size_t left = room;
            std::uint8_t* to = buffer.data();
            const BrotliDecoderResult result =
                BrotliDecoderDecompressStream(state_, &given, &in, &left, &to, nullptr);
            out.append(reinterpret_cast<const char*>(buffer.data()), room - left);
            switch (result) {
                case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
                    continue;
                case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
                    if (BrotliDecoderHasMoreOutput(state_) != 0) {
                        continue;
                    }
                    return State::more;
                case BROTLI_DECODER_RESULT_SUCCESS:
                    return State::ended;
                default:
                    failed_ = true;
                    return State::damaged;
            }
        }
    }

  private:
    std::size_t held_ = 0;
    BrotliDecoderState* state_;
    bool failed_ = false;
};

/// RFC 8878.
class ZstdDecoder final : public ContentDecoder {
  public:
    ZstdDecoder() : stream_(ZSTD_createDStream()) {
        constexpr int kWindowLog = 23;  // 8 MiB: RFC 9659 allows no more
        failed_ = stream_ == nullptr ||
                  ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kWindowLog)) != 0;
    }
    ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
    std::size_t held() const override { return sizeof(*this) + ZSTD_sizeof_DStream(stream_); }

    State decode(ByteView coded, Bytes& out, std::size_t limit) override {
        std::array<char, 16384> buffer{};
        ZSTD_inBuffer in{coded.data(), coded.size(), 0};
        for (;;) {
            if (failed_) {
                return State::damaged;
            }
            if (out.size() >= limit) {
                return State::full;
            }
            ZSTD_outBuffer to{buffer.data(), std::min(buffer.size(), limit - out.size()), 0};
            const std::size_t before = in.pos;
            const std::size_t result = ZSTD_decompressStream(stream_, &to, &in);
            out.append(buffer.data(), to.pos);
            failed_ = ZSTD_isError(result) != 0;
            if (!failed_ && to.pos < to.size && (in.pos == in.size || in.pos == before)) {
                return result == 0 ? State::ended : State::more;
            }
        }
    }

  private:
    ZSTD_DStream* stream_;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view coding) {
    if (equals_ignore_case(coding, "gzip") || equals_ignore_case(coding, "x-gzip")) {
        return std::make_unique<ZlibDecoder>(ZlibDecoder::Format::gzip);
    }
    if (equals_ignore_case(coding, "deflate")) {
        return std::make_unique<ZlibDecoder>(ZlibDecoder::Format::deflate);
    }
    if (equals_ignore_case(coding, "br")) {
        return std::make_unique<BrotliDecoder>();
    }
    if (equals_ignore_case(coding, "zstd")) {
        return std::make_unique<ZstdDecoder>();
    }
    return nullptr;
}

}  // namespace sslsniff
