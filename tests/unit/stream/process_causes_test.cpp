#include "stream/process_causes.h"

#include <gtest/gtest.h>

#include <string>

namespace sslsniff {
namespace {

constexpr std::uint32_t kThread = 10;
constexpr std::uint32_t kOther = 11;

/// Requests come over connections of their number. One microsecond passes with each call.
class ProcessCausesTest : public testing::Test {
  protected:
    static TransactionId id(std::uint64_t connection, std::uint64_t number = 1) {
        return {{1, 1, connection, connection}, number};
    }
    Timestamp tick() { return now_ += std::chrono::microseconds(1); }

    void begin(std::uint64_t connection, std::uint32_t tid = kThread, bool waits = true,
               std::uint64_t number = 1) {
        causes_.on_received(id(connection).connection, tid, tick());
        causes_.begin({id(connection, number), tid, waits, now_, ids_});
    }
    void end(std::uint64_t connection, std::uint64_t number = 1) {
        causes_.end(id(connection, number), tick());
    }
    /// "2.1 thread", "-".
    std::string call(std::uint32_t tid = kThread) { return finish(tick(), tid); }
    std::string finish(Timestamp start, std::uint32_t tid = kThread) {
        const auto cause = causes_.find({tid, start, call_ids_});
        return cause ? std::to_string(cause->transaction.connection.generation) + "." +
                           std::to_string(cause->transaction.number) + " " +
                           std::string(to_string(cause->confidence))
                     : "-";
    }

