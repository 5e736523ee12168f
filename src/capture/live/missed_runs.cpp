#include "capture/live/missed_runs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <string>

namespace sslsniff {
namespace {

/// The beginning of struct bpf_link_info as of Linux 6.7, for a kprobe: newer than Debian 12's headers.
struct KprobeLinkInfo {
    std::uint32_t type;
    std::uint32_t id;
    std::uint32_t program;
    std::uint32_t padding;
    std::uint32_t event_type;
    std::uint32_t reserved;
    std::uint64_t function_name;
    std::uint32_t function_name_length;
    std::uint32_t offset;
    std::uint64_t address;
    std::uint64_t missed;
};
constexpr std::uint32_t kPerfEventLink = 7;  // BPF_LINK_TYPE_PERF_EVENT
constexpr std::uint32_t kKprobe = 3;         // BPF_PERF_EVENT_KPROBE
constexpr std::uint32_t kKretprobe = 4;      // BPF_PERF_EVENT_KRETPROBE

/// 0 for programs that are not loaded.
std::uint64_t times_passed_over(const bpf_program& program) {
    bpf_prog_info info{};
    __u32 length = sizeof(info);
    const int descriptor = bpf_program__fd(&program);
    return descriptor >= 0 && bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 ? info.recursion_misses
                                                                                      : 0;
}

/// How often a second program did the work of a first one.
std::uint64_t times_seen_again(const bpf_object& object) {
    std::uint64_t count = 0;
    const std::uint32_t first = 0;
    const int map = bpf_object__find_map_fd_by_name(&object, "seen_again");
    return map >= 0 && bpf_map_lookup_elem(map, &first, &count) == 0 ? count : 0;
}

}  // namespace

std::uint64_t missed_runs(const bpf_object& object) {
    std::uint64_t missed = 0;
    std::uint64_t missed_by_first = 0;
    std::uint64_t missed_by_second = 0;
    bpf_program* each = nullptr;
    while ((each = bpf_object__next_program(&object, each)) != nullptr) {
        const std::string name = bpf_program__name(each);
        const bpf_program* second = bpf_object__find_program_by_name(&object, (name + "_again").c_str());
        const bool has_second = second != nullptr && bpf_program__fd(second) >= 0;
        std::uint64_t& sum = name.ends_with("_again") ? missed_by_second
                             : has_second             ? missed_by_first
                                                      : missed;
        sum += times_passed_over(*each);
    }
    // Read last: a program is passed over before the second one does its work.
    const std::uint64_t seen_again = std::min(times_seen_again(object), missed_by_first);
    // What is lost was missed by both; the first may have missed calls that concern nobody, the second such
    // as the first has seen.
    return missed + std::min(missed_by_first - seen_again, missed_by_second);
}

std::uint64_t missed_hits(const bpf_link& link) {
    KprobeLinkInfo info{};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_link__fd(&link), &info, &length) != 0 || info.type != kPerfEventLink) {
        return 0;
    }
    return info.event_type == kKprobe || info.event_type == kKretprobe ? info.missed : 0;
}

}  // namespace sslsniff
