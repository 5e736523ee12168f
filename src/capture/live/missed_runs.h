#pragma once

#include <cstdint>

struct bpf_link;
struct bpf_object;

namespace sslsniff {

/// How often the kernel passed over programs of `object`, because the same program (kprobes: any) was running
/// on that CPU already; of two programs for the same (X and X_again) how often both, at most. Of tracing
/// programs since Linux 5.12; 0 where it is not counted.
std::uint64_t missed_runs(const bpf_object& object);

/// How often a kprobe did not come to its program; above all, kretprobes when more calls waited than they
/// have room for. Since Linux 6.7; else 0.
std::uint64_t missed_hits(const bpf_link& link);

}  // namespace sslsniff
