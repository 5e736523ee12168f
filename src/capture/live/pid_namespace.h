#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "bpf/pid_namespace.h"

namespace sslsniff {

/// Whether sslsniff runs in the initial PID namespace (pid_namespaces(7)), as on a host, or in a container's
/// own.
bool in_initial_pid_namespace();

/// What that means for a capture, one sentence: nothing is seen of processes outside. Empty in the initial
/// one.
std::optional<std::string> pid_namespace_note();

/// Our PID namespace, for the programs (bpf/pid.bpf.h): all zero when it is the initial one. Else one small
/// program is loaded and run, which needs what capture itself needs; errors say so.
Result<pid_namespace_place> find_pid_namespace();

/// Loads and runs that program in any case: whether BPF programs work here, which lockdown, seccomp filters
/// and containers can prevent whatever the capabilities are.
Result<void> try_bpf();

/// Why processes here cannot be told apart, one sentence with what to do; empty: they can. /proc has to show
/// our own PID namespace: process ids mean nothing else to the kernel's calls and to the programs.
std::optional<std::string> proc_obstacle();

/// The same for the user namespace: capabilities in another than the initial one (rootless containers) are
/// none to BPF.
std::optional<std::string> user_namespace_obstacle();

}  // namespace sslsniff
