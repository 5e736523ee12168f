#include "capture/live/ciphertext_maps.h"

#include <bpf/bpf.h>

namespace sslsniff {

CiphertextMaps::CiphertextMaps(const CapturePrograms& programs)
    : processes_(programs.map_fd("detached_processes")),
      sockets_(programs.map_fd("sampled_sockets")),
      bound_(programs.map_fd("ciphertext_bound")) {}

void CiphertextMaps::mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) const {
    const std::uint8_t present = 1;
    bpf_map_update_elem(bound_, &generation, &present, BPF_ANY);
    leave_socket(socket_cookie);
}

void CiphertextMaps::leave_socket(std::uint64_t socket_cookie) const {
    const sampled_socket enough = {0, UINT32_MAX, UINT32_MAX};
    bpf_map_update_elem(sockets_, &socket_cookie, &enough, BPF_ANY);
}

void CiphertextMaps::release_socket(std::uint64_t socket_cookie) const {
    bpf_map_delete_elem(sockets_, &socket_cookie);
}

std::optional<CiphertextMaps::Need> CiphertextMaps::need(std::uint32_t tgid) const {
    detached_process state{};
    if (bpf_map_lookup_elem(processes_, &tgid, &state) != 0) {
        return std::nullopt;
    }
    return Need{std::chrono::nanoseconds(state.needed), state.early != 0};
}

void CiphertextMaps::mark_early(std::uint32_t tgid) const {
    detached_process state{};
    state.attached = 1;
    state.early = 1;
    bpf_map_update_elem(processes_, &tgid, &state, BPF_NOEXIST);
}

void CiphertextMaps::mark_attached(std::uint32_t tgid) const {
    detached_process state{};
    if (bpf_map_lookup_elem(processes_, &tgid, &state) == 0) {
        state.attached = 1;
        bpf_map_update_elem(processes_, &tgid, &state, BPF_EXIST);
    }
}

void CiphertextMaps::forget_process(std::uint32_t tgid) const {
    bpf_map_delete_elem(processes_, &tgid);
}

}  // namespace sslsniff
