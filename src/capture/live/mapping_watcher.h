#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// An executable mapping that a process made just now, or (without a path) that it has a new image, of which
/// nothing is mapped yet.
struct NewMapping {
    std::uint32_t pid = 0;
    std::uint64_t device = 0;  ///< as the process sees it: may differ from stat's on overlayfs
    std::uint64_t inode = 0;
    std::string path;  ///< in the mount namespace of the process
};

/// Learns from the kernel's perf events of every executable mapping on the host, as it is made.
class MappingWatcher {
  public:
    static Result<MappingWatcher> start();
    MappingWatcher(MappingWatcher&&) = default;
    MappingWatcher& operator=(MappingWatcher&&) = default;

    /// Readable when there is something to take.
    const std::vector<int>& descriptors() const { return descriptors_; }

    /// What was mapped since the last call. Adds to lost() when the kernel had no room.
    std::vector<NewMapping> take();
    std::uint64_t lost() const { return lost_; }

  private:
    class Ring {
      public:
        static Result<Ring> open(int cpu);
        Ring(Ring&& other) noexcept;
        Ring& operator=(Ring&& other) noexcept;
        ~Ring();
        int descriptor() const { return fd_.get(); }
        void take(std::vector<NewMapping>& out, std::uint64_t& lost);

      private:
        Ring() = default;
        std::string copy(std::uint64_t from, std::size_t size) const;
        UniqueFd fd_;
        void* memory_ = nullptr;
    };
    MappingWatcher() = default;
    std::vector<Ring> rings_;
    std::vector<int> descriptors_;
    std::uint64_t lost_ = 0;
};

}  // namespace sslsniff
