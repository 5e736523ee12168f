#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

struct ring_buffer;

namespace sslsniff {

/// The reading end of the BPF ring buffer.
class RecordRing {
  public:
    using OnRecord = std::function<void(ByteView record)>;
    static Result<std::unique_ptr<RecordRing>> open(int map_fd);
    RecordRing(const RecordRing&) = delete;
    RecordRing& operator=(const RecordRing&) = delete;
    ~RecordRing();

    /// Hands over what is there, but stops behind `budget` octets. True when it took anything.
    bool take(std::size_t budget, const OnRecord& on_record);

    /// The last take() stopped because of its budget.
    bool has_more() const { return taken_ >= budget_; }

    /// Readable when the kernel side asks for attention.
    int descriptor() const;

  private:
    RecordRing() = default;
    static int on_sample(void* context, void* data, std::size_t size);
    ring_buffer* ring_ = nullptr;
    const OnRecord* on_record_ = nullptr;
    std::size_t taken_ = 0;
    std::size_t budget_ = 0;
};

}  // namespace sslsniff
