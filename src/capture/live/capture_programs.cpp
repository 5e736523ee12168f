#include "capture/live/capture_programs.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "capture/live/bpf_objects.h"
#include "capture/live/clocks.h"
#include "capture/live/kernel_symbols.h"
#include "capture/live/libbpf_log.h"
#include "capture/live/missed_runs.h"
#include "capture/live/pid_namespace.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

constexpr std::size_t kLeastRing = 64U << 10U;
constexpr std::size_t kGreatestRing = 1U << 30U;
// The reader looks every 20 ms; it is woken before that when 1/16 of the ring waits, but not for less than
// this.
constexpr std::size_t kLeastWakeBytes = 256U << 10U;
// Greatest payload of one record, as payload_*.bpf.h can copy.
constexpr std::size_t kDynptrFragment = 4U << 20U;
constexpr std::size_t kSlicesFragment = 256U << 10U;
constexpr std::size_t kClassesFragment = 16U << 10U;
constexpr std::size_t kFollowBytes = 1U << 20U;
constexpr std::size_t kLogLines = 12;
// Of enum bpf_attach_type, newer than Debian 12's headers.
constexpr int kUprobeMulti = 48;  // BPF_TRACE_UPROBE_MULTI

BpfObjectName object_for(PayloadStrategy strategy) {
    return strategy == PayloadStrategy::user_dynptr ? BpfObjectName::capture_user_dynptr
           : strategy == PayloadStrategy::slices    ? BpfObjectName::capture_slices
                                                    : BpfObjectName::capture_classes;
}

capture_config make_config(const Backends& backends, const LiveOptions& options, std::size_t ring_bytes,
                           const pid_namespace_place& pids) {
    capture_config config{};
    config.snaplen = options.snaplen;
    config.wake_bytes =
        std::clamp(ring_bytes / 16, std::min(kLeastWakeBytes, ring_bytes / 4), ring_bytes / 4);
    const std::size_t fragment = backends.payload == PayloadStrategy::user_dynptr ? kDynptrFragment
                                 : backends.payload == PayloadStrategy::slices    ? kSlicesFragment
                                                                                  : kClassesFragment;
    config.fragment_bytes = static_cast<std::uint32_t>(std::min(fragment, ring_bytes / 4));
    config.follow_bytes = static_cast<std::uint32_t>(std::min(kFollowBytes, ring_bytes / 8));
    config.own_tgids[0] = static_cast<std::uint32_t>(getpid());
    config.own_tgids[1] = static_cast<std::uint32_t>(options.reader);
    config.everything = options.targets.everything ? 1 : 0;
    config.filter_comms = options.targets.comms.empty() ? 0 : 1;
    config.filter_uids = options.targets.uids.empty() ? 0 : 1;
    config.adds_targets = options.targets.containers.empty() && options.targets.pods.empty() ? 0 : 1;
    config.children = options.targets.children ? 1 : 0;
    config.has_preempt_kfuncs = backends.preempt_kfuncs ? 1 : 0;
    config.has_socket_cookie = backends.socket_cookies ? 1 : 0;
    config.has_ciphertext = backends.ciphertext ? 1 : 0;
    config.has_task_pt_regs = backends.task_pt_regs ? 1 : 0;
    config.undecoded = options.tls ? 1 : 0;
    config.cleartext = backends.cleartext ? 1 : 0;
    config.tells_cleartext = options.cleartext ? 1 : 0;
    config.tells_newcomers = options.tls && !options.targets.everything ? 1 : 0;
    const bool sees_pages =
        backends.cleartext && (backends.entries || backends.sockets == SocketBackend::fentry ||
                               backends.sockets == SocketBackend::kprobe);
    if (sees_pages) {
        const auto addresses = kernel_symbols({"vmemmap_base", "page_offset_base"});
        config.vmemmap_base = addresses[1] != 0 ? addresses[0] : 0;
        config.page_offset_base = addresses[1];
    }
    config.pid_namespace = pids.level > 0 ? pids.address : 0;
    config.pid_namespace_level = pids.level;
    config.has_entries = backends.entries ? 1 : 0;
    config.recvmsg_arguments = static_cast<std::uint8_t>(backends.recvmsg_arguments);
    return config;
}

constexpr std::array kProcessPrograms = {"process_forked", "process_executed", "process_exited",
                                         "socket_state_changed"};

constexpr const char* kRenameProgram = "process_renamed";  // for names alone

