#include "output/otlp/answer.h"

#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>
#include <string>

namespace sslsniff {
namespace {

using Kind = Verdict::Kind;

Bytes partial(std::int64_t rejected, const std::string& message) {
    std::string inner;
    protozero::pbf_writer writer(inner);
    writer.add_int64(1, rejected);
    writer.add_string(2, message);
    std::string out;
    protozero::pbf_writer(out).add_message(1, inner);
    return out;
}

Answer answer(int status, Bytes body = {}) {
    Answer out;
    out.status = status;
    out.body = std::move(body);
    return out;
}

TEST(AnswerTest, AnEmptyOneMeansThatAllIsTaken) {
    const Verdict verdict = judge(answer(200));
    EXPECT_EQ(verdict.kind, Kind::taken);
    EXPECT_EQ(verdict.rejected, 0);
    EXPECT_EQ(verdict.remark, "");
}

TEST(AnswerTest, PartialSuccessIsCounted) {
    const Verdict verdict = judge(answer(200, partial(3, "too \x1b old")));
    EXPECT_EQ(verdict.kind, Kind::taken);
    EXPECT_EQ(verdict.rejected, 3);
    EXPECT_EQ(verdict.remark, "the collector rejected 3 of it: too \\x1b old");
}

TEST(AnswerTest, AWarningRejectsNothing) {
    const Verdict verdict = judge(answer(200, partial(0, "use another endpoint")));
    EXPECT_EQ(verdict.rejected, 0);
    EXPECT_EQ(verdict.remark, "the collector rejected 0 of it: use another endpoint");
}

TEST(AnswerTest, NegativeNumbersRejectNothing) {
    EXPECT_EQ(judge(answer(200, partial(-5, ""))).rejected, 0);
}

TEST(AnswerTest, GarbageAfterOkIsTold) {
    for (const Bytes& body :
         {Bytes("<html>hello</html>"), Bytes("{\"partialSuccess\":{}}"), partial(1, "x").substr(0, 4)}) {
        const Verdict verdict = judge(answer(200, body));
        EXPECT_EQ(verdict.kind, Kind::taken);
        EXPECT_EQ(verdict.remark, "the collector answered OK with what is no OTLP; is the URL right?");
    }
}

TEST(AnswerTest, WhatIsCutOffIsTakenAllTheSame) {
    Answer cut = answer(200, partial(3, "x"));
    cut.is_whole = false;
    cut.error = "more than 64 KiB of it";
    const Verdict verdict = judge(cut);
    EXPECT_EQ(verdict.kind, Kind::taken);
    EXPECT_EQ(verdict.remark, "the collector took it, but its answer is not whole: more than 64 KiB of it");
}

TEST(AnswerTest, SomeErrorsPass) {
    for (const int status : {429, 502, 503, 504}) {
        EXPECT_EQ(judge(answer(status)).kind, Kind::again) << status;
    }
    for (const int status : {301, 400, 401, 403, 404, 413, 500, 501}) {
        EXPECT_EQ(judge(answer(status)).kind, Kind::refused) << status;
    }
}

TEST(AnswerTest, TheReasonIsToldInWhateverForm) {
    std::string status;
    protozero::pbf_writer writer(status);
    writer.add_int32(1, 3);
    writer.add_string(2, "no such tenant");
    EXPECT_EQ(judge(answer(400, status)).remark, "the collector answered 400: no such tenant");
    EXPECT_EQ(judge(answer(401, "missing token\nand more")).remark,
              "the collector answered 401: missing token");
    EXPECT_EQ(judge(answer(400, Bytes("\xFF\xFE\x00", 3))).remark, "the collector answered 400");
}

TEST(AnswerTest, NoAnswerIsToBeSentAgain) {
    Answer none;
    none.error = "Connection refused";
    EXPECT_EQ(judge(none).kind, Kind::again);
    EXPECT_EQ(judge(none).remark, "Connection refused");
}

}  // namespace
}  // namespace sslsniff
