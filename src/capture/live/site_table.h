#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "bpf/tls_site.h"
#include "capture/live/capture_programs.h"

namespace sslsniff {

/// The kernel's table of probed sites: the number of an entry is the cookie of its probes. Equal sites share
/// one.
class SiteTable {
  public:
    explicit SiteTable(const CapturePrograms& programs) : programs_(programs) {}

    /// The number of `site`, written into the table when it is new; nullopt when the table is full. Without
    /// attach cookies there is one program for each of the few numbers: entry_N, and
    /// transport_entry_N for calls of transports.
    std::optional<std::uint32_t> number(const tls_site& site);

  private:
    using Contents = std::array<std::uint8_t, sizeof(tls_site)>;

    const CapturePrograms& programs_;
    std::map<Contents, std::uint32_t> numbers_;
    std::uint32_t last_ = 0;  // entry 0 is empty: a return with the stack of the function's beginning
    std::uint32_t last_transport_ = 0;  // without cookies
};

}  // namespace sslsniff
