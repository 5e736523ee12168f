#include "stages/undecoded_tally.h"

#include <gtest/gtest.h>

#include "support/recording_sink.h"

namespace sslsniff {
namespace {

void add(UndecodedTally& tally, std::string comm, std::string reason) {
    ProcessInfo process;
    process.comm = std::move(comm);
    ConnectionInfo connection;
    connection.process = std::make_shared<const ProcessInfo>(process);
    connection.tls.not_decoded = std::move(reason);
    tally.on_connection({connection, {}, CloseReason::freed, {}, 0, {}, {}});
}

TEST(UndecodedTally, NamesProgramsAndLibraries) {
    test::RecordingSink sink;
    UndecodedTally tally(sink);
    add(tally, "curl", "");
    EXPECT_EQ(tally.sentence(), "");
    add(tally, "wget\x1b", "GnuTLS 3.7.9: not captured");
    EXPECT_EQ(tally.sentence(), "1 TLS connection was not decoded: wget\\x1b (GnuTLS 3.7.9: not captured)");
    add(tally, "java", "Java TLS (JSSE): not captured");
    add(tally, "java", "Java TLS (JSSE): not captured");
    EXPECT_EQ(tally.sentence(),
              "3 TLS connections were not decoded: 2 of java (Java TLS (JSSE): not captured), "
              "1 of wget\\x1b (GnuTLS 3.7.9: not captured)");
}

TEST(UndecodedTally, CapturesOfOthersDoNotKnowPrograms) {
    test::RecordingSink sink;
    UndecodedTally tally(sink);
    add(tally, "", "no plaintext in this capture");
    EXPECT_EQ(tally.sentence(), "1 TLS connection was not decoded: no plaintext in this capture");
}

TEST(UndecodedTally, IsBounded) {
    test::RecordingSink sink;
    UndecodedTally tally(sink);
    for (std::size_t i = 0; i < 3 * UndecodedTally::kMostKinds; ++i) {
        add(tally, std::to_string(i), "x");
    }
    EXPECT_TRUE(tally.sentence().starts_with("3072 TLS connections were not decoded: "));
    EXPECT_TRUE(tally.sentence().ends_with(" and 1018 more"));
}

}  // namespace
}  // namespace sslsniff
