#include "capture/live/missed_runs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <string_view>

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

}  // namespace

std::uint64_t missed_runs(const bpf_object& object) {
    std::uint64_t missed = 0;
    bpf_program* each = nullptr;
    while ((each = bpf_object__next_program(&object, each)) != nullptr) {
        if (std::string_view(bpf_program__name(each)).ends_with("_again")) {
            continue;
        }
        bpf_prog_info info{};
        __u32 length = sizeof(info);
        const int descriptor = bpf_program__fd(each);  // of those that are loaded
        if (descriptor >= 0 && bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0) {
            missed += info.recursion_misses;
        }
    }
    // Read last: a program is passed over before the second one does its work.
    std::uint64_t seen_again = 0;
    const std::uint32_t first = 0;
    const int map = bpf_object__find_map_fd_by_name(&object, "seen_again");
    if (map >= 0) {
        bpf_map_lookup_elem(map, &first, &seen_again);
    }
    return missed - std::min(missed, seen_again);
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
