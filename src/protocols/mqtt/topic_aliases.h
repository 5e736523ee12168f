#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/bytes.h"

namespace sslsniff::mqtt {

inline constexpr std::string_view kUnknownTopic = "<unknown>";

/// The topics that one side gave numbers to (MQTT 5.0 section 3.3.2.3.4). Bounded: what does not fit is not
/// known later.
class TopicAliases {
  public:
    /// The topic of a PUBLISH that has this alias; `topic` is what it says itself, maybe nothing.
    std::string resolve(std::uint16_t alias, ByteView topic);
    /// Packets were lost: they may have changed what was known.
    void forget();
    /// Bytes of memory outside of itself.
    std::size_t held() const { return held_; }

  private:
    std::unordered_map<std::uint16_t, std::string> topics_;
    std::size_t held_ = 0;
};

}  // namespace sslsniff::mqtt
