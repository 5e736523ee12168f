#include "capture/compressed_input.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kInputSize = 128 << 10;

/// One library's decoder.
class Unpacker {
  public:
    Unpacker() = default;
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;
    virtual ~Unpacker() = default;

    struct Progress {
        std::size_t taken = 0;    ///< of the input
        std::size_t written = 0;  ///< into the output
        bool damaged = false;
        bool between = false;  ///< a member ended with what was taken: the input may end here
    };
    /// `last`: nothing follows `in`.
    virtual Progress unpack(ByteView in, std::span<char> out, bool last) = 0;
};

class GzipUnpacker final : public Unpacker {
  public:
    GzipUnpacker() { good_ = inflateInit2(&stream_, kGzipOnly) == Z_OK; }
    ~GzipUnpacker() override { inflateEnd(&stream_); }

    Progress unpack(ByteView in, std::span<char> out, bool /*last*/) override {
        if (ended_ && !in.empty()) {
            ended_ = false;
            inflateReset(&stream_);
        }
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int status = good_ && !ended_ ? inflate(&stream_, Z_NO_FLUSH) : good_ ? Z_OK : Z_MEM_ERROR;
        ended_ = ended_ || status == Z_STREAM_END;
        return {in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR, ended_};
    }

  private:
    static constexpr int kGzipOnly = 16 + MAX_WBITS;
    z_stream stream_{};
    bool good_ = false;
    bool ended_ = false;
};

class ZstdUnpacker final : public Unpacker {
  public:
    ~ZstdUnpacker() override { ZSTD_freeDStream(stream_); }

    Progress unpack(ByteView in, std::span<char> out, bool /*last*/) override {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const std::size_t left = ZSTD_decompressStream(stream_, &to, &from);
        between_ = from.pos == 0 && to.pos == 0 ? between_ : left == 0;
        return {from.pos, to.pos, ZSTD_isError(left) != 0, between_};
    }

  private:
    ZSTD_DStream* stream_ = ZSTD_createDStream();
    bool between_ = false;
};

class XzUnpacker final : public Unpacker {
  public:
    XzUnpacker() { good_ = lzma_stream_decoder(&stream_, kMemory, LZMA_CONCATENATED) == LZMA_OK; }
    ~XzUnpacker() override { lzma_end(&stream_); }

    Progress unpack(ByteView in, std::span<char> out, bool last) override {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        stream_.avail_in = in.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        const lzma_ret status = ended_  ? LZMA_STREAM_END
                                : good_ ? lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN)
                                        : LZMA_MEM_ERROR;
        ended_ = status == LZMA_STREAM_END;
        return {in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR, ended_};
    }

  private:
    static constexpr std::uint64_t kMemory = std::uint64_t{256} << 20U;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool good_ = false;
    bool ended_ = false;
};

class Lz4Unpacker final : public Unpacker {
  public:
    Lz4Unpacker() { good_ = LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0; }
    ~Lz4Unpacker() override { LZ4F_freeDecompressionContext(context_); }

    Progress unpack(ByteView in, std::span<char> out, bool /*last*/) override {
        std::size_t taken = in.size();
        std::size_t written = out.size();
        const std::size_t left =
            good_ ? LZ4F_decompress(context_, out.data(), &written, in.data(), &taken, nullptr) : 0;
        if (!good_ || LZ4F_isError(left) != 0) {
            return {0, 0, true, false};
        }
        between_ = taken == 0 && written == 0 ? between_ : left == 0;
        return {taken, written, false, between_};
    }

  private:
    LZ4F_dctx* context_ = nullptr;
    bool good_ = false;
    bool between_ = false;
};

class UnpackedInput final : public InputStream {
  public:
    UnpackedInput(std::unique_ptr<InputStream> packed, std::unique_ptr<Unpacker> unpacker)
        : packed_(std::move(packed)), unpacker_(std::move(unpacker)), buffer_(kInputSize) {}

    Result<std::size_t> read(std::span<char> into) override {
        for (;;) {
            const Unpacker::Progress progress =
                unpacker_->unpack({buffer_.data() + begin_, end_ - begin_}, into, at_end_);
            begin_ += progress.taken;
            if (progress.written != 0) {
                return progress.written;
            }
            if (progress.damaged) {
                return fail(
                    ErrorKind::input,
                    fmt::format(
                        "{} is damaged: it cannot be unpacked any further; everything before it was used",
                        printable(name())));
            }
            if (at_end_ && begin_ == end_ && progress.between) {
                return 0;
            }
            if (progress.taken != 0 && begin_ != end_) {
                continue;
            }
            if (at_end_) {
                return fail(
                    ErrorKind::input,
                    fmt::format(
                        "{} is damaged: its compressed data ends too early; everything before it was used",
                        printable(name())));
            }
            if (auto filled = fill(); !filled) {
                return std::unexpected(filled.error());
            }
        }
    }
    const std::string& name() const override { return packed_->name(); }

  private:
    Result<void> fill() {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
        const auto got = packed_->read(std::span(buffer_).subspan(end_));
        if (!got) {
            return std::unexpected(got.error());
        }
        end_ += *got;
        at_end_ = *got == 0;
        return {};
    }

    std::unique_ptr<InputStream> packed_;
    std::unique_ptr<Unpacker> unpacker_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<InputStream>> unpack_input(ByteView first, std::unique_ptr<InputStream> input) {
    std::unique_ptr<Unpacker> unpacker;
    if (first.starts_with("\x1f\x8b")) {
        unpacker = std::make_unique<GzipUnpacker>();
    } else if (first.starts_with("\x28\xb5\x2f\xfd")) {
        unpacker = std::make_unique<ZstdUnpacker>();
    } else if (first.starts_with(ByteView("\xfd\x37zXZ\0", 6))) {
        unpacker = std::make_unique<XzUnpacker>();
    } else if (first.starts_with("\x04\x22\x4d\x18")) {
        unpacker = std::make_unique<Lz4Unpacker>();
    } else if (first.starts_with("BZh")) {
        return fail(ErrorKind::input, fmt::format("{} is compressed with bzip2; unpack it with bunzip2 first",
                                                  printable(input->name())));
    } else {
        return input;
    }
    return std::make_unique<UnpackedInput>(std::move(input), std::move(unpacker));
}

}  // namespace sslsniff
