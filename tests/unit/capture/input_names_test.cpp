// What an input is called comes from whoever named the file: messages must be safe for terminals.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "capture/compressed_input.h"
#include "capture/pcap/packet_file.h"
#include "capture/trace/line_reader.h"
#include "capture/trace/trace_reader.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using namespace std::string_literals;

std::unique_ptr<InputStream> input(const std::string& bytes) {
    return std::make_unique<MemoryInputStream>(bytes, "x\x1b[31m");
}

void expect_safe(const Error& error) {
    EXPECT_NE(error.message.find("x\\x1b[31m"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

TEST(InputNames, AreSafeInMessagesOfTraces) {
    for (const std::string& trace : {""s, "GET /\n"s, "sslsniff-trace 2.0\n"s, "sslsniff-trace 1.0\nfrob\n"s,
                                     "sslsniff-trace 1.0\n" + std::string(LineReader::kMaxLine * 2, 'x')}) {
        TraceReader reader(input(trace));
        test::RecordedEvents events;
        const auto result = test::drain(reader, events);
        ASSERT_FALSE(result);
        expect_safe(result.error());
    }
}

TEST(InputNames, AreSafeInMessagesOfCaptures) {
    for (const std::string& capture : {"garbage"s, "\xd4\xc3\xb2\xa1\x02\x00"s}) {
        const auto file = open_packet_file(input(capture));
        ASSERT_FALSE(file);
        expect_safe(file.error());
    }
}

TEST(InputNames, AreSafeInMessagesOfCompressedFiles) {
    const auto bzip2 = unpack_input("BZh9", input("BZh9"));
    ASSERT_FALSE(bzip2);
    expect_safe(bzip2.error());
    for (const std::string& gzip : {"\x1f\x8bgarbage"s, "\x1f\x8b\x08"s}) {
        const auto unpacked = unpack_input(gzip, input(gzip));
        ASSERT_TRUE(unpacked);
        std::array<char, 64> into{};
        const auto got = (*unpacked)->read(into);
        ASSERT_FALSE(got);
        expect_safe(got.error());
    }
}

}  // namespace
}  // namespace sslsniff
