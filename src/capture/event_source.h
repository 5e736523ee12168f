#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/origin.h"
#include "model/event.h"

namespace sslsniff {

enum class PollStatus : std::uint8_t { more, idle, ended };

/// How full a buffer is from which events are taken, in bytes.
struct BufferUse {
    std::uint64_t waiting = 0;
    std::uint64_t size = 0;
};

/// How many entries a map of the kernel side has, and can have.
struct MapUse {
    std::string name;  ///< as in bpf/maps.bpf.h
    std::uint64_t used = 0;
    std::uint64_t size = 0;
};

/// What the process takes that holds the probes, where that is another.
struct AttacherUse {
    std::uint64_t cpu_nanoseconds = 0;  ///< user and system
    std::uint64_t resident_bytes = 0;
};

/// Where events come from: live capture, a trace, a capture file.
class EventSource {
  public:
    EventSource() = default;
    EventSource(const EventSource&) = delete;
    EventSource& operator=(const EventSource&) = delete;
    virtual ~EventSource() = default;

    /// Delivers what is there, and never waits for more. `more`: call again at once; `idle`: there is nothing
    /// now; `ended`: there will never be more. An error ends the source too; all events before it were
    /// delivered.
    virtual Result<PollStatus> poll(EventConsumer& consumer) = 0;

    /// A descriptor that becomes readable when poll() has work: what to wait for when it was idle. -1 when it
    /// never is.
    virtual int poll_fd() const { return -1; }

    /// As far as it is known: all of it when the first event was delivered.
    virtual Origin origin() const { return {}; }

    /// Nothing when there is no buffer that could run full.
    virtual std::optional<BufferUse> buffer_use() const { return std::nullopt; }

    /// Nothing when there is no such process.
    virtual std::optional<AttacherUse> attacher_use() const { return std::nullopt; }

    /// How full the kernel side's maps are. Takes time for each entry.
    virtual std::vector<MapUse> map_use() { return {}; }

    /// Stops capturing: hands over what is left, and ends every connection. poll() is idle from here on.
    virtual Result<void> pause(EventConsumer& /*consumer*/) { return fail(ErrorKind::unsupported, kCannot); }
    /// Goes on, as a capture that begins.
    virtual Result<void> resume() { return fail(ErrorKind::unsupported, kCannot); }
    static constexpr const char* kCannot = "only a live capture can be stopped and started again";

    /// What to tell people at the end, a sentence each: packets that could not be read.
    virtual std::vector<std::string> remarks() const { return {}; }
};

}  // namespace sslsniff
