#include "capture/live/backends.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <iterator>

#include "capture/live/capabilities.h"
#include "capture/live/pid_namespace.h"
#include "capture/live/preflight.h"
#include "model/names.h"

namespace sslsniff {

namespace {

constexpr Names<PayloadStrategy, 4> kPayloadNames = {{{PayloadStrategy::automatic, "automatic"},
                                                      {PayloadStrategy::user_dynptr, "user dynptr"},
                                                      {PayloadStrategy::slices, "dynptr slices"},
                                                      {PayloadStrategy::classes, "size classes"}}};
constexpr Names<ProbeMechanism, 3> kProbeNames = {{{ProbeMechanism::automatic, "automatic"},
                                                   {ProbeMechanism::multi, "uprobe-multi"},
                                                   {ProbeMechanism::perf, "perf uprobe"}}};
constexpr Names<SocketBackend, 5> kSocketNames = {{{SocketBackend::automatic, "automatic"},
                                                   {SocketBackend::tracepoint, "tracepoint"},
                                                   {SocketBackend::fentry, "fentry"},
                                                   {SocketBackend::kprobe, "kprobe"},
                                                   {SocketBackend::none, "none"}}};

bool has_user_dynptr(const KernelBtf& kernel) {
    return kernel.has_kfunc("bpf_probe_read_user_dynptr");
}

bool has_slices(const KernelBtf& kernel) {
    return kernel.has_helper("BPF_FUNC_ringbuf_reserve_dynptr") && kernel.has_helper("BPF_FUNC_loop");
}

bool has_multi(const KernelBtf& kernel) {
    return kernel.has_enumerator("bpf_attach_type", "BPF_TRACE_UPROBE_MULTI");
}

bool has_socket_tracepoints(const KernelBtf& kernel) {
    return kernel.has_tracepoint("sock_send_length") && kernel.has_tracepoint("sock_recv_length");
}

template <class Choice>
Result<Choice> choose(Choice wanted, std::initializer_list<std::pair<Choice, bool>> offers) {
    for (const auto& [choice, present] : offers) {
        if (present && (wanted == Choice::automatic || wanted == choice)) {
            return choice;
        }
    }
    return fail(ErrorKind::unsupported,
                fmt::format("This kernel does not have what \"{}\" needs; leave the choice to sslsniff.",
                            to_string(wanted)));
}

std::string cleartext_source(const Backends& backends) {
    if (!backends.cleartext) {
        return "not captured";
    }
    return std::string(to_string(backends.sockets)) +
           (backends.entries ? ", fentry for io_uring and sendfile" : "");
}

}  // namespace

std::string_view to_string(PayloadStrategy strategy) {
    return name_of(kPayloadNames, strategy);
}
std::string_view to_string(ProbeMechanism mechanism) {
    return name_of(kProbeNames, mechanism);
}
std::string_view to_string(SocketBackend backend) {
    return name_of(kSocketNames, backend);
}

Result<Backends> choose_backends(const KernelBtf& kernel, const LiveOptions& options) {
    Backends backends;
    backends.attach_cookies = kernel.has_enumerator("bpf_attach_type", "BPF_PERF_EVENT");
    // Before 6.15 the verifier refuses calls of global functions, which the programs make, while preemption
    // is off. Up to 6.12 nothing is shared between programs that preempt each other either.
    backends.preempt_kfuncs = kernel.has_kfunc("bpf_preempt_disable") && kernel_is_at_least(6, 15);
    backends.task_pt_regs = kernel.has_helper("BPF_FUNC_task_pt_regs");

    const auto payload =
        choose<PayloadStrategy>(options.payload, {{PayloadStrategy::user_dynptr, has_user_dynptr(kernel)},
                                                  {PayloadStrategy::slices, has_slices(kernel)},
                                                  {PayloadStrategy::classes, true}});
    const auto probes = choose<ProbeMechanism>(
        options.probes, {{ProbeMechanism::multi, has_multi(kernel)}, {ProbeMechanism::perf, true}});
    const bool fentry = options.sockets != SocketBackend::tracepoint && fentry_works(kernel);
    const bool tracepoints = has_socket_tracepoints(kernel) && backends.task_pt_regs;
    const auto sockets = choose<SocketBackend>(options.sockets, {{SocketBackend::tracepoint, tracepoints},
                                                                 {SocketBackend::fentry, fentry},
                                                                 {SocketBackend::kprobe, kprobes_work()},
                                                                 {SocketBackend::none, true}});
    if (!payload || !probes || !sockets) {
        return std::unexpected(!payload ? payload.error() : !probes ? probes.error() : sockets.error());
    }
    backends.payload = *payload;
    backends.probes = *probes;
    backends.sockets = *sockets;
    backends.ciphertext = *sockets != SocketBackend::none;
    backends.cleartext = (options.cleartext || options.tls) && *sockets != SocketBackend::none &&
                         kernel.has_tracepoint("tcp_destroy_sock");
    // To kprobes a socket is nothing but an address.
    backends.socket_cookies = *sockets != SocketBackend::kprobe && kernel_is_at_least(5, 12);
    backends.recvmsg_arguments = kernel.arguments_of("tcp_recvmsg");
    backends.entries =
        options.cleartext && backends.cleartext && *sockets == SocketBackend::tracepoint && fentry;
    backends.socket_programs = socket_programs(*sockets, backends.cleartext, backends.entries, kernel);
    return backends;
}

KernelFeatures examine_kernel() {
    KernelFeatures out;
    utsname name{};
    uname(&name);
    out.release = name.release;
    out.architecture = name.machine;
    for (const MissingCapability& missing : missing_capabilities()) {
        out.missing_capabilities.push_back(missing.name);
        out.notes.push_back(fmt::format("Without {}, {}.", missing.name, missing.cost));
    }
    std::ranges::transform(obstacles(), std::back_inserter(out.obstacles), &Error::message);
    if (out.obstacles.empty()) {
        if (const auto trial = try_bpf(); !trial) {
            out.obstacles.push_back(trial.error().message);
        }
    }
    if (const auto note = pid_namespace_note()) {
        out.notes.push_back(*note);
    }
    const auto kernel = KernelBtf::load();
    if (!kernel) {
        out.obstacles.push_back(kernel.error().message);
        return out;
    }
    out.btf = true;
    out.features = {
        {"kfunc bpf_probe_read_user_dynptr", has_user_dynptr(*kernel), "payload: one record of exact size"},
        {"helper bpf_ringbuf_reserve_dynptr", has_slices(*kernel), "payload: records of exact size"},
        {"uprobe-multi", has_multi(*kernel), "one link for all probes of a file; quick to detach"},
        {"attach cookies", kernel->has_enumerator("bpf_attach_type", "BPF_PERF_EVENT"), "one entry program"},
        {"tracepoints sock_send_length and sock_recv_length", has_socket_tracepoints(*kernel), "sockets"},
        {"fentry on kernel functions", fentry_works(*kernel),
         "sockets; io_uring, sendfile and splice in cleartext"},
        {"kprobes", kprobes_work(), "sockets"},
        {"helper bpf_task_pt_regs", kernel->has_helper("BPF_FUNC_task_pt_regs"), "TLS versions and names"},
        {"kfunc bpf_preempt_disable", kernel->has_kfunc("bpf_preempt_disable"), "programs are not preempted"},
    };
    if (const auto backends = choose_backends(*kernel, {})) {
        out.captures_io_uring =
            backends->cleartext && (backends->sockets != SocketBackend::tracepoint || backends->entries);
        out.backends = {
            {"payload", std::string(to_string(backends->payload)),
             "the first of the above that this kernel has"},
            {"uprobes", std::string(to_string(backends->probes)), ""},
            {"socket events", std::string(to_string(backends->sockets)), ""},
            {"sockets behind memory BIOs", backends->ciphertext ? "equal ciphertext" : "none",
             backends->ciphertext ? "for programs like python asyncio and node" : ""},
            {"cleartext", cleartext_source(*backends),
             backends->cleartext && !out.captures_io_uring
                 ? "what io_uring, sendfile and splice move is only counted"
                 : ""},
        };
    }
    return out;
}

}  // namespace sslsniff
