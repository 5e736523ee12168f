#include "output/pcapng/section.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/saturating.h"
#include "base/text.h"
#include "model/packet_comment.h"

namespace sslsniff {
namespace {

/// More are told as one for each cause.
constexpr std::size_t kMaxLosses = 4096;
constexpr std::string_view kAbout =
    ". Ethernet, IP and TCP headers and the TLS handshake (NULL cipher) were made by sslsniff around "
    "plaintext "
    "it captured from processes. Real are the plaintext, its order and times and, unless a connection's "
    "comment says otherwise, addresses and ports. See docs/pcapng.md.";

std::string describe(const ProcessInfo& process) {
    std::string text = fmt::format("pid={} comm={}", process.key.pid, printable(process.comm));
    if (!process.exe.empty()) {
        text += " exe=" + printable(process.exe);
    }
    text += fmt::format(" uid={}", process.uid);
    if (!process.container_id.empty()) {
        text += " container=" + printable(process.container_id);
    }
    if (!process.container.name.empty()) {
        text += " container_name=" + printable(process.container.name);
    }
    return text;
}

}  // namespace

Section::Section(OutputStream& out, PcapngHost host, bool process_blocks)
    : blocks_(out), host_(std::move(host)), process_blocks_(process_blocks) {
    blocks_.section_header({.comment = std::string(kSectionMark) + std::string(kAbout),
                            .hardware = host_.hardware,
                            .os = host_.os,
                            .application = host_.application});
    // Directly after the section header: editcap and mergecap fail with another block in between.
    add_interface({.name = "sslsniff", .description = "statistics of the whole capture", .os = host_.os});
}

void Section::packet(const PacketContext& context, Direction direction, std::span<const ByteView> pieces,
                     const PacketNotes& notes) {
    const ProcessEntry& entry = entry_of(context.process);
    blocks_.packet(entry.interface, context.time, pieces,
                   {.comments = notes.comments,
                    .direction = direction,
                    .dropped = notes.dropped,
                    .pid = context.process.key.pid,
                    .tid = context.tid,
                    .process = entry.block,
                    .kind = context.hidden ? PacketKind::hidden : PacketKind::shown});
    if (!context.hidden) {
        count(entry.interface, context.time);
    }
}

void Section::note(const PacketContext& context, ByteView headers, const PacketNotes& notes) {
    blocks_.packet(entry_of(context.process).interface, context.time, {&headers, 1},
                   {.comments = notes.comments,
                    .dropped = notes.dropped,
                    .pid = context.process.key.pid,
                    .tid = context.tid,
                    .kind = context.hidden ? PacketKind::hidden : PacketKind::note});
}

void Section::hint(Timestamp time, const HintRecord& record) {
    if (!hint_interface_) {
        hint_interface_ =
            add_interface({.link_type = LinkType::exported_pdu,
                           .name = "sslsniff-markers",
                           .description = "synthetic: tells Wireshark what a connection carries",
                           .os = host_.os});
    }
    const ByteView piece = record.bytes;
    const std::string comment = filler_comment("tells Wireshark what this connection carries");
    blocks_.packet(*hint_interface_, time, {&piece, 1}, {.comments = {&comment, 1}});
    count(*hint_interface_, time);
}

void Section::count_loss(const LossEvent& loss) {
    InterfaceStatistics& whole = statistics_.front();
    (loss.cause == LossCause::ring_full ? whole.os_dropped : whole.dropped) += loss.events;
    whole.start = whole.start == Timestamp() ? loss.time : whole.start;
    whole.end = std::max(whole.end, loss.time);
    const auto same = std::ranges::find(losses_, loss.cause, &LossEvent::cause);
    if (losses_.size() < kMaxLosses || same == losses_.end()) {
        losses_.push_back(loss);
    } else {
        add_saturating(same->events, loss.events);
        add_saturating(same->bytes, loss.bytes);
    }
}

void Section::finish() {
    std::vector<std::string> comments;
    comments.reserve(losses_.size());
    for (const LossEvent& loss : losses_) {
        comments.push_back(delayed_comment(loss_comment(loss), statistics_.front().end - loss.time));
    }
    for (std::uint32_t i = 0; i < statistics_.size(); ++i) {
        blocks_.statistics(i, statistics_[i], comments);
        comments.clear();
    }
}

Section::ProcessEntry& Section::entry_of(const ProcessInfo& process) {
    const auto [found, added] = processes_.try_emplace({process.key, process.comm});
    ProcessEntry& entry = found->second;
    if (added) {
        if (process_blocks_) {
            blocks_.process_information(process.key.pid, printable(process.comm));
            entry.block = process_block_count_++;
        }
        const std::string comm = process.comm.empty() ? "?" : printable(process.comm);
        entry.interface = add_interface({.name = fmt::format("{}[{}]", comm, process.key.pid),
                                         .description = describe(process),
                                         .os = host_.os});
    }
    return entry;
}

std::uint32_t Section::add_interface(InterfaceDescription description) {
    description.comment = kSectionMark;
    blocks_.interface_description(description);
    statistics_.emplace_back();
    return static_cast<std::uint32_t>(statistics_.size() - 1);
}

void Section::count(std::uint32_t interface, Timestamp time) {
    for (const std::uint32_t i : {0U, interface}) {
        InterfaceStatistics& statistics = statistics_[i];
        statistics.start = statistics.start == Timestamp() ? time : std::min(statistics.start, time);
        statistics.end = std::max(statistics.end, time);
        ++statistics.received;
    }
}

}  // namespace sslsniff
