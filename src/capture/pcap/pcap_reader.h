#pragma once

#include <memory>
#include <optional>

#include "capture/event_source.h"
#include "capture/pcap/flow_table.h"
#include "capture/pcap/fragments.h"
#include "capture/pcap/own_connections.h"
#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// Reads pcap and pcapng: the plaintext in captures of anyone, and what sslsniff itself wrote with process
/// and connection restored. Memory is bounded whatever the size of the file.
class PcapReader final : public EventSource {
  public:
    /// Reads the file header.
    static Result<std::unique_ptr<PcapReader>> open(std::unique_ptr<InputStream> input);

    Result<PollStatus> poll(std::chrono::milliseconds timeout, EventConsumer& consumer) override;
    int poll_fd() const override { return file_->buffer().input().poll_fd(); }

  private:
    explicit PcapReader(std::unique_ptr<PacketFile> file) : file_(std::move(file)) {}
    void on_packet(const CapturedPacket& packet, EventConsumer& consumer);
    void on_ip(const CapturedPacket& packet, const IpPacket& ip, EventConsumer& consumer);
    void finish(EventConsumer& consumer);

    std::unique_ptr<PacketFile> file_;
    std::uint64_t next_generation_ = 1;
    FragmentTable fragments_;
    OwnConnections own_{next_generation_};
    FlowTable flows_{next_generation_};
    Timestamp last_time_;
    bool ended_ = false;
};

}  // namespace sslsniff
