#include "output/rendering/render_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_exchange.h"

namespace sslsniff {
namespace {

/// Tells in words what it is given; what is hostile to renderers is in the protocol's name.
class WordRenderer final : public Renderer {
  public:
    explicit WordRenderer(std::atomic<int>& rendered) : rendered_(rendered) {}
    void render(const Transaction& transaction, std::uint32_t hint, Bytes& out) override {
        ++rendered_;
        const std::string_view protocol = transaction.exchange->protocol();
        if (protocol == "throws") {
            throw std::runtime_error("told to");
        }
        out += "t" + std::string(protocol) + "@" + transaction.connection.remote_name + "#" +
               std::to_string(hint);
        if (protocol == "large") {
            out.append(1000, 'x');
        }
        out += ' ';
    }
    void render(const ConnectionRecord& record, std::uint32_t hint, Bytes& out) override {
        ++rendered_;
        out += "c" + record.protocol + "@" + record.connection.remote_name + "#" + std::to_string(hint) + " ";
    }

  private:
    std::atomic<int>& rendered_;
};

/// Writes into a text; hints count what came on the connection.
class WordOutput final : public Output, private TransactionSink, private RenderedOutput {
  public:
    TransactionSink* transactions() override { return this; }
    RenderedOutput* rendered() override { return this; }
    Result<void> check(Timestamp /*now*/) override { return {}; }
    Result<void> open(Timestamp /*now*/) override { return {}; }
    Result<bool> flush() override { return true; }
    Result<void> finish() override { return {}; }
    bool is_done() const override { return done; }

    Bytes text;
    bool done = false;
    std::atomic<int> rendered_items = 0;

  private:
    void on_transaction(const Transaction& /*transaction*/) override { text += "unexpected "; }
    void on_connection(const ConnectionRecord& /*record*/) override { text += "unexpected "; }
    void on_loss(const LossEvent& loss) override { text += "loss" + std::to_string(loss.events) + " "; }
    void on_summary(const CaptureSummary& summary) override {
        text += "summary" + std::to_string(summary.transactions) + " ";
    }
    std::unique_ptr<Renderer> make_renderer() const override {
        return std::make_unique<WordRenderer>(const_cast<std::atomic<int>&>(rendered_items));  // NOLINT
    }
    std::uint32_t hint(const Transaction& /*transaction*/) override { return ++hints_; }
    std::uint32_t hint(const ConnectionRecord& /*record*/) override { return std::exchange(hints_, 0); }
    void write(const Transaction& /*transaction*/, ByteView rendered) override { text += rendered; }
    void write(const ConnectionRecord& /*record*/, ByteView rendered) override { text += rendered; }

    std::uint32_t hints_ = 0;
};

RenderQueue::Limits limits(std::size_t items, std::size_t bytes, std::size_t rendered, std::size_t jobs) {
    return {.items = items, .bytes = bytes, .rendered = rendered, .work = {.jobs = jobs, .bytes = bytes}};
}

class RenderQueueTest : public testing::Test {
  protected:
    RenderQueueTest() {
        connection.process = std::make_shared<ProcessInfo>();
        connection.remote_name = "a";
    }
    void transaction(RenderQueue& queue, const std::string& name) {
        auto exchange = std::make_shared<test::FakeExchange>();
        exchange->name = name;
        queue.on_transaction({connection, {}, {}, std::move(exchange)});
    }
    void end(RenderQueue& queue, const std::string& protocol) {
        queue.on_connection({connection, {}, {}, protocol, 0, {}, {}});
    }
    static void loss(RenderQueue& queue, std::uint64_t events) {
        LossEvent event;
        event.events = events;
        queue.on_loss(event);
    }

