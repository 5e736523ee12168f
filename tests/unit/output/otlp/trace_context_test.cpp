#include "output/otlp/trace_context.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sslsniff {
namespace {

TEST(SpanIdsTest, AreDifferent) {
    std::seed_seq seed{1, 2};
    SpanIds ids(seed);
    std::set<TraceId> traces;
    std::set<SpanId> spans;
    for (int i = 0; i < 1000; ++i) {
        traces.insert(ids.trace());
        spans.insert(ids.span());
    }
    EXPECT_EQ(traces.size(), 1000);
    EXPECT_EQ(spans.size(), 1000);
}

TEST(SpanIdsTest, OfATransactionStayTheSame) {
    std::seed_seq seed{1, 2};
    std::seed_seq other_seed{1, 3};
    SpanIds ids(seed);
    SpanIds others(other_seed);
    std::set<TraceId> traces;
    std::set<SpanId> spans;
    for (std::uint64_t generation = 1; generation <= 30; ++generation) {
        for (std::uint64_t number = 1; number <= 30; ++number) {
            const TransactionId id{{1, 2, 3, generation}, number};
            traces.insert(ids.trace_of(id));
            spans.insert(ids.span_of(id));
            EXPECT_EQ(ids.span_of(id), ids.span_of(id));
            EXPECT_NE(ids.span_of(id), others.span_of(id));
            EXPECT_NE(ids.trace_of(id), others.trace_of(id));
        }
    }
    EXPECT_EQ(traces.size(), 900);
    EXPECT_EQ(spans.size(), 900);
}

}  // namespace
}  // namespace sslsniff
