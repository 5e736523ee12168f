#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/bytes.h"
#include "capture/live/call_need.h"
#include "capture/live/library_tracker.h"
#include "capture/live/live_report.h"
#include "capture/live/transport_probes.h"

namespace sslsniff {

/// The probes that tell the sockets of connections, attached only while there are such to be told: on calls
/// whose payload is seen record by record, and on transports. The kernel side asks for them.
class SocketProbes {
  public:
    /// On CLOCK_MONOTONIC.
    using Clock = std::chrono::nanoseconds;

    /// Told that probes are in place now, in a process, or in all of them (0).
    using OnAttached = std::function<void(std::uint32_t pid)>;

    SocketProbes(const CapturePrograms& programs, SiteTable& sites, const CiphertextMaps& ciphertext,
                 LibraryTracker& libraries, LiveReport& report, OnAttached on_attached)
        : programs_(programs),
          libraries_(libraries),
          report_(report),
          on_attached_(std::move(on_attached)),
          transports_(programs, sites, ciphertext),
          calls_(programs) {}

    /// Attaches the libraries that are in use now, and what tells their sockets.
    void attach_first(Clock now);
    /// The same for what came since.
    void attach_new(Clock now);

    /// Attaches what a record of the ring asks for.
    void attach_wanted(ByteView record);
    /// Detaches what was not needed for a while. Cheap.
    void look_after(Clock now);
    void detach_all();

  private:
    void on_transport_wanted(ByteView record);
    void on_calls_wanted();
    void attach_likely_transports();

    const CapturePrograms& programs_;
    LibraryTracker& libraries_;
    LiveReport& report_;
    OnAttached on_attached_;
    TransportProbes transports_;
    CallNeed calls_;
    bool stopped_ = false;
};

}  // namespace sslsniff
