#include "capture/kernel/record_ring.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/unique_fd.h"

namespace sslsniff {
namespace {

constexpr std::size_t kSize = 65536;

/// Stands for the kernel: a file laid out as the map of a ring buffer is mapped.
class Ring : public testing::Test {
  protected:
    void SetUp() override {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        ASSERT_EQ(ftruncate(file_.get(), static_cast<off_t>(2 * page + 2 * kSize)), 0);
        void* pages = mmap(nullptr, 2 * page + 2 * kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
        ASSERT_NE(pages, MAP_FAILED);
        consumer_ = static_cast<std::uint64_t*>(pages);
        producer_ = consumer_ + page / sizeof(*producer_);
        records_ = static_cast<char*>(pages) + 2 * page;
        auto ring = RecordRing::open(file_.get(), kSize);
        ASSERT_TRUE(ring) << ring.error().message;
        ring_ = std::move(*ring);
    }

    /// Returns where its header is.
    char* put(std::string_view bytes, std::uint32_t flags = 0) {
        char* header = records_ + *producer_ % kSize;
        const std::uint32_t word = static_cast<std::uint32_t>(bytes.size()) | flags;
        std::memcpy(header, &word, sizeof(word));
        std::memcpy(header + BPF_RINGBUF_HDR_SZ, bytes.data(), bytes.size());
        *producer_ += (BPF_RINGBUF_HDR_SZ + bytes.size() + 7) / 8 * 8;
        return header;
    }

    std::vector<std::string> take(std::size_t budget = kSize) {
        std::vector<std::string> taken;
        took_ = ring_->take(budget, [&](ByteView record) { taken.emplace_back(record); });
        return taken;
    }

    using Taken = std::vector<std::string>;
    UniqueFd file_{memfd_create("ring", MFD_CLOEXEC)};
    std::uint64_t* consumer_ = nullptr;
    std::uint64_t* producer_ = nullptr;
    char* records_ = nullptr;
    std::unique_ptr<RecordRing> ring_;
    bool took_ = false;
};

TEST_F(Ring, Empty) {
    EXPECT_EQ(take(), Taken());
    EXPECT_FALSE(took_);
    EXPECT_EQ(ring_->waiting(), 0U);
    EXPECT_EQ(ring_->size(), kSize);
}

TEST_F(Ring, RecordsInOrderAndTheirRoomIsGivenBack) {
    put("one");
    put("");
    put("twelve bytes");
    EXPECT_EQ(ring_->waiting(), 16U + 8U + 24U);
    EXPECT_EQ(take(), (Taken{"one", "", "twelve bytes"}));
    EXPECT_TRUE(took_);
    EXPECT_EQ(ring_->waiting(), 0U);
    EXPECT_EQ(*consumer_, *producer_);
}

TEST_F(Ring, StopsBeforeOneThatIsBeingWritten) {
    put("one");
    char* busy = put("two", BPF_RINGBUF_BUSY_BIT);
    put("three");
    EXPECT_EQ(take(), Taken{"one"});
    EXPECT_EQ(take(), Taken());
    EXPECT_FALSE(took_);
    const std::uint32_t length = 3;
    std::memcpy(busy, &length, sizeof(length));
    EXPECT_EQ(take(), (Taken{"two", "three"}));
}

TEST_F(Ring, PassesOverWhatWasDiscarded) {
    put("gone", BPF_RINGBUF_DISCARD_BIT);
    EXPECT_EQ(take(), Taken());
    EXPECT_TRUE(took_);
    put("kept");
    EXPECT_EQ(take(), Taken{"kept"});
}

TEST_F(Ring, StopsBehindTheBudget) {
    for (const char* text : {"a", "b", "c"}) {
        put(text);
    }
    EXPECT_EQ(take(17), (Taken{"a", "b"}));
    EXPECT_EQ(ring_->waiting(), 16U);
    EXPECT_EQ(take(1), Taken{"c"});
}

TEST_F(Ring, GoesRound) {
    // The kernel maps the ring twice in a row, so that records run on over its end; here they fill it evenly.
    const std::string text(1016, 'x');
    for (std::size_t i = 0; i < 3 * kSize / 1024; ++i) {
        put(text);
        ASSERT_EQ(take(), Taken{text});
    }
    EXPECT_EQ(*consumer_, 3 * kSize);
}

TEST(RingBuffer, WhatCannotBeMappedIsAnError) {
    const auto ring = RecordRing::open(-1, kSize);
    ASSERT_FALSE(ring);
    EXPECT_NE(ring.error().message.find("--buffer-size"), std::string::npos);
}

}  // namespace
}  // namespace sslsniff
