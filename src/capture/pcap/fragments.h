#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "capture/pcap/ip_packet.h"

namespace sslsniff {

/// Puts IP fragments together. Bounded: the oldest incomplete packets are given up. Overlapping fragments
/// give the packet up (RFC 5722).
class FragmentTable {
  public:
    /// The whole packet once its last missing fragment came, its payload valid until the next call.
    std::optional<IpPacket> add(const IpPacket& fragment);

    /// Of memory.
    std::size_t held_bytes() const { return held_; }
    static constexpr std::size_t kMaxHeld = 8 << 20;

  private:
    static constexpr std::size_t kPieceCost = 96;  ///< beside its bytes

    struct Partial {
        std::map<std::size_t, Bytes> pieces;  ///< by offset
        std::optional<std::size_t> length;    ///< known once the last fragment came
        std::size_t held = 0;                 ///< bytes of payload
        std::uint8_t protocol = 0;
        std::uint64_t serial = 0;

        std::size_t cost() const { return held + pieces.size() * kPieceCost; }
    };
    using Partials = std::map<std::string, Partial>;

    static std::string key_of(const IpPacket& fragment);
    static bool insert(Partial& partial, const IpPacket& fragment);
    static bool is_whole(const Partial& partial);
    void forget(Partials::iterator which);
    void make_room();

    Partials partials_;
    std::deque<std::pair<std::string, std::uint64_t>> order_;  ///< oldest first, with serials
    std::uint64_t serial_ = 0;
    std::size_t held_ = 0;
    Bytes whole_;
};

}  // namespace sslsniff
