#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/state.h"
#include "capture/live/backends.h"
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

    Result<void> add_target(std::uint32_t tgid);
    bool is_target(std::uint32_t tgid) const;

    int ring_fd() const;
    int map_fd(const char* name) const;
    std::size_t ring_bytes() const { return ring_bytes_; }
    const Backends& backends() const { return backends_; }
    bpf_program* program(const char* name) const;
    /// The entry program for probes without cookies of `function`; null when it has none.
    bpf_program* entry_program(unsigned function) const;

    /// Totals so far, by enum loss.
    std::vector<loss_count> losses() const;
    /// How often the kernel passed over a program so far; some of it is only known while they are attached.
    std::uint64_t missed() const;
    /// Whether the kernel still keeps the connection, and its process (that of the handle, if it has one).
    bool has_connection(std::uint32_t pid, std::uint64_t handle, std::uint64_t generation) const;
    /// Reads and removes the state of a connection; false when there is none of that generation.
    bool take_connection(std::uint32_t pid, std::uint64_t handle, std::uint64_t generation,
                         connection& state) const;

  private:
    struct ObjectDeleter {
        void operator()(bpf_object* object) const { bpf_object__close(object); }
    };
    CapturePrograms() = default;
    void choose_programs() const;
    Result<void> set_up_maps(const LiveOptions& options);
    Result<void> fill_filters(const LiveOptions& options);

    std::unique_ptr<bpf_object, ObjectDeleter> object_;
    std::vector<Link> tracing_;
    Backends backends_;
    std::size_t ring_bytes_ = 0;
};

}  // namespace sslsniff