constexpr std::array kCleartextMaps = {"batches",          "datagram_flows", "datagram_sockets",
                                       "accepted_sockets", "arrivals",       "seen_again"};

/// No map says how many entries it has: all are read, many at a time.
std::uint64_t count_entries(const bpf_map& map) {
    constexpr std::uint32_t kBatch = 4096;
    std::vector<char> keys(std::size_t{kBatch} * bpf_map__key_size(&map));
    std::vector<char> values(std::size_t{kBatch} * bpf_map__value_size(&map));
    std::vector<char> position(std::max<std::size_t>(bpf_map__key_size(&map), sizeof(std::uint64_t)));
    std::uint64_t total = 0;
    int result = 0;
    while (result == 0 && total <= bpf_map__max_entries(&map)) {
        std::uint32_t count = kBatch;
        result = bpf_map_lookup_batch(bpf_map__fd(&map), total != 0 ? position.data() : nullptr,
                                      position.data(), keys.data(), values.data(), &count, nullptr);
        total += result == 0 || result == -ENOENT ? count : 0;
    }
    return total;
}

}  // namespace

Result<CapturePrograms> CapturePrograms::load(const Backends& backends, const LiveOptions& options) {
    const LibbpfLog log;
    CapturePrograms programs;
    programs.backends_ = backends;
    programs.object_ = open_bpf_object(object_for(backends.payload), "sslsniff");
    if (!programs.object_) {
        return fail(fmt::format("The BPF object cannot be read: {}", log.tail(kLogLines)));
    }
    programs.choose_programs(options);
    if (auto done = programs.set_up_maps(options); !done) {
        return std::unexpected(done.error());
    }
    if (const int error = bpf_object__load(programs.object_.get()); error != 0) {
        if (error == -EPERM) {
            return fail(ErrorKind::permission, kBpfNotPermitted);
        }
        return fail(ErrorKind::unsupported,
                    fmt::format("The kernel refuses the capture programs ({}); please report this:\n{}",
                                std::strerror(-error), log.tail(kLogLines)));
    }
    if (auto done = programs.fill_filters(options); !done) {
        return std::unexpected(done.error());
    }
    return programs;
}

void CapturePrograms::choose_programs(const LiveOptions& options) const {
    std::vector<std::string_view> wanted(kProcessPrograms.begin(), kProcessPrograms.end());
    for (const SocketProgram& socket_program : backends_.socket_programs) {
        if (socket_program.obstacle.empty()) {
            wanted.emplace_back(socket_program.name);
        }
    }
    wanted.emplace_back(options.targets.comms.empty() ? "" : kRenameProgram);
    if (backends_.attach_cookies) {
        wanted.insert(wanted.end(), {"tls_entry", "tls_return", "tls_record"});
        if (backends_.ciphertext) {
            wanted.insert(wanted.end(), {"transport_entry", "transport_return"});
        }
    }
    bpf_program* each = nullptr;
    while ((each = bpf_object__next_program(object_.get(), each)) != nullptr) {
        const std::string_view name = bpf_program__name(each);
        const bool tells_number = name.starts_with("entry_") || name.starts_with("transport_entry_") ||
                                  name == "tls_return_0" || name == "transport_return_0";
        const bool without_cookie = tells_number && !backends_.attach_cookies;
        bpf_program__set_autoload(each, without_cookie || std::ranges::find(wanted, name) != wanted.end());
        const bool uprobe = name.starts_with("tls_") || name.starts_with("transport_");
        if (uprobe && backends_.probes != ProbeMechanism::perf) {
            bpf_program__set_expected_attach_type(each, static_cast<bpf_attach_type>(kUprobeMulti));
        }
    }
}

Result<void> CapturePrograms::set_up_maps(const LiveOptions& options) {
    for (const char* name : kCleartextMaps) {
        if (bpf_map* map = bpf_object__find_map_by_name(object_.get(), name); map != nullptr) {
            bpf_map__set_autocreate(map, backends_.cleartext);
        }
    }
    ring_bytes_ = std::bit_ceil(std::clamp(options.ring_bytes, kLeastRing, kGreatestRing));
    const auto pids = find_pid_namespace();
    if (!pids) {
        return std::unexpected(pids.error());
    }
    const capture_config config = make_config(backends_, options, ring_bytes_, *pids);
    bpf_map* ring = bpf_object__find_map_by_name(object_.get(), "ring");
    bpf_map* rodata = bpf_object__find_map_by_name(object_.get(), ".rodata.config");
    const auto give_ring = [&] {
        return options.ring_fd >= 0 ? bpf_map__reuse_fd(ring, options.ring_fd)
                                    : bpf_map__set_max_entries(ring, static_cast<__u32>(ring_bytes_));
    };
    if (ring == nullptr || rodata == nullptr || give_ring() != 0 ||
        bpf_map__set_initial_value(rodata, &config, sizeof(config)) != 0) {
        return fail("The BPF object does not have the expected maps.");
    }
    return {};
}

