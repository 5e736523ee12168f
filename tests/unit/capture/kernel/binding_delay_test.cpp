#include "capture/kernel/binding_delay.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/capture/event_collector.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

constexpr Timestamp kStart{std::chrono::seconds(1000)};

ConnectionId id(std::uint64_t number) {
    return {42, 9, number, number};
}

class BindingDelayTest : public testing::Test {
  protected:
    void open(std::uint64_t number) { delay.pass(OpenEvent{id(number), now, Carrier::tls, false, {}}, out); }
    void data(std::uint64_t number, const std::string& bytes) {
        const std::string lent = bytes;
        delay.pass(DataEvent{id(number), now, 1, Direction::sent, 0, lent}, out);
    }
    void bind(std::uint64_t number) {
        delay.pass(EndpointsEvent{id(number), now, Role::unknown, Correlation::ciphertext, {}}, out);
    }
    void close(std::uint64_t number) { delay.pass(CloseEvent{id(number), now, CloseReason::freed}, out); }

    /// One letter for each event that came out: o(pen) e(ndpoints) t(ls) c(lose) p(rocess) l(oss), or the
    /// bytes.
    std::string order() const {
        std::string text;
        for (std::size_t i = 0; i < out.events.size(); i++) {
            constexpr const char* kLetters[] = {"p", "o", "e", "t", "", "g", "c", "l"};
            text += std::string(kLetters[out.events[i].index()]) + out.bytes[i];
        }
        return text;
    }

    Timestamp now = kStart;
    Collector out;
    BindingDelay delay;
};

TEST_F(BindingDelayTest, PayloadComesBehindTheSocket) {
    open(1);
    data(1, "A");
    data(1, "B");
    EXPECT_EQ(order(), "o");
    EXPECT_EQ(delay.waiting_bytes(), 2U);
    bind(1);
    data(1, "C");
    EXPECT_EQ(order(), "oeABC");
    EXPECT_EQ(delay.waiting_bytes(), 0U);
}

TEST_F(BindingDelayTest, WhatIsBoundNeverWaits) {
    open(1);
    bind(1);
    data(1, "A");
    EXPECT_EQ(order(), "oeA");
}

TEST_F(BindingDelayTest, OthersPassMeanwhile) {
    open(1);
    data(1, "A");
    open(2);
    bind(2);
    data(2, "B");
    delay.pass(ProcessEvent{}, out);
    delay.pass(LossEvent{}, out);
    EXPECT_EQ(order(), "ooeBpl");
}

TEST_F(BindingDelayTest, TheOrderWithinAConnectionStays) {
    open(1);
    delay.pass(TlsEvent{id(1), now, Role::client, {}}, out);  // before any payload
    delay.pass(GapEvent{id(1), now, Direction::sent, 0, 5, LossCause::fault}, out);
    delay.pass(TlsEvent{id(1), now, Role::client, {}}, out);
    data(1, "A");
    close(1);
    EXPECT_EQ(order(), "otgtAc");
}

TEST_F(BindingDelayTest, PatienceEndsAndIsNotHadTwice) {
    open(1);
    data(1, "A");
    now += BindingDelay::kPatience - milliseconds(1);
    data(1, "B");
    EXPECT_EQ(order(), "o");
    now += milliseconds(1);
    data(1, "C");
    data(1, "D");
    EXPECT_EQ(order(), "oABCD");
    bind(1);
    data(1, "E");
    EXPECT_EQ(order(), "oABCDeE");
}

TEST_F(BindingDelayTest, TimePassesWithoutEvents) {
    open(1);
    data(1, "A");
    delay.expire(now + BindingDelay::kPatience - milliseconds(1), out);
    EXPECT_EQ(order(), "o");
    delay.expire(now + BindingDelay::kPatience, out);
    EXPECT_EQ(order(), "oA");
}

TEST_F(BindingDelayTest, TooManyBytesReleaseWhoWaitsLongest) {
    open(1);
    open(2);
    data(1, "A");
    data(2, std::string(BindingDelay::kMaxBytes - 1, 'x'));
    EXPECT_EQ(order(), "oo");
    data(2, "y");
    EXPECT_EQ(order(), "ooA");
    EXPECT_EQ(delay.waiting_bytes(), BindingDelay::kMaxBytes);
}

TEST_F(BindingDelayTest, OneGreatChunkDoesNotStay) {
    open(1);
    data(1, std::string(BindingDelay::kMaxBytes + 1, 'x'));
    EXPECT_EQ(out.events.size(), 2U);
    EXPECT_EQ(delay.waiting_bytes(), 0U);
}

TEST_F(BindingDelayTest, TooManyEventsAreReleased) {
    open(1);
    for (std::size_t i = 0; i <= BindingDelay::kMaxEvents; i++) {
        data(1, "");
    }
    EXPECT_EQ(out.events.size(), BindingDelay::kMaxEvents + 2);
}

TEST_F(BindingDelayTest, FlushGivesEverythingOut) {
    open(1);
    open(2);
    data(1, "A");
    data(2, "B");
    delay.flush(out);
    EXPECT_EQ(order(), "ooAB");
}

TEST_F(BindingDelayTest, PatienceBeginsWhenTheProbesHaveCome) {
    open(1);
    data(1, "A");
    now += milliseconds(499);
    delay.on_probes(42, now);
    now += milliseconds(499);
    data(1, "B");
    EXPECT_EQ(order(), "o");
    bind(1);
    EXPECT_EQ(order(), "oeAB");
}

TEST_F(BindingDelayTest, ProbesOfAnotherProcessDoNotMatter) {
    open(1);
    data(1, "A");
    delay.on_probes(41, now + milliseconds(300));
    delay.on_probes(43, now + milliseconds(300));
    now += milliseconds(500);
    delay.expire(now, out);
    EXPECT_EQ(order(), "oA");
}

TEST_F(BindingDelayTest, ProbesOfAllProcesses) {
    open(1);
    data(1, "A");
    delay.on_probes(0, now + milliseconds(300));
    now += milliseconds(500);
    delay.expire(now, out);
    EXPECT_EQ(order(), "o");
    now += milliseconds(300);
    delay.expire(now, out);
    EXPECT_EQ(order(), "oA");
}

/// The reader is late: what it reads happened before the probes came.
TEST_F(BindingDelayTest, PayloadFromBeforeTheProbesWaitsForWhatTheySee) {
    const Timestamp attached = now + milliseconds(2000);
    delay.on_probes(42, attached);
    open(1);
    data(1, "A");
    now = attached + milliseconds(400);
    data(1, "B");
    EXPECT_EQ(order(), "o");
    bind(1);
    EXPECT_EQ(order(), "oeAB");
}

TEST_F(BindingDelayTest, OthersThatBeganLaterMayGiveUpEarlier) {
    open(1);
    data(1, "A");
    const ConnectionId other{43, 9, 2, 2};
    delay.pass(OpenEvent{other, now, Carrier::tls, false, {}}, out);
    delay.pass(DataEvent{other, now, 1, Direction::sent, 0, "B"}, out);
    delay.on_probes(42, now + milliseconds(100));
    now += milliseconds(500);
    delay.expire(now, out);
    EXPECT_EQ(order(), "ooB");
}

}  // namespace
}  // namespace sslsniff
