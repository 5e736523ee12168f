#include "capture/live/left_connections.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <map>
#include <optional>
#include <vector>

namespace sslsniff {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{250};
constexpr std::uint32_t kBatch = 2048;        // entries of one system call: 300 KiB
constexpr unsigned kGenerationTimeShift = 8;  // new_generation() in bpf/connection.bpf.h

/// Since when the processes are what they are.
class ProcessAges {
  public:
    explicit ProcessAges(int map) : map_(map) {}

    bool is_gone(const connection_key& key, const connection& state) {
        const auto [known, is_new] = since_.try_emplace(key.tgid);
        process found{};
        if (is_new && bpf_map_lookup_elem(map_, &key.tgid, &found) == 0) {
            known->second = found.since;
        }
        if (!known->second) {
            return true;
        }
        // Generations wrap after two years; targets that were there before us have the age 0.
        const std::uint64_t first = *known->second << kGenerationTimeShift;
        return first != 0 && static_cast<std::int64_t>(state.generation - first) < 0;
    }

  private:
    int map_;
    std::map<std::uint32_t, std::optional<std::uint64_t>> since_;
};

bool is_left(const connection_key& key, const connection& state, ProcessAges& ages) {
    const bool is_known = (state.flags & CONNECTION_OPENED) != 0 && (state.flags & CONNECTION_CLOSED) == 0;
    const bool is_made = state.generation != 0;  // it is set just behind the making
    return (key.handle & SOCKET_HANDLE) == 0 && is_made && !is_known && ages.is_gone(key, state);
}

std::vector<connection_key> find_left(int connections, int processes) {
    std::vector<connection_key> left;
    std::vector<connection_key> keys(kBatch);
    std::vector<connection> states(kBatch);
    ProcessAges ages(processes);
    std::uint32_t position = 0;  // a bucket of the hash
    bool more = true;
    for (bool first = true; more; first = false) {
        std::uint32_t count = kBatch;
        const int result = bpf_map_lookup_batch(connections, first ? nullptr : &position, &position,
                                                keys.data(), states.data(), &count, nullptr);
        if (result != 0 && errno != ENOENT) {
            break;  // what was not seen is looked at when the next process leaves something
        }
        more = result == 0;  // ENOENT: these were the last ones
        for (std::uint32_t i = 0; i < count; i++) {
            if (is_left(keys[i], states[i], ages)) {
                left.push_back(keys[i]);
            }
        }
    }
    return left;
}

}  // namespace

void LeftConnections::sweep() {
    const auto now = Clock::now();
    if (now < next_) {
        return;
    }
    next_ = now + kInterval;
    const std::uint64_t left_behind = programs_.counters().left_behind;
    if (left_behind == swept_) {
        return;
    }
    swept_ = left_behind;
    const int map = programs_.map_fd("connections");
    const std::vector<connection_key> left = find_left(map, programs_.map_fd("processes"));
    // One that is gone meanwhile ends the batch: the others are done one by one then.
    auto done = static_cast<std::uint32_t>(left.size());
    if (done > 0 && bpf_map_delete_batch(map, left.data(), &done, nullptr) != 0) {
        for (const connection_key& key : left) {
            bpf_map_delete_elem(map, &key);
        }
    }
}

}  // namespace sslsniff
