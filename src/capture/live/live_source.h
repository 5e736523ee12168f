#pragma once

#include <memory>

#include "base/result.h"
#include "capture/event_source.h"
#include "capture/live/probes.h"
#include "capture/live/record_source.h"

namespace sslsniff {

class RingReader;

/// Live capture: Probes, and a RingReader, which makes events of what they tell. Not thread-safe.
class LiveSource final : public EventSource {
  public:
    static Result<std::unique_ptr<LiveSource>> open(std::unique_ptr<Probes> probes,
                                                    const RecordSource& records);
    ~LiveSource() override;

    /// Detaches all probes. poll() then delivers what is left and returns `ended`.
    Result<void> stop() { return probes_->stop(); }

    /// When the probes went by themselves, everything that they told is delivered before the error.
    Result<PollStatus> poll(EventConsumer& consumer) override;
    /// Becomes readable at least every 20 ms.
    int poll_fd() const override;
    Origin origin() const override;
    std::optional<BufferUse> buffer_use() const override;
    std::optional<AttacherUse> attacher_use() const override { return probes_->use(); }
    std::vector<MapUse> map_use() override { return probes_->map_use(); }
    Result<void> pause(EventConsumer& consumer) override;
    Result<void> resume() override;

  private:
    LiveSource(std::unique_ptr<Probes> probes, std::unique_ptr<RingReader> reader);
    std::unique_ptr<Probes> probes_;
    std::unique_ptr<RingReader> reader_;
    bool paused_ = false;
};

}  // namespace sslsniff
