// Any bytes as a capture file: no crash, bounded memory, and positions of each stream without overlap.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>

#include "base/endian.h"
#include "capture/pcap/pcap_reader.h"
#include "support/recorded_events.h"

namespace {

using namespace sslsniff;

class Checker final : public EventConsumer {
  public:
    void on_event(const CaptureEvent& event) override {
        if (const auto* data = std::get_if<DataEvent>(&event)) {
            advance(data->connection, data->direction, data->position, data->bytes.size());
        } else if (const auto* gap = std::get_if<GapEvent>(&event)) {
            advance(gap->connection, gap->direction, gap->position, gap->bytes);
        } else if (const auto* close = std::get_if<CloseEvent>(&event)) {
            positions_.erase(close->connection);
        }
    }

  private:
    void advance(const ConnectionId& id, Direction direction, std::uint64_t position, std::uint64_t size) {
        std::uint64_t& next = positions_[id][static_cast<std::size_t>(direction)];
        if (position != next) {
            std::abort();
        }
        next = position + size;
    }
    std::map<ConnectionId, std::array<std::uint64_t, 2>> positions_;
};

/// Link types whose frames are taken apart, see src/capture/pcap.
constexpr auto kLinkTypes = std::to_array<std::uint32_t>(
    {0, 1, 9, 50, 51, 100, 101, 104, 105, 107, 108, 113, 127, 192, 204, 228, 229, 239, 276});

/// The bytes as packets of a pcap file: a link type, then a length before each.
Bytes as_packets(ByteView bytes) {
    const std::uint32_t link_type = kLinkTypes.at(static_cast<std::uint8_t>(bytes[0]) % kLinkTypes.size());
    bytes.remove_prefix(1);
    Bytes file;
    append_le<std::uint32_t>(file, 0xA1B2C3D4);
    append_le<std::uint32_t>(file, 0x0004'0002);
    append_le<std::uint64_t>(file, 0);
    append_le<std::uint32_t>(file, 262'144);
    append_le<std::uint32_t>(file, link_type);
    for (std::uint32_t time = 0; bytes.size() > 1; ++time) {
        const std::size_t wanted = static_cast<std::uint8_t>(bytes[0]);
        const ByteView packet = bytes.substr(1, wanted);
        bytes.remove_prefix(1 + packet.size());
        append_le(file, time);
        append_le<std::uint32_t>(file, 0);
        append_le(file, static_cast<std::uint32_t>(packet.size()));
        append_le(file, static_cast<std::uint32_t>(packet.size()));
        file += packet;
    }
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const ByteView input(reinterpret_cast<const char*>(bytes), size);
    const bool packets = !input.empty() && !is_packet_file(input);
    Checker checker;
    auto reader =
        PcapReader::open(std::make_unique<MemoryInputStream>(packets ? as_packets(input) : Bytes(input)));
    if (reader) {
        static_cast<void>(test::drain(**reader, checker));
    }
    return 0;
}
