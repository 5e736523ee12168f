#include "output/text/call_tree.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/fake_exchange.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

class CallTreeTest : public testing::Test {
  protected:
    void request(std::uint64_t number, const std::string& text) {
        tree_.add({connection_, {}, {}, std::make_unique<test::FakeExchange>(), number}, text);
    }
    void call(std::uint64_t cause, const std::string& text, bool is_over = false) {
        const TransactionId id{connection_.id, cause};
        tree_.add({connection_,
                   {},
                   {},
                   std::make_unique<test::FakeExchange>(),
                   100,
                   Cause{id, CauseConfidence::thread, is_over}},
                  text);
    }

    ConnectionInfo connection_ = test::sample_connection();
    MemoryOutputStream out_;
    CallTree tree_{out_};
};

TEST_F(CallTreeTest, CallsStandBelowTheirRequest) {
    call(1, "a\n> header\n");
    call(2, "b\n");
    call(1, "c\n");
    request(1, "one\n");
    request(2, "two\n");
    request(3, "three\n");
    EXPECT_EQ(out_.bytes(), "one\n  └ a\n    > header\n  └ c\ntwo\n  └ b\nthree\n");
}

TEST_F(CallTreeTest, WhatComesTooLateStandsAlone) {
    request(1, "one\n");
    call(1, "a\n", true);
    EXPECT_EQ(out_.bytes(), "one\na\n");
}

TEST_F(CallTreeTest, RequestsThatNeverComeAreNotWaitedFor) {
    call(1, "a\n");
    tree_.end(ConnectionId{1, 2, 3, 4});
    EXPECT_EQ(out_.bytes(), "");
    tree_.end(connection_.id);
    EXPECT_EQ(out_.bytes(), "a\n");
    call(2, "b\n");
    tree_.end();
    EXPECT_EQ(out_.bytes(), "a\nb\n");
}

TEST_F(CallTreeTest, IsBounded) {
    const std::string text(100'000, 'x');
    for (std::uint64_t i = 1; i <= 100; ++i) {
        call(i, text + "\n");
    }
    EXPECT_GE(out_.bytes().size() + CallTree::kMostHeld, 100 * text.size());
}

}  // namespace
}  // namespace sslsniff
