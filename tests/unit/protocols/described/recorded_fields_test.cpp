#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/described/described_exchange.h"
#include "support/recording_sink.h"

namespace sslsniff {
namespace {

TEST(DescribedExchange, WritesWhatWasRecorded) {
    DescribedExchange exchange("toy");
    exchange.common.text("topic", "a");
    exchange.request.number("id", 7);
    exchange.request.begin_array("names");
    exchange.request.text({}, "x");
    exchange.request.begin_object({});
    exchange.request.boolean("deep", true);
    exchange.request.end_object();
    exchange.request.end_array();
    exchange.request.number("ratio", 0.5);
    exchange.request.null("nothing");
    Body body;
    append(body, "payload", 3);
    exchange.response.body("payload", body);
    EXPECT_EQ(test::render_fields(exchange),
              "topic=\"a\" request{id=7 names[=\"x\" {deep=true}] ratio=0.5 nothing=null} "
              "response{payload=(7 0 \"pay\")}");
    const std::string details = test::render_details(exchange);
    EXPECT_NE(details.find("> names.deep: true"), std::string::npos) << details;
    EXPECT_GT(exchange.held(), sizeof(exchange));
}

TEST(RecordedFields, AppendsWhatOthersRecorded) {
    Body body;
    append(body, "payload", 7);
    DescribedExchange exchange("toy");
    exchange.request.body("first", body);
    RecordedFields more(600);
    more.begin_object("more");
    more.body("second", body);
    more.end_object();
    more.text("too_much", std::string(500, 'x'));
    exchange.request.append(std::move(more));
    exchange.request.number("last", 1);
    EXPECT_EQ(test::render_fields(exchange),
              "request{first=(7 0 \"payload\") more{second=(7 0 \"payload\")} fields_left_out=1 last=1}");
}

TEST(RecordedFields, RecordsNothingThatNobodyReads) {
    DescribedExchange exchange("toy", false);
    exchange.request.begin_object("object");
    exchange.request.text("text", "some text");
    exchange.request.end_object();
    exchange.request.number("number", 1);
    EXPECT_FALSE(exchange.request.records());
    EXPECT_TRUE(exchange.request.empty());
    EXPECT_EQ(test::render_fields(exchange), "");
}

TEST(RecordedFields, LeavesOutWhatIsTooMuchAndStaysNested) {
    DescribedExchange exchange("toy");
    exchange.request = RecordedFields(400);
    for (int i = 0; i < 100; ++i) {
        exchange.request.begin_object("object");
        exchange.request.text("text", "some text");
        exchange.request.end_object();
    }
    EXPECT_GT(exchange.request.left_out(), 100U);
    const std::string fields = test::render_fields(exchange);
    EXPECT_EQ(std::count(fields.begin(), fields.end(), '{'), std::count(fields.begin(), fields.end(), '}'));
    EXPECT_NE(fields.find("fields_left_out="), std::string::npos);
    EXPECT_LT(exchange.request.held(), 4000U);
}

}  // namespace
}  // namespace sslsniff
