#include "diagnosis/traffic_watch.h"

#include <chrono>
#include <utility>

#include "engine/capture_options.h"
#include "engine/live_session.h"
#include "engine/run_loop.h"
#include "engine/signals.h"
#include "engine/targets.h"

namespace sslsniff {
namespace {

class TallyOutput final : public CaptureOutput {
  public:
    TrafficTally& consumer() override { return tally_; }
    bool flush() override { return true; }
    bool is_done() const override { return false; }

  private:
    TrafficTally tally_;
};

}  // namespace

Result<WatchedTraffic> watch_traffic(const std::vector<pid_t>& pids, Duration duration, Notices& notices) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    CaptureOptions options;
    options.pids = pids;
    auto watched = watch_processes(options);
    if (!watched) {
        return std::unexpected(watched.error());
    }
    auto session = [&options] {
        const Signals::Interruptible interruptible;
        return LiveSession::open(options, std::nullopt);
    }();
    if (!session) {
        return std::unexpected(session.error());
    }
    TallyOutput output;
    StopConditions conditions;
    conditions.duration = duration;
    conditions.processes = *std::move(watched);
    const auto started = std::chrono::steady_clock::now();
    Supervisor supervisor(notices, &*signals);
    supervisor.start(std::move(conditions));
    if (auto reason = run_loop((*session)->source(), output, supervisor, notices); !reason) {
        return std::unexpected(reason.error());
    }
    const auto watched_for = std::chrono::steady_clock::now() - started;
    if (auto stopped = (*session)->stop(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (auto drained = drain((*session)->source(), output); !drained) {
        return std::unexpected(drained.error());
    }
    const TrafficTally& tally = output.consumer();
    return WatchedTraffic{std::chrono::duration_cast<Duration>(watched_for), tally.result(),
                          tally.lost_events()};
}

}  // namespace sslsniff
