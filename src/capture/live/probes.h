#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/kernel/kernel_side.h"
#include "capture/live/record_source.h"

namespace sslsniff {

/// The probes of a capture, for whoever reads what they tell: the Attacher itself, or what stands for it
/// where that is another process.
class Probes : public KernelSide {
  public:
    /// Readable when attend() has work.
    virtual std::vector<int> descriptors() const = 0;
    /// Attaches what came since the last call. To be called before records are read.
    virtual void attend() = 0;
    /// Removes what is needed no longer. Cheap.
    virtual void look_after() = 0;
    /// Detaches everything. Records that are in the ring already can still be read.
    virtual Result<void> stop() = 0;
    /// Nothing new will come, after stop() or a failure().
    virtual bool has_stopped() const = 0;
    /// As of EventSource.
    virtual std::optional<AttacherUse> use() const { return std::nullopt; }
    /// How full the kernel side's maps are. Takes time.
    virtual std::vector<MapUse> map_use() { return {}; }
    /// Attaches again after stop(), as a capture that begins: records come in the same ring.
    virtual Result<RecordSource> restart() {
        return fail(ErrorKind::unsupported, "these probes cannot be attached again");
    }
    /// Why the probes went although nobody had asked for that.
    virtual std::optional<Error> failure() const { return std::nullopt; }
};

}  // namespace sslsniff
