#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/bytes.h"

namespace sslsniff::kafka {

/// Names of topics by their ids (KIP-516), as far as messages on this connection had both.
class TopicNames {
  public:
    /// `id`: 16 bytes.
    void learn(ByteView id, ByteView name);
    /// Null when it did not pass here.
    const std::string* find(ByteView id) const;
    /// Bytes of memory outside of itself.
    std::size_t held() const { return held_; }

  private:
    std::unordered_map<std::string, std::string> names_;
    std::size_t held_ = 0;
};

/// As Kafka's tools write it: 22 characters of URL-safe base64.
std::string uuid_text(ByteView id);

}  // namespace sslsniff::kafka
