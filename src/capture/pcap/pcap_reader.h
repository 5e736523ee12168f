#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/datagram_tls/datagram_tls_stage.h"
#include "capture/event_source.h"
#include "capture/pcap/flow_table.h"
#include "capture/pcap/fragments.h"
#include "capture/pcap/link_layer.h"
#include "capture/pcap/own_connections.h"
#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// Reads pcap and pcapng: the plaintext in captures of anyone, and what sslsniff itself wrote with process
/// and connection restored. Memory is bounded whatever the size of the file.
class PcapReader final : public EventSource, private LayerSink {
  public:
    /// Reads the file header.
    static Result<std::unique_ptr<PcapReader>> open(std::unique_ptr<InputStream> input);

    Result<PollStatus> poll(EventConsumer& consumer) override;
    int poll_fd() const override { return file_->buffer().input().poll_fd(); }
    std::vector<std::string> remarks() const override;

  private:
    class Recognised;

    explicit PcapReader(std::unique_ptr<PacketFile> file) : file_(std::move(file)) {}
    void on_packet(const CapturedPacket& packet, EventConsumer& consumer);
    void on_network(ByteView bytes, std::uint64_t domain, int depth) override;
    void on_unread(std::string_view why) override;
    void on_ip(const IpPacket& ip, int depth);
    void finish(EventConsumer& consumer);
    void tell_losses(EventConsumer& consumer);

    std::unique_ptr<PacketFile> file_;
    std::uint64_t next_generation_ = 1;
    FragmentTable fragments_;
    OwnConnections own_{next_generation_};
    FlowTable flows_{next_generation_};
    DatagramTlsStage datagram_tls_{{.encrypted = true, .others = true, .ciphertext = true}};
    Timestamp last_time_;
    const CapturedPacket* packet_ = nullptr;       ///< during calls
    EventConsumer* consumer_ = nullptr;            ///< during calls
    std::map<std::string, std::uint64_t> unread_;  ///< packets, by reason
    bool ended_ = false;
};

}  // namespace sslsniff
