#pragma once

#include <string>

#include "base/result.h"
#include "control/capture_status.h"

namespace sslsniff {

/// A capture that can be asked, and told, from outside.
class Controlled {
  public:
    Controlled() = default;
    Controlled(const Controlled&) = delete;
    Controlled& operator=(const Controlled&) = delete;
    virtual ~Controlled() = default;

    /// Takes some milliseconds.
    virtual CaptureStatus status() = 0;
    /// Detaches everything, and ends what is open.
    virtual Result<void> stop() = 0;
    /// Goes on.
    virtual Result<void> start() = 0;
    /// A pcap-filter expression, for connections that begin from now on; empty: all.
    virtual Result<void> set_filter(const std::string& expression) = 0;
    /// As of --where; empty: every transaction.
    virtual Result<void> set_where(const std::string& expression) = 0;
};

}  // namespace sslsniff
