#include "app/recording.h"

#include <unistd.h>

#include <utility>

#include "base/input_stream.h"
#include "capture/pcap/packet_file.h"
#include "capture/pcap/pcap_reader.h"
#include "capture/trace_reader.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr ByteView kGzipMagic = "\x1f\x8b";

Result<std::unique_ptr<InputStream>> open_input(const std::string& path) {
    if (path == "-") {
        return std::make_unique<FdInputStream>(STDIN_FILENO, "standard input");
    }
    auto fd = open_input_file(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    return std::make_unique<FdInputStream>(*std::move(fd), path);
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

/// The first octets, fewer than `size` when there are no more.
Result<Bytes> peek(InputStream& input, std::size_t size) {
    Bytes octets(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const auto got = input.read(std::span(octets).subspan(filled));
        if (!got) {
            return std::unexpected(got.error());
        }
        if (*got == 0) {
            break;
        }
        filled += *got;
    }
    octets.resize(filled);
    return octets;
}

}  // namespace

Result<std::unique_ptr<EventSource>> open_recording(const std::string& path) {
    auto input = open_input(path);
    if (!input) {
        return std::unexpected(input.error());
    }
    auto first = peek(**input, kMagicSize);
    if (!first) {
        return std::unexpected(first.error());
    }
    const bool is_packets = is_packet_file(*first) || first->starts_with(kGzipMagic);
    auto whole = std::make_unique<PeekedInput>(*std::move(first), *std::move(input));
    if (is_packets) {
        return PcapReader::open(std::move(whole));
    }
    return std::make_unique<TraceReader>(std::move(whole));
}

}  // namespace sslsniff
