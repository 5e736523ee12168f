#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/state.h"
#include "capture/event_source.h"
#include "capture/live/backends.h"
#include "capture/live/bpf_objects.h"
#include "capture/live/live_options.h"

namespace sslsniff {

struct LinkDeleter {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, LinkDeleter>;

/// The BPF programs and maps of one capture, in the kernel. Only loads and switches; attaching uprobes is
/// ProbeAttacher's.
class CapturePrograms {
  public:
    /// Fails with the end of the verifier's log when the kernel refuses the programs.
    static Result<CapturePrograms> load(const Backends& backends, const LiveOptions& options);

    /// Socket and process programs. What cannot be attached and can be done without becomes a remark.
    Result<void> attach_tracing(std::vector<std::string>& remarks);
    void detach_tracing() { tracing_.clear(); }

    /// From here on calls are captured; or no longer.
    Result<void> arm(bool armed);

    /// Asked for by pid, or a child of one.
    Result<void> add_target(std::uint32_t tgid);
    /// Found by its comm or its (real) uid.
    Result<void> add_match(std::uint32_t tgid, std::uint32_t uid);
    /// Whether the process is captured, for any reason.
    bool is_target(std::uint32_t tgid) const;
    /// All that are captured now, as far as the kernel side knows them.
    std::vector<std::uint32_t> targets() const;

    /// Tells the programs that there are probes for everybody: before these are attached, when they are to be
    /// detached, and when they are gone.
    Result<void> expect_everybody(everybody everybody);
    /// From here on only the probes of its own count for the process; false when there is no room for one
    /// more.
    bool link_process(std::uint32_t tgid) const;
    void unlink_process(std::uint32_t tgid) const;

    int ring_fd() const;
    int map_fd(const char* name) const;
    std::size_t ring_bytes() const { return ring_bytes_; }
    const Backends& backends() const { return backends_; }
    bpf_program* program(const char* name) const;

    /// Totals so far, by enum loss.
    std::vector<loss_count> losses() const;
    capture_counters counters() const;
    /// How full the maps are that can run full. Takes time for each entry.
    std::vector<MapUse> map_use() const;
    /// How often the kernel passed over a program so far; some of it is only known while they are attached.
    std::uint64_t missed() const;
    /// Whether the kernel still keeps the connection, and its process (that of the handle, if it has one).
    bool has_connection(std::uint32_t pid, std::uint64_t handle, std::uint64_t generation) const;
    /// Reads and removes the state of a connection; false when there is none of that generation.
    bool take_connection(std::uint32_t pid, std::uint64_t handle, std::uint64_t generation,
                         connection& state) const;

  private:
    CapturePrograms() = default;
    void choose_programs(const LiveOptions& options) const;
    Result<void> set_control();
    Result<void> add_process(std::uint32_t tgid, const process& state);
    Result<void> set_up_maps(const LiveOptions& options);
    Result<void> fill_filters(const LiveOptions& options);

    BpfObject object_;
    std::vector<Link> tracing_;
    Backends backends_;
    std::size_t ring_bytes_ = 0;
    capture_control control_{};  // as the kernel side has it, but for what it changes itself
};

}  // namespace sslsniff
