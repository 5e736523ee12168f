#include "capture/live/socket_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "capture/live/capabilities.h"
#include "capture/live/libbpf_log.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

constexpr const char* kPeersUnknown = "peers of some connections stay unknown";
constexpr const char* kSendersUnknown = "some peers of UDP sockets stay unknown";
constexpr const char* kReleaseUnknown = "connections of UDP sockets end when they are silent for a minute";
constexpr const char* kIpv6Missing = "UDP over IPv6 is not captured";
constexpr const char* kUnnamedMissing = "what io_uring and sendfile move is only counted";
constexpr const char* kSpliceMissing = "what sendfile and splice move goes unnoticed";

struct SocketFunction {
    const char* name;
    bool sends;
    bool cleartext;
    const char* loss;  // null: essential
};

constexpr std::array<SocketFunction, 6> kFunctions = {{{"tcp_sendmsg", true, false, nullptr},
                                                       {"tcp_recvmsg", false, false, nullptr},
                                                       {"udp_sendmsg", true, true, nullptr},
                                                       {"udp_recvmsg", false, true, nullptr},
                                                       {"udpv6_sendmsg", true, true, kIpv6Missing},
                                                       {"udpv6_recvmsg", false, true, kIpv6Missing}}};

SocketProgram by_section(std::string name, const char* loss = nullptr) {
    return {std::move(name), AttachAs::section, "", loss == nullptr, loss == nullptr ? "" : loss};
}

/// Where cgroup v2 is mounted, alone or beside v1; in a mount of our own that no path leads to where it is
/// not mounted, as in many containers (Linux 5.2).
UniqueFd open_root_cgroup() {
    for (const char* path : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
        struct statfs file_system{};
        if (statfs(path, &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC) {
            return UniqueFd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        }
    }
    const UniqueFd context(fsopen("cgroup2", FSOPEN_CLOEXEC));
    if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        return {};
    }
    const UniqueFd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    return UniqueFd(mount ? openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
}

void add_tracepoints(std::vector<SocketProgram>& out, bool cleartext) {
    if (!cleartext) {
        out.push_back(by_section("socket_sent", kPeersUnknown));
        out.push_back(by_section("socket_received", kPeersUnknown));
    } else {
        out.push_back(by_section("cleartext_sent"));
        out.push_back(by_section("cleartext_received"));
        // 6.18 does not let tasks be preempted in them; 7.2, the next one tried, does.
        if (kernel_is_at_least(6, 19)) {
            out.push_back(by_section("cleartext_sent_again"));
            out.push_back(by_section("cleartext_received_again"));
        }
        const char* obstacle = has_capability(CAP_NET_ADMIN) ? "" : "CAP_NET_ADMIN is missing";
        for (const char* name : {"cleartext_sender4", "cleartext_sender6"}) {
            out.push_back({name, AttachAs::root_cgroup, "", false, kSendersUnknown, obstacle});
        }
        out.push_back({"cleartext_released", AttachAs::root_cgroup, "", false, kReleaseUnknown, obstacle});
    }
}

void add_entries(std::vector<SocketProgram>& out, const KernelBtf& kernel) {
    for (const SocketFunction& function : kFunctions) {
        if (kernel.has_function(function.name)) {
            out.push_back(by_section(std::string("fentry_") + function.name, kUnnamedMissing));
        }
    }
}

void add_trampolines(std::vector<SocketProgram>& out, bool cleartext, const KernelBtf& kernel) {
    const auto add = [&](const char* prefix, const char* function, const char* loss) {
        if (kernel.has_function(function)) {
            out.push_back(by_section(std::string(prefix) + function, loss));
        }
    };
    for (const char* prefix : {"fexit_", "fentry_"}) {
        for (const SocketFunction& function : kFunctions) {
            if (cleartext || !function.cleartext) {
                add(prefix, function.name, function.loss);
            }
        }
    }
    if (cleartext) {
        add("fexit_", "tcp_sendpage", kSpliceMissing);
        add("fexit_", "tcp_splice_read", kSpliceMissing);
        add("fentry_", "udp_destroy_sock", kReleaseUnknown);
        add("fentry_", "udpv6_destroy_sock", kReleaseUnknown);
    }
}

void add_kprobes(std::vector<SocketProgram>& out, bool cleartext, const KernelBtf& kernel) {
    const auto add = [&](const char* program, AttachAs as, const char* function, const char* loss) {
        if (kernel.has_function(function)) {
            out.push_back({program, as, function, loss == nullptr, loss == nullptr ? "" : loss});
        }
    };
    for (const AttachAs as : {AttachAs::kretprobe, AttachAs::kprobe}) {
        const std::string prefix = as == AttachAs::kprobe ? "kprobe_" : "kretprobe_";
        for (const SocketFunction& function : kFunctions) {
            if (cleartext || !function.cleartext) {
                add((prefix + (function.sends ? "sendmsg" : "recvmsg")).c_str(), as, function.name,
                    function.loss);
            }
        }
    }
    if (cleartext) {
        add("kretprobe_sendmsg", AttachAs::kretprobe, "tcp_sendpage", kSpliceMissing);
        add("kprobe_sendpage", AttachAs::kprobe, "tcp_sendpage", kSpliceMissing);
        add("kretprobe_recvmsg", AttachAs::kretprobe, "tcp_splice_read", kSpliceMissing);
        add("kprobe_splice_read", AttachAs::kprobe, "tcp_splice_read", kSpliceMissing);
        add("kprobe_destroy_sock", AttachAs::kprobe, "udp_destroy_sock", kReleaseUnknown);
        add("kprobe_destroy_sock", AttachAs::kprobe, "udpv6_destroy_sock", kReleaseUnknown);
    }
}

}  // namespace

