#include "capture/pcap/packet_file.h"

#include <fmt/format.h>

#include "base/text.h"
#include "capture/pcap/pcap_file.h"
#include "capture/pcap/pcapng_file.h"

namespace sslsniff {

bool is_packet_file(ByteView bytes) {
    return PcapFile::recognises(bytes) || PcapngFile::recognises(bytes);
}

Result<std::unique_ptr<PacketFile>> open_packet_file(std::unique_ptr<InputStream> input) {
    FileBuffer buffer(std::move(input));
    const auto magic = buffer.peek(4);
    if (!magic) {
        return std::unexpected(magic.error());
    }
    if (PcapngFile::recognises(*magic)) {
        return std::make_unique<PcapngFile>(std::move(buffer));
    }
    if (PcapFile::recognises(*magic)) {
        return PcapFile::open(std::move(buffer));
    }
    return fail(ErrorKind::input,
                fmt::format("{} is neither pcap nor pcapng", printable(buffer.input().name())));
}

Error damaged(const FileBuffer& buffer, std::string_view what) {
    return {fmt::format("{} is damaged at offset {}: {}; everything before it was used",
                        printable(buffer.input().name()), buffer.offset(), what)};
}

}  // namespace sslsniff
