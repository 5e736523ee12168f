#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "capture/containers/container_targets.h"
#include "capture/live/capture_programs.h"
#include "capture/live/ciphertext_maps.h"
#include "capture/live/left_connections.h"
#include "capture/live/library_tracker.h"
#include "capture/live/live_options.h"
#include "capture/live/live_report.h"
#include "capture/live/probes.h"
#include "capture/live/record_source.h"
#include "capture/live/socket_probes.h"

namespace sslsniff {

/// Loads the programs, attaches the probes, and looks after both until the capture ends. Reads no traffic:
/// that is the RingReader's. Needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE (or root). Everything attached is
/// owned by descriptors: when the process ends, however it ends, the kernel detaches it. Not thread-safe.
class Attacher final : public Probes {
  public:
    /// Loads and attaches; records flow from the moment this returns. Errors: what is missing on this host, a
    /// target that does not exist, or a kernel that refuses the programs (with the end of the verifier's
    /// log).
    static Result<std::unique_ptr<Attacher>> start(const LiveOptions& options);

    const LiveReport& report() const { return report_; }
    std::vector<pid_t> captured() const;
    /// Its descriptor stays ours.
    RecordSource records() const;

    std::vector<int> descriptors() const override { return libraries_.descriptors(); }
    void attend() override;
    void look_after() override;
    Result<void> stop() override;
    bool has_stopped() const override { return stopped_; }
    std::vector<MapUse> map_use() override { return programs_.map_use(); }

    std::vector<KernelNews> take_news() override;
    void attach_wanted(ByteView record) override { socket_probes_.attach_wanted(record); }
    std::vector<KernelLoss> losses() override;
    std::optional<StreamEnds> take_ends(const ConnectionId& id, std::uint64_t generation) override;
    bool has_connection(const ConnectionId& id, std::uint64_t generation) override;
    void mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) override;
    void release_socket(std::uint64_t socket_cookie) override;
    void leave_socket(std::uint64_t socket_cookie) override;
    void describe_process(ProcessInfo& process) override;
    bool shows_sockets_by_payload(std::uint32_t pid) override;
    UncoveredTls describe_uncovered(std::uint32_t pid) override;

  private:
    Attacher(const LiveOptions& options, CapturePrograms programs);
    Result<void> set_up();
    Result<void> add_targets();
    Result<void> add_matches();
    Result<void> add_of_containers();
    void follow_containers();
    void read_missed();

    LiveOptions options_;
    CapturePrograms programs_;
    LiveReport report_;
    ContainerRegistry containers_;
    ContainerTargets wanted_containers_{options_.targets.containers, options_.targets.pods, containers_};
    std::vector<KernelNews> news_;
    SiteTable sites_;
    LibraryTracker libraries_;
    CiphertextMaps ciphertext_;
    SocketProbes socket_probes_;
    LeftConnections left_connections_;
    std::uint64_t missed_ = 0;  ///< runs of programs that the kernel passed over
    std::chrono::nanoseconds next_missed_{};
    bool stopped_ = false;
};

}  // namespace sslsniff