    ProcessCauses causes_;
    TraceIds ids_;
    TraceIds call_ids_;
    Timestamp now_{std::chrono::seconds(1)};
};

TEST_F(ProcessCausesTest, AThreadThatWaitsWorksOnWhatItHasRead) {
    EXPECT_EQ(call(), "-") << "nothing was asked yet";
    begin(1);
    EXPECT_EQ(call(), "1.1 thread");
    EXPECT_EQ(call(), "1.1 thread");
    end(1);
    EXPECT_EQ(call(), "-");
    begin(2);
    EXPECT_EQ(call(), "2.1 thread");
}

TEST_F(ProcessCausesTest, ThreadsDoNotDisturbEachOther) {
    begin(1, kThread);
    begin(2, kOther);
    EXPECT_EQ(call(kThread), "1.1 thread");
    EXPECT_EQ(call(kOther), "2.1 thread");
    EXPECT_EQ(call(12), "-") << "a worker that has read nothing itself";
    EXPECT_EQ(call(0), "-") << "nobody knows who it was";
}

TEST_F(ProcessCausesTest, OnlyWhatBeganMeanwhile) {
    const Timestamp before = tick();
    begin(1);
    EXPECT_EQ(finish(before), "-");
    const Timestamp meanwhile = tick();
    end(1);
    EXPECT_EQ(finish(meanwhile), "-") << "its response was not waited for";
    begin(2);
    EXPECT_EQ(finish(meanwhile), "-") << "a call of the request before";
}

TEST_F(ProcessCausesTest, AThreadWithSeveralRequestsAtOnceIsNotBelievedAgain) {
    begin(1);
    begin(2);
    EXPECT_EQ(call(), "-");
    end(2);
    EXPECT_EQ(call(), "-") << "1 is alone now, but the thread may do something for 2 still";
    end(1);
    begin(3);
    EXPECT_EQ(call(), "-");
}

TEST_F(ProcessCausesTest, PipelinedRequestsAreSeveral) {
    begin(1, kThread, true, 1);
    begin(1, kThread, true, 2);
    EXPECT_EQ(call(), "-");
}

TEST_F(ProcessCausesTest, BytesThatMayBeAnotherRequestAreAnotherRequest) {
    begin(1);
    causes_.on_received(id(2).connection, kOther, tick());
    EXPECT_EQ(call(), "1.1 thread") << "another thread read them";
    causes_.on_received(id(2).connection, kThread, tick());
    EXPECT_EQ(call(), "-");
    causes_.on_received(id(1).connection, kThread, tick());
    EXPECT_EQ(call(), "-") << "they have not gone away";
}

TEST_F(ProcessCausesTest, TheRestOfItsBodyIsNoOtherRequest) {
    begin(1);
    causes_.on_received(id(1).connection, kThread, tick());
    EXPECT_EQ(call(), "1.1 thread");
}

TEST_F(ProcessCausesTest, AThreadThatHandsOverIsNotBelieved) {
    begin(1);
    causes_.hand_over(kThread);
    EXPECT_EQ(call(), "-");
    end(1);
    begin(2);
    EXPECT_EQ(call(), "-");
}

TEST_F(ProcessCausesTest, AnswersThatAreOverAndHolesMakeDoubtful) {
    begin(1);
    causes_.end_answer(id(1));
    EXPECT_EQ(call(), "-");
    end(1);
    begin(1, kThread, true, 2);
    EXPECT_EQ(call(), "1.2 thread");
    causes_.doubt(id(1).connection);
    EXPECT_EQ(call(), "-");
}

TEST_F(ProcessCausesTest, AfterALossOnlyNewRequestsCount) {
    begin(1);
    causes_.on_loss(tick());
    EXPECT_EQ(call(), "-");
    end(1);
    begin(2);
    EXPECT_EQ(call(), "2.1 thread");
}

TEST_F(ProcessCausesTest, ConnectionsTakeTheirRequestsWithThem) {
    begin(1);
    causes_.forget(id(1).connection, tick());
    EXPECT_EQ(call(), "-");
    begin(2);
    EXPECT_EQ(call(), "2.1 thread") << "the thread is free again";
}

TEST_F(ProcessCausesTest, TheSoleRequestOfAProcessThatIsWhollySeen) {
    begin(1, kThread, false);
    EXPECT_EQ(call(), "-") << "what it was asked before is not known";
    causes_.set_whole(true);
    EXPECT_EQ(call(), "1.1 sole");
    EXPECT_EQ(call(kOther), "-") << "not by the thread that read it";
    end(1);
    begin(2, kThread, false);
    EXPECT_EQ(call(), "2.1 sole");
    begin(3, kOther, false);
    EXPECT_EQ(call(), "-");
    EXPECT_EQ(call(kOther), "-");
    end(3);
    EXPECT_EQ(call(), "-") << "3 came since 2";
}

TEST_F(ProcessCausesTest, NotOfAProgramThatMakesCallsByItself) {
    causes_.set_whole(true);
    begin(1, kThread, false);
    const Timestamp meanwhile = tick();
    end(1);
    EXPECT_EQ(finish(meanwhile), "-");
    begin(2, kThread, false);
    EXPECT_EQ(call(), "2.1 sole") << "a late end is no call by itself";
    end(2);
    const Timestamp idle = tick();
    begin(3, kThread, false);
    EXPECT_EQ(call(), "3.1 sole");
    EXPECT_EQ(finish(idle), "-");
    EXPECT_EQ(call(), "-");
    end(3);
    begin(4, kThread, false);
    EXPECT_EQ(call(), "-");
    end(4);
    begin(5, kThread, true);
    EXPECT_EQ(call(), "5.1 thread") << "that is something else";
}

TEST_F(ProcessCausesTest, NotWhenSomethingMayBeUnseen) {
    causes_.set_whole(true);
    begin(1, kThread, false);
    causes_.add_silent(1);
    EXPECT_EQ(call(), "-") << "a TLS connection that shows nothing yet";
    causes_.add_silent(-1);
    EXPECT_EQ(call(), "1.1 sole");
    causes_.on_received(id(2).connection, kOther, tick());
    EXPECT_EQ(call(), "-") << "a request that is not whole yet";
    end(1);
    begin(2, kThread, false);
    EXPECT_EQ(call(), "2.1 sole");
    causes_.see_all_no_more();
    EXPECT_EQ(call(), "-");
    causes_.set_whole(true);
    EXPECT_EQ(call(), "-");
}

TEST_F(ProcessCausesTest, IdsArePreferred) {
    ids_.request = "a";
    begin(1, kThread);
    ids_.request = "b";
    begin(2, kOther);
    EXPECT_TRUE(causes_.wants_ids());
    call_ids_.request = "b";
    EXPECT_EQ(call(kThread), "2.1 header");
    call_ids_.request = "c";
    EXPECT_EQ(call(kThread), "1.1 thread") << "its own id";
}

TEST_F(ProcessCausesTest, AnotherTraceIsAnotherCause) {
    ids_.trace_parent.emplace().back() = 1;
    begin(1);
    call_ids_.trace_parent.emplace().back() = 2;
    EXPECT_EQ(call(), "-");
    call_ids_.trace_parent.reset();
    EXPECT_EQ(call(), "1.1 thread");
    call_ids_ = ids_;
    EXPECT_EQ(call(), "1.1 traceparent");
    EXPECT_EQ(call(kOther), "1.1 traceparent");
}

TEST_F(ProcessCausesTest, ThreadsThatEndAreForgotten) {
    for (std::uint32_t tid = 1; tid < 5 * ProcessCauses::kMostThreads; ++tid) {
        begin(tid, tid);
        ASSERT_EQ(call(tid), std::to_string(tid) + ".1 thread");
        end(tid);
    }
}

TEST_F(ProcessCausesTest, TooMuchTellsNothing) {
    for (std::uint32_t tid = 1; tid <= 2 * ProcessCauses::kMostRequests; ++tid) {
        begin(tid, tid);
    }
    EXPECT_EQ(call(1), "-");
    EXPECT_EQ(call(2 * ProcessCauses::kMostRequests), "-");
}

}  // namespace
}  // namespace sslsniff
