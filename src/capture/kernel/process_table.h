#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "capture/kernel/kernel_side.h"
#include "model/process.h"

namespace sslsniff {

/// The processes of a capture, by pid. Those that were described by their exec but have not used TLS yet are
/// kept unseen, so that their exe is known even if they are gone when they are asked about.
class ProcessTable {
  public:
    explicit ProcessTable(KernelSide& kernel) : kernel_(kernel) {}

    /// A process uses TLS: all that is known of it.
    ProcessInfo see(ProcessInfo process);
    /// A process has a new image. True when the former one was seen.
    bool replace(const ProcessInfo& process);
    /// A process ended: all that was known of it, if it was seen.
    std::optional<ProcessInfo> remove(ProcessInfo process);

    void clear() { processes_.clear(); }

    std::size_t size() const { return processes_.size(); }

  private:
    struct Entry {
        ProcessInfo info;
        bool seen = false;
    };
    void put(Entry entry);
    KernelSide& kernel_;
    std::map<std::uint32_t, Entry> processes_;
};

}  // namespace sslsniff
