#include "engine/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/input_stream.h"
#include "base/system_error.h"
#include "capture/compressed_input.h"
#include "capture/pcap/packet_file.h"
#include "capture/pcap/pcap_reader.h"
#include "capture/trace/trace_reader.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMagicSize = 4;

Result<UniqueFd> open_input(const std::string& path) {
    if (path != "-") {
        return open_input_file(path);
    }
    UniqueFd copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    return copy ? Result<UniqueFd>(std::move(copy))
                : fail(fmt::format("cannot read standard input: {}", error_text(errno)));
}

/// Gives back what was read to see what an input is, then the rest.
class PeekedInput final : public InputStream {
  public:
    PeekedInput(Bytes peeked, std::unique_ptr<InputStream> rest)
        : peeked_(std::move(peeked)), rest_(std::move(rest)) {}
    Result<std::size_t> read(std::span<char> into) override {
        if (peeked_.empty()) {
            return rest_->read(into);
        }
        const std::size_t size = peeked_.copy(into.data(), into.size());
        peeked_.erase(0, size);
        return size;
    }
    int poll_fd() const override { return rest_->poll_fd(); }
    const std::string& name() const override { return rest_->name(); }

  private:
    Bytes peeked_;
    std::unique_ptr<InputStream> rest_;
};

/// The first bytes, fewer than `size` when there are no more.
Result<Bytes> peek(InputStream& input, std::size_t size) {
    Bytes bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const auto got = input.read(std::span(bytes).subspan(filled));
        if (!got) {
            return std::unexpected(got.error());
        }
        if (*got == 0) {
            break;
        }
        filled += *got;
    }
    bytes.resize(filled);
    return bytes;
}

struct Begun {
    Bytes first;
    std::unique_ptr<InputStream> whole;
};
Result<Begun> with_first(std::unique_ptr<InputStream> input, std::size_t size) {
    auto first = peek(*input, size);
    if (!first) {
        return std::unexpected(first.error());
    }
    auto whole = std::make_unique<PeekedInput>(*first, std::move(input));
    return Begun{*std::move(first), std::move(whole)};
}

Result<std::unique_ptr<EventSource>> as_source(auto reader) {
    if (!reader) {
        return std::unexpected(reader.error());
    }
    return *std::move(reader);
}

}  // namespace

Result<Recording> open_recording(const std::string& path, Patience& patience) {
    auto fd = open_input(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    Recording recording;
    ::fstat(fd->get(), &recording.status);
    recording.file = UniqueFd(::fcntl(fd->get(), F_DUPFD_CLOEXEC, 0));
    auto input =
        std::make_unique<FdInputStream>(*std::move(fd), path == "-" ? "standard input" : path, &patience);
    auto packed = with_first(std::move(input), kCompressionMagic);
    if (!packed) {
        return std::unexpected(packed.error());
    }
    auto unpacked = unpack_input(packed->first, std::move(packed->whole));
    if (!unpacked) {
        return std::unexpected(unpacked.error());
    }
    auto plain = with_first(*std::move(unpacked), kMagicSize);
    if (!plain) {
        return std::unexpected(plain.error());
    }
    const bool is_packets = is_packet_file(plain->first);
    std::unique_ptr<InputStream> whole = std::move(plain->whole);
    auto source = is_packets ? as_source(PcapReader::open(std::move(whole)))
                             : as_source(TraceReader::open(std::move(whole)));
    if (!source) {
        return std::unexpected(source.error());
    }
    recording.source = *std::move(source);
    return recording;
}

}  // namespace sslsniff
