#include "capture/kernel/process_table.h"

#include <utility>

namespace sslsniff {

namespace {

// More than the kernel side keeps: an entry beyond has lost its exit.
constexpr std::size_t kMaxProcesses = 65536;

void complete(ProcessInfo& process, const ProcessInfo& known) {
    process.exe = known.exe;
    process.container_id = known.container_id;
    process.container = known.container;
}

}  // namespace

ProcessInfo ProcessTable::see(ProcessInfo process) {
    const auto known = processes_.find(process.key.pid);
    bool described = false;
    if (known != processes_.end() && known->second.info.key == process.key) {
        complete(process, known->second.info);
        described = known->second.seen;
    }
    // What a runtime calls a container that has just been made may be known a little later.
    if (!described || (!process.container_id.empty() && process.container.runtime.empty())) {
        kernel_.describe_process(process);
    }
    put({process, true});
    return process;
}

bool ProcessTable::replace(const ProcessInfo& process) {
    const auto known = processes_.find(process.key.pid);
    const bool seen =
        known != processes_.end() && known->second.seen && known->second.info.key == process.key;
    put({process, false});
    return seen;
}

std::optional<ProcessInfo> ProcessTable::remove(ProcessInfo process) {
    const auto known = processes_.find(process.key.pid);
    if (known == processes_.end()) {
        return std::nullopt;
    }
    const Entry entry = std::move(known->second);
    processes_.erase(known);
    if (!entry.seen) {
        return std::nullopt;
    }
    if (entry.info.key == process.key) {
        complete(process, entry.info);
    }
    return process;
}

void ProcessTable::put(Entry entry) {
    if (processes_.size() >= kMaxProcesses && !processes_.contains(entry.info.key.pid)) {
        processes_.erase(processes_.begin());
    }
    processes_[entry.info.key.pid] = std::move(entry);
}

}  // namespace sslsniff
