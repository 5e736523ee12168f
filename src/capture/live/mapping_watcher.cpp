#include "capture/live/mapping_watcher.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sslsniff {

namespace {

constexpr std::size_t kPages = 32;  // a power of two: 128 KiB for each CPU

std::size_t page_size() {
    return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}
std::size_t mapped_size() {
    return (kPages + 1) * page_size();
}

/// PERF_RECORD_MMAP2 without sample_id, up to the file name (perf_event_open(2)).
struct Mmap2Record {
    perf_event_header header;
    std::uint32_t pid, tid;
    std::uint64_t address, length, page_offset;
    std::uint32_t major, minor;
    std::uint64_t inode, inode_generation;
    std::uint32_t protection, flags;
};

/// PERF_RECORD_COMM, as far as it is needed.
struct CommRecord {
    perf_event_header header;
    std::uint32_t pid, tid;
};

struct LostRecord {
    perf_event_header header;
    std::uint64_t id, lost;
};

template <class T>
bool read_record(const std::string& record, T& out) {
    if (record.size() < sizeof(T)) {
        return false;
    }
    std::memcpy(&out, record.data(), sizeof(T));
    return true;
}

/// Processes outside of our PID namespace have the number 0, those that have ended -1.
bool is_process(std::uint32_t pid) {
    return pid != 0 && pid != UINT32_MAX;
}

void interpret(const std::string& record, std::vector<NewMapping>& out, std::uint64_t& lost) {
    perf_event_header header{};
    read_record(record, header);
    Mmap2Record mapping{};
    LostRecord missed{};
    if (header.type == PERF_RECORD_LOST && read_record(record, missed)) {
        lost += missed.lost;
    }
    CommRecord renamed{};
    if (header.type == PERF_RECORD_COMM && (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0 &&
        read_record(record, renamed) && is_process(renamed.pid)) {
        NewMapping image;
        image.pid = renamed.pid;
        out.push_back(std::move(image));
    }
    if (header.type != PERF_RECORD_MMAP2 || !read_record(record, mapping) ||
        (mapping.protection & PROT_EXEC) == 0) {
        return;
    }
    NewMapping found;
    found.pid = mapping.pid;
    found.device = makedev(mapping.major, mapping.minor);
    found.inode = mapping.inode;
    found.path = record.substr(sizeof(Mmap2Record));
    found.path.resize(strnlen(found.path.c_str(), found.path.size()));
    if (is_process(found.pid) && found.path.starts_with('/') && found.inode != 0) {
        out.push_back(std::move(found));
    }
}

}  // namespace

Result<MappingWatcher::Ring> MappingWatcher::Ring::open(int cpu) {
    perf_event_attr attributes{};
    attributes.size = sizeof(attributes);
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_DUMMY;
    attributes.mmap = 1;  // executable mappings only, as mmap_data is 0
    attributes.mmap2 = 1;
    attributes.comm = 1;  // each exec, too
    attributes.comm_exec = 1;
    // At once: wakeup_events counts samples only, records of mappings wake by the watermark.
    attributes.watermark = 1;
    attributes.wakeup_watermark = 1;
    Ring ring;
    ring.fd_ = UniqueFd(
        static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!ring.fd_) {
        return fail(
            fmt::format("New libraries cannot be watched for ({}): programs started later are captured "
                        "only if they use a library that is attached already (sslsniff doctor says what it "
                        "takes).",
                        std::strerror(errno)));
    }
    void* memory = mmap(nullptr, mapped_size(), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd_.get(), 0);
    if (memory == MAP_FAILED) {
        return fail(
            fmt::format("The buffer for watching new libraries cannot be mapped: {}", std::strerror(errno)));
    }
    ring.memory_ = memory;
    return ring;
}

MappingWatcher::Ring::Ring(Ring&& other) noexcept
    : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, nullptr)) {}

MappingWatcher::Ring& MappingWatcher::Ring::operator=(Ring&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(memory_, other.memory_);
    return *this;
}

MappingWatcher::Ring::~Ring() {
    if (memory_ != nullptr) {
        munmap(memory_, mapped_size());
    }
}

std::string MappingWatcher::Ring::copy(std::uint64_t from, std::size_t size) const {
    const char* data = static_cast<const char*>(memory_) + page_size();
    const std::size_t capacity = kPages * page_size();
    const std::size_t offset = from % capacity;
    const std::size_t first = std::min(size, capacity - offset);
    std::string out(data + offset, first);
    out.append(data, size - first);
    return out;
}

void MappingWatcher::Ring::take(std::vector<NewMapping>& out, std::uint64_t& lost) {
    auto* page = static_cast<perf_event_mmap_page*>(memory_);
    const std::uint64_t head = std::atomic_ref(page->data_head).load(std::memory_order_acquire);
    std::uint64_t tail = page->data_tail;
    while (tail < head) {
        perf_event_header header{};
        read_record(copy(tail, sizeof(header)), header);
        if (header.size < sizeof(header)) {
            tail = head;
            break;
        }
        interpret(copy(tail, header.size), out, lost);
        tail += header.size;
    }
    std::atomic_ref(page->data_tail).store(tail, std::memory_order_release);
}

Result<MappingWatcher> MappingWatcher::start() {
    MappingWatcher watcher;
    const int cpus = libbpf_num_possible_cpus();
    for (int cpu = 0; cpu < cpus; cpu++) {
        auto ring = Ring::open(cpu);
        if (!ring && cpu > 0) {
            continue;  // offline
        }
        if (!ring) {
            return std::unexpected(ring.error());
        }
        watcher.descriptors_.push_back(ring->descriptor());
        watcher.rings_.push_back(std::move(*ring));
    }
    return watcher;
}

std::vector<NewMapping> MappingWatcher::take() {
    std::vector<NewMapping> out;
    for (Ring& ring : rings_) {
        ring.take(out, lost_);
    }
    return out;
}

}  // namespace sslsniff