Result<void> CapturePrograms::fill_filters(const LiveOptions& options) {
    const std::uint8_t present = 1;
    for (const std::string& comm : options.targets.comms) {
        std::array<char, COMM_LENGTH> key{};
        std::copy_n(comm.begin(), std::min(comm.size(), key.size() - 1), key.begin());
        if (bpf_map_update_elem(map_fd("wanted_comms"), key.data(), &present, BPF_ANY) != 0) {
            return fail("At most 256 command names can be given.");
        }
    }
    for (const uid_t uid : options.targets.uids) {
        if (bpf_map_update_elem(map_fd("wanted_uids"), &uid, &present, BPF_ANY) != 0) {
            return fail("At most 256 users can be given.");
        }
    }
    return {};
}

Result<void> CapturePrograms::attach_tracing(std::vector<std::string>& remarks) {
    const LibbpfLog log;
    for (const SocketProgram& each : backends_.socket_programs) {
        if (!each.obstacle.empty()) {
            const std::string remark = fmt::format("{}: {}.", each.obstacle, each.loss);
            if (std::ranges::find(remarks, remark) == remarks.end()) {
                remarks.push_back(remark);
            }
            continue;
        }
        tracing_.emplace_back(attach_socket_program(program(each.name.c_str()), each));
        if (tracing_.back()) {
            continue;
        }
        const std::string what = each.function.empty() ? each.name : each.name + " (" + each.function + ")";
        if (each.essential) {
            return fail(fmt::format("The program {} cannot be attached: {}", what, log.tail(kLogLines)));
        }
        remarks.push_back(fmt::format("The kernel does not let {} be attached ({}): {}.", what,
                                      std::strerror(errno), each.loss));
        tracing_.pop_back();
    }
    for (const char* name : kProcessPrograms) {
        tracing_.emplace_back(bpf_program__attach(program(name)));
        if (!tracing_.back()) {
            return fail(fmt::format("The program {} cannot be attached: {}", name, log.tail(kLogLines)));
        }
    }
    if (bpf_program* renamed = program(kRenameProgram); bpf_program__fd(renamed) >= 0) {
        tracing_.emplace_back(bpf_program__attach(renamed));
        if (!tracing_.back()) {
            remarks.push_back(
                fmt::format("The kernel does not report processes that change their name ({}): those "
                            "are captured only from their next program on.",
                            std::strerror(errno)));
            tracing_.pop_back();
        }
    }
    return {};
}

Result<void> CapturePrograms::arm(bool armed) {
    control_.armed = armed ? 1 : 0;
    if (armed) {
        control_.armed_at = static_cast<std::uint64_t>(clock_now(CLOCK_BOOTTIME).time_since_epoch().count());
    }
    return set_control();
}

Result<void> CapturePrograms::expect_everybody(everybody everybody) {
    control_.everybody = everybody;
    return set_control();
}

Result<void> CapturePrograms::set_control() {
    const std::uint32_t key = 0;
    if (bpf_map_update_elem(map_fd(".bss"), &key, &control_, BPF_ANY) != 0) {
        return fail(fmt::format("The capture programs cannot be switched: {}", std::strerror(errno)));
    }
    return {};
}

Result<void> CapturePrograms::add_target(std::uint32_t tgid) {
    process state{};
    state.verdict = VERDICT_TARGET;
    return add_process(tgid, state);
}

Result<void> CapturePrograms::add_match(std::uint32_t tgid, std::uint32_t uid) {
    process state{};
    state.verdict = VERDICT_MATCHED;
    state.uid = uid;
    return add_process(tgid, state);
}

Result<void> CapturePrograms::add_process(std::uint32_t tgid, const process& state) {
    if (bpf_map_update_elem(map_fd("processes"), &tgid, &state, BPF_ANY) != 0) {
        return fail("Too many processes to trace: use -a, -c or -u instead of single processes.");
    }
    return {};
}