std::vector<SocketProgram> socket_programs(SocketBackend backend, bool cleartext, bool entries,
                                           const KernelBtf& kernel) {
    std::vector<SocketProgram> out;
    if (backend == SocketBackend::tracepoint) {
        add_tracepoints(out, cleartext);
        if (entries) {
            add_entries(out, kernel);
        }
    } else if (backend == SocketBackend::fentry) {
        add_trampolines(out, cleartext, kernel);
    } else if (backend == SocketBackend::kprobe) {
        add_kprobes(out, cleartext, kernel);
    }
    if (cleartext) {
        out.push_back(by_section("cleartext_state"));
        out.push_back(by_section("cleartext_destroyed"));
    }
    return out;
}

bpf_link* attach_socket_program(bpf_program* program, const SocketProgram& how) {
    switch (how.attach) {
        case AttachAs::kprobe:
        case AttachAs::kretprobe:
            return bpf_program__attach_kprobe(program, how.attach == AttachAs::kretprobe,
                                              how.function.c_str());
        case AttachAs::root_cgroup: {
            const UniqueFd cgroup = open_root_cgroup();
            return cgroup ? bpf_program__attach_cgroup(program, cgroup.get()) : nullptr;
        }
        case AttachAs::section:
            break;
    }
    return bpf_program__attach(program);
}

bool fentry_works(const KernelBtf& kernel) {
    const LibbpfLog log;
    const std::array<bpf_insn, 2> nothing = {{{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},  // r0 = 0
                                              {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
    bpf_prog_load_opts options{};
    options.sz = sizeof(options);
    options.expected_attach_type = BPF_TRACE_FENTRY;
    options.attach_btf_id = kernel.function_id("tcp_sendmsg");
    if (options.attach_btf_id == 0) {
        return false;
    }
    const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "sslsniff_trial", "Dual BSD/GPL",
                                         nothing.data(), nothing.size(), &options));
    return program && UniqueFd(bpf_raw_tracepoint_open(nullptr, program.get()));
}

bool kprobes_work() {
    return access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
}

}  // namespace sslsniff