    ConnectionInfo connection;
};

TEST_F(RenderQueueTest, EverythingKeepsItsPlaceWhateverTheThreadsAndBounds) {
    Bytes expected;
    for (const std::size_t threads : {0U, 1U, 3U}) {
        for (const std::size_t items : {1U, 2U, 5U, 64U}) {
            for (const std::size_t bytes : {std::size_t{1}, std::size_t{5000}, std::size_t{1} << 20U}) {
                for (const std::size_t rendered : {0U, 20U, 100'000U}) {
                    WordOutput one;
                    WordOutput other;
                    RenderQueue queue(limits(items, bytes, rendered, 3));
                    queue.add(one);
                    queue.add(other);
                    ASSERT_EQ(queue.start(threads), threads);
                    for (int i = 0; i < 300; ++i) {
                        connection.id.generation = static_cast<std::uint64_t>(i) % 7;
                        connection.remote_name = std::to_string(i / 11);  // changes now and then
                        transaction(queue, i % 40 == 0 ? "large" : std::to_string(i));
                        if (i % 13 == 0) {
                            end(queue, "h2");
                        }
                        if (i % 70 == 0) {
                            loss(queue, static_cast<std::uint64_t>(i));
                        }
                        if (i % 97 == 0) {
                            queue.drain();
                            EXPECT_EQ(queue.held(), 0U);
                        }
                    }
                    CaptureSummary summary;
                    summary.transactions = 300;
                    queue.on_summary(summary);
                    expected = expected.empty() ? one.text : expected;
                    EXPECT_EQ(one.text, expected);
                    EXPECT_EQ(other.text, expected);
                }
            }
        }
    }
    EXPECT_TRUE(expected.ends_with("summary300 "));
    EXPECT_TRUE(expected.starts_with("tlarge@0#1")) << expected.substr(0, 20);
    EXPECT_EQ(expected.find("unexpected"), Bytes::npos);
}

TEST_F(RenderQueueTest, WhatChangesLaterIsShownAsItWas) {
    WordOutput output;
    RenderQueue queue;
    queue.add(output);
    transaction(queue, "1");
    connection.remote_name = "b";
    transaction(queue, "2");
    queue.drain();
    EXPECT_EQ(output.text, "t1@a#1 t2@b#2 ");
}

TEST_F(RenderQueueTest, ConnectionsMayBeGoneWhenTheirTransactionsAreRendered) {
    WordOutput output;
    RenderQueue queue;
    queue.add(output);
    {
        const ConnectionInfo brief = connection;
        queue.on_transaction({brief, {}, {}, std::make_shared<test::FakeExchange>()});
        queue.on_connection({brief, {}, {}, "x", 0, {}, {}});
    }
    queue.drain();
    EXPECT_EQ(output.text, "thttp/1.1@a#1 cx@a#1 ");
}

TEST_F(RenderQueueTest, WhatARendererThrowsComesInItsPlace) {
    for (const std::size_t threads : {0U, 2U}) {
        for (const std::size_t items : {1U, 64U}) {
            WordOutput output;
            RenderQueue queue(limits(items, std::size_t{1} << 20U, 1000, 32));
            queue.add(output);
            ASSERT_EQ(queue.start(threads), threads);
            // It leaves whichever call hands the transaction on: with threads, that depends on how fast they
            // are.
            std::vector<Bytes> written_before;
            const auto noting_what_is_thrown = [&](const auto& call) {
                try {
                    call();
                } catch (const std::runtime_error&) {
                    written_before.push_back(output.text);
                }
            };
            for (const char* name : {"1", "throws", "2", "3"}) {
                noting_what_is_thrown([&] { transaction(queue, name); });
            }
            noting_what_is_thrown([&] { queue.drain(); });
            EXPECT_EQ(written_before, std::vector<Bytes>{"t1@a#1 "});
            queue.drain();
            transaction(queue, "4");
            queue.drain();
            EXPECT_TRUE(output.text.ends_with("t4@a#5 ")) << output.text;
        }
    }
}

TEST_F(RenderQueueTest, NothingIsRenderedForThoseWhoWantNothing) {
    WordOutput output;
    RenderQueue queue(limits(2, std::size_t{1} << 20U, 1000, 2));
    queue.add(output);
    output.done = true;
    for (int i = 0; i < 100; ++i) {
        transaction(queue, "1");
    }
    queue.drain();
    EXPECT_EQ(output.rendered_items, 0);
    EXPECT_EQ(output.text, "");
}

TEST_F(RenderQueueTest, EndsWhileTransactionsWait) {
    for (int round = 0; round < 30; ++round) {
        WordOutput output;
        RenderQueue queue(limits(2, std::size_t{1} << 20U, 1000, 32));
        queue.add(output);
        ASSERT_EQ(queue.start(2), 2U);
        for (int i = 0; i < round; ++i) {
            transaction(queue, "1");
        }
    }
    SUCCEED();
}

TEST_F(RenderQueueTest, WhatWaitsIsBounded) {
    constexpr std::size_t kBytes = 50'000;
    WordOutput output;
    RenderQueue queue(limits(8, kBytes / 4, 2000, 1000));
    queue.add(output);
    std::size_t most = 0;
    for (int i = 0; i < 2000; ++i) {
        transaction(queue, "large");
        most = std::max(most, queue.held());
    }
    EXPECT_GT(most, kBytes / 8);
    EXPECT_LT(most, kBytes);
}

}  // namespace
}  // namespace sslsniff
