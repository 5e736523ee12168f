#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_stream.h"
#include "model/connection.h"
#include "model/event.h"
#include "model/process.h"
#include "output/pcapng/block_writer.h"
#include "output/pcapng/dissector_hint.h"

namespace sslsniff {

/// What a section says of where it was written.
struct PcapngHost {
    std::string hardware;
    std::string os;
    std::string application = "sslsniff " SSLSNIFF_VERSION;
};

/// Whose packet, when.
struct PacketContext {
    const ProcessInfo& process;
    Timestamp time;
    std::uint32_t tid = 0;
    bool hidden = false;  ///< for our own reading back alone
};

/// What a packet says beside its bytes.
struct PacketNotes {
    std::vector<std::string> comments;
    std::uint64_t dropped = 0;  ///< bytes that were lost before it

    bool empty() const { return comments.empty() && dropped == 0; }
};

/// One pcapng section: one file, or one pipe. Declares an interface per process before its first packet.
class Section {
  public:
    /// Borrows `out`. `process_blocks`: also write Apple's process information, which Wireshark 4.6 shows.
    Section(OutputStream& out, PcapngHost host, bool process_blocks);

    /// The packet is the concatenation of `pieces`.
    void packet(const PacketContext& context, Direction direction, std::span<const ByteView> pieces,
                const PacketNotes& notes);
    /// Says something where there is no packet; `headers` are those of the connection.
    void note(const PacketContext& context, ByteView headers, const PacketNotes& notes);
    void hint(Timestamp time, const HintRecord& record);
    /// Events the capture lost, for the statistics, whose comments say when.
    void count_loss(const LossEvent& loss);
    /// Statistics of all interfaces; the last call.
    void finish();

    /// Those that packets were written of.
    std::size_t processes() const { return processes_.size(); }
    std::uint64_t size() const { return blocks_.size(); }

  private:
    struct ProcessEntry {
        std::uint32_t interface = 0;
        std::optional<std::uint32_t> block;
    };

    ProcessEntry& entry_of(const ProcessInfo& process);
    std::uint32_t add_interface(InterfaceDescription description);
    void count(std::uint32_t interface, Timestamp time);

    BlockWriter blocks_;
    PcapngHost host_;
    bool process_blocks_;
    std::uint32_t process_block_count_ = 0;
    std::map<std::pair<ProcessKey, std::string>, ProcessEntry> processes_;
    std::optional<std::uint32_t> hint_interface_;
    std::vector<InterfaceStatistics> statistics_;
    std::vector<LossEvent> losses_;
};

}  // namespace sslsniff
