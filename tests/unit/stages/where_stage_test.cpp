#include "stages/where_stage.h"

#include <gtest/gtest.h>

#include "protocols/protocol.h"
#include "support/recording_sink.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

WhereFilter parse(std::string_view expression) {
    return *WhereFilter::parse(expression, FieldTable(protocol_fields()));
}

TEST(WhereStage, SummarySaysOfHowManyTransactionsWhenTheyAreShown) {
    for (const bool connections : {false, true}) {
        test::RecordingSink next;
        WhereStage stage(parse("status == 500"), next, connections);
        stage.on_summary({});
        EXPECT_EQ(next.summary.value().filtered_from.has_value(), !connections);
    }
}

TEST(WhereStage, LeavesOutConnectionsButNoLosses) {
    test::RecordingSink next;
    WhereStage stage(parse("pid == 1"), next, true);
    const ConnectionInfo connection = test::sample_connection();
    stage.on_connection({connection, {}, CloseReason::freed, {}, 0, {}, {}});
    stage.on_loss({});
    EXPECT_TRUE(next.connections.empty());
    EXPECT_EQ(next.losses.size(), 1U);
}

}  // namespace
}  // namespace sslsniff
