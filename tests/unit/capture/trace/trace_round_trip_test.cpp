#include <gtest/gtest.h>

#include <random>
#include <string>

#include "capture/trace/trace_reader.h"
#include "output/trace/trace_writer.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using std::chrono::nanoseconds;

/// Any value an event can carry, hostile ones included.
class RandomEvents {
  public:
    explicit RandomEvents(unsigned seed) : random_(seed) {}

    CaptureEvent next() {
        switch (below(8)) {
            case 0:
                return ProcessEvent{
                    time(), pick<ProcessEvent::Kind>(3),
                    ProcessInfo{ProcessKey{narrow(), wide()}, bytes(15), bytes(40), narrow(), bytes(64),
                                ContainerNames{bytes(10), bytes(20), bytes(30), bytes(20), bytes(20)}},
                    below(2) == 0};
            case 1:
                return OpenEvent{id(), time(), pick<Carrier>(2), below(2) == 0, bytes(30)};
            case 2:
                return EndpointsEvent{
                    id(), time(), pick<Role>(3), pick<Correlation>(6),
                    Endpoints{pick<Transport>(4), endpoint(), endpoint(), wide(), narrow()}};
            case 3:
                return TlsEvent{id(), time(), pick<Role>(3), tls()};
            case 4:
                return GapEvent{id(), time(), pick<Direction>(2), wide(), wide(), pick<LossCause>(9)};
            case 5:
                return CloseEvent{id(), time(), pick<CloseReason>(7)};
            case 6:
                return LossEvent{time(), pick<LossCause>(9), wide(), wide()};
            default:
                payload_ = below(20) == 0 ? bytes(200'000) : bytes(2'000);
                return DataEvent{id(), time(), narrow(), pick<Direction>(2), wide(), payload_, below(2) == 0};
        }
    }

  private:
    std::uint64_t below(std::uint64_t limit) {
        return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_);
    }
    /// Zero, small and huge values are all likely.
    std::uint64_t wide() {
        const std::uint64_t value = std::uniform_int_distribution<std::uint64_t>()(random_);
        return below(4) == 0 ? 0 : value >> below(64);
    }
    std::uint32_t narrow() { return static_cast<std::uint32_t>(wide()); }
    template <class Enum>
    Enum pick(std::uint64_t count) {
        return static_cast<Enum>(below(count));
    }
    Timestamp time() { return Timestamp(nanoseconds(below(9'000'000'000'000'000'000))); }
    ConnectionId id() { return {narrow(), wide(), wide(), wide()}; }

    Bytes bytes(std::size_t limit) {
        static constexpr std::string_view kTricky = "\r\n\t\\\"|# =";
        const std::uint64_t style = below(4);
        Bytes out(below(limit + 1), '\0');
        for (char& c : out) {
            c = style == 0   ? static_cast<char>(below(256))
                : style == 1 ? kTricky[below(kTricky.size())]
                             : static_cast<char>('a' + below(26));
        }
        return out;
    }
    Endpoint endpoint() {
        Endpoint out;
        out.address.family = pick<IpAddress::Family>(3);
        const std::size_t length = out.address.family == IpAddress::Family::none ? 0
                                   : out.address.family == IpAddress::Family::v4 ? 4
                                                                                 : 16;
        const bool mapped = length == 16 && below(3) == 0;
        for (std::size_t i = 0; i < length; ++i) {
            out.address.bytes[i] =
                static_cast<std::uint8_t>(mapped && i < 12 ? (i < 10 ? 0 : 255) : below(256));
        }
        out.port = length == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(below(65536));
        return out;
    }
    TlsInfo tls() {
        TlsInfo out{bytes(20), bytes(8),     bytes(20),     bytes(40), bytes(10),
                    {},        std::nullopt, below(2) == 0, bytes(15), bytes(12)};
        for (std::uint64_t i = below(4); i > 0; --i) {
            out.offered_alpn.push_back(bytes(9));
        }
        if (below(2) == 0) {
            out.handshake = nanoseconds(static_cast<std::int64_t>(wide()));
        }
        return out;
    }

    std::mt19937_64 random_;
    Bytes payload_;
};

/// Gives its bytes in pieces of any size, as a pipe may.
class SlowInput final : public InputStream {
  public:
    SlowInput(Bytes bytes, std::size_t piece) : all_(std::move(bytes)), piece_(piece) {}
    Result<std::size_t> read(std::span<char> into) override {
        return all_.read(into.first(std::min(piece_, into.size())));
    }
    const std::string& name() const override { return all_.name(); }

  private:
    MemoryInputStream all_;
    std::size_t piece_;
};

class RoundTrip : public testing::TestWithParam<unsigned> {};

TEST_P(RoundTrip, GivesBackEqualEventsInPrintableAscii) {
    RandomEvents random(GetParam());
    MemoryOutputStream file;
    test::RecordedEvents written;
    const Origin origin{.kernel = "6.18.0 \"x\"", .tool = "test", .clock_offset = nanoseconds(-5)};
    TraceWriter writer(file, [&] { return origin; });
    for (int i = 0; i < 400; ++i) {
        const CaptureEvent event = random.next();
        written.on_event(event);
        writer.on_event(event);
    }
    for (const char c : file.bytes()) {
        ASSERT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F));
    }
    EXPECT_EQ(file.bytes().find(" \n"), Bytes::npos) << "blanks at the end of a line get lost in editors";

    for (const std::size_t piece : {std::size_t{1'000'000'000}, std::size_t{7}, std::size_t{4099}}) {
        TraceReader reader(std::make_unique<SlowInput>(file.bytes(), piece));
        test::RecordedEvents read;
        const auto result = test::drain(reader, read);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(reader.origin(), origin);
        EXPECT_EQ(reader.skipped(), 0U);
        ASSERT_EQ(read.events().size(), written.events().size());
        for (std::size_t i = 0; i < read.events().size(); ++i) {
            EXPECT_TRUE(read.events()[i] == written.events()[i]) << "event " << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoundTrip, testing::Range(0U, 12U));

}  // namespace
}  // namespace sslsniff
