#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/connection.h"

struct bpf_program;  // NOLINT(readability-identifier-naming): libpcap's

namespace sslsniff {

/// A pcap-filter expression (pcap-filter(7)), compiled by libpcap and applied to the endpoints of connections
/// instead of packets.
class EndpointFilter {
  public:
    /// Refuses what only single packets have: link layer, lengths, flags, other header fields.
    static Result<EndpointFilter> compile(const std::string& expression);

    EndpointFilter(EndpointFilter&&) noexcept;
    EndpointFilter& operator=(EndpointFilter&&) noexcept;
    ~EndpointFilter();

    /// True when a packet between these endpoints, in either direction, would pass. Both must be known; a
    /// transport that is not known counts as TCP.
    bool matches(const Endpoints& endpoints) const;

  private:
    struct FreeProgram {
        void operator()(bpf_program* program) const;
    };
    explicit EndpointFilter(std::unique_ptr<bpf_program, FreeProgram> program);
    bool passes(const Endpoint& source, const Endpoint& destination, bool udp) const;

    std::unique_ptr<bpf_program, FreeProgram> program_;
};

}  // namespace sslsniff