bool CapturePrograms::is_target(std::uint32_t tgid) const {
    process state{};
    return bpf_map_lookup_elem(map_fd("processes"), &tgid, &state) == 0 && state.verdict >= VERDICT_MATCHED;
}

std::vector<std::uint32_t> CapturePrograms::targets() const {
    const int fd = map_fd("processes");
    std::vector<std::uint32_t> found;
    std::uint32_t tgid = 0;
    // A key that is removed meanwhile makes the walk begin again: it is bounded, and what is there twice is
    // not kept.
    std::size_t steps = 2 * MAX_PROCESSES;
    for (const void* previous = nullptr; steps > 0 && bpf_map_get_next_key(fd, previous, &tgid) == 0;
         steps--) {
        previous = &tgid;
        if (is_target(tgid)) {
            found.push_back(tgid);
        }
    }
    std::ranges::sort(found);
    const auto repeated = std::ranges::unique(found);
    found.erase(repeated.begin(), repeated.end());
    return found;
}

bool CapturePrograms::link_process(std::uint32_t tgid) const {
    const std::uint8_t present = 1;
    return bpf_map_update_elem(map_fd("linked_processes"), &tgid, &present, BPF_ANY) == 0;
}

void CapturePrograms::unlink_process(std::uint32_t tgid) const {
    bpf_map_delete_elem(map_fd("linked_processes"), &tgid);
}

int CapturePrograms::map_fd(const char* name) const {
    return bpf_object__find_map_fd_by_name(object_.get(), name);
}

int CapturePrograms::ring_fd() const {
    return map_fd("ring");
}

bpf_program* CapturePrograms::program(const char* name) const {
    return bpf_object__find_program_by_name(object_.get(), name);
}

std::vector<loss_count> CapturePrograms::losses() const {
    std::vector<loss_count> totals(LOSS_COUNT);
    std::vector<loss_count> each(static_cast<std::size_t>(std::max(libbpf_num_possible_cpus(), 1)));
    for (std::uint32_t cause = 0; cause < LOSS_COUNT; cause++) {
        if (bpf_map_lookup_elem(map_fd("losses"), &cause, each.data()) != 0) {
            continue;
        }
        for (const loss_count& cpu : each) {
            totals[cause].events += cpu.events;
            totals[cause].bytes += cpu.bytes;
        }
    }
    return totals;
}

capture_counters CapturePrograms::counters() const {
    capture_counters counters{};
    const std::uint32_t key = 0;
    const bool found = bpf_map_lookup_elem(map_fd(".data.counters"), &key, &counters) == 0;
    return found ? counters : capture_counters{};
}

std::vector<MapUse> CapturePrograms::map_use() const {
    std::vector<MapUse> all;
    bpf_map* map = nullptr;
    while ((map = bpf_object__next_map(object_.get(), map)) != nullptr) {
        const auto type = bpf_map__type(map);
        if ((type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH) && bpf_map__fd(map) >= 0) {
            all.push_back({bpf_map__name(map), count_entries(*map), bpf_map__max_entries(map)});
        }
    }
    return all;
}

std::uint64_t CapturePrograms::missed() const {
    std::uint64_t missed = missed_runs(*object_);
    for (const Link& link : tracing_) {
        missed += missed_hits(*link);
    }
    return missed;
}

bool CapturePrograms::has_connection(std::uint32_t pid, std::uint64_t handle,
                                     std::uint64_t generation) const {
    const bool is_socket = (handle & SOCKET_HANDLE) != 0;
    const connection_key key = {handle, is_socket ? 0 : pid, 0};
    connection state{};
    process owner{};
    return bpf_map_lookup_elem(map_fd("connections"), &key, &state) == 0 && state.generation == generation &&
           (state.flags & CONNECTION_CLOSED) == 0 &&
           bpf_map_lookup_elem(map_fd("processes"), &pid, &owner) == 0;
}

bool CapturePrograms::take_connection(std::uint32_t pid, std::uint64_t handle, std::uint64_t generation,
                                      connection& state) const {
    const connection_key key = {handle, (handle & SOCKET_HANDLE) != 0 ? 0 : pid, 0};
    const int fd = map_fd("connections");
    if (bpf_map_lookup_elem(fd, &key, &state) != 0 || state.generation != generation) {
        return false;
    }
    bpf_map_delete_elem(fd, &key);
    return true;
}

}  // namespace sslsniff
