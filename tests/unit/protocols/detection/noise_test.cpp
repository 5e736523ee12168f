// Properties of detection: what is made of noise, or cut anywhere out of a foreign protocol, is claimed by
// none.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "base/endian.h"
#include "support/foreign.h"

namespace sslsniff {
namespace {

using test::Foreign;

class Noise {
  public:
    explicit Noise(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    char byte() { return static_cast<char>(random_()); }

    std::string uniform() {
        return make(300, [this] { return byte(); });
    }
    /// As headers of binary protocols: mostly zeros and small numbers.
    std::string small_numbers() {
        return make(200, [this] {
            return one_in(3) ? static_cast<char>(below(8)) : one_in(8) ? byte() : '\0';
        });
    }
    std::string printable() {
        return make(300, [this] { return static_cast<char>(' ' + below(95)); });
    }
    /// Lines of words, with the punctuation that RESP and HTTP have too.
    std::string lines() {
        std::string out;
        for (std::size_t line = 1 + below(6); line > 0; --line) {
            static constexpr std::string_view kSigns = "+-:$*_,#!=(%~|>/";
            out += one_in(3) ? std::string(1, kSigns[below(kSigns.size())]) : "";
            for (std::size_t word = below(6); word > 0; --word) {
                const std::size_t letters = 5 + below(8);
                for (std::size_t i = 0; i < letters; ++i) {
                    out += static_cast<char>((one_in(9) ? 'A' : 'a') + below(26));
                }
                out += one_in(5) ? ":" : " ";
                out += one_in(4) ? std::to_string(below(1000)) + " " : "";
            }
            out += one_in(8) ? "\n" : "\r\n";
        }
        return out;
    }
    /// Messages behind their length in two or four bytes, which may count itself.
    std::string messages() {
        const bool wide = one_in(2);
        const std::size_t counted = one_in(2) ? (wide ? 4 : 2) : 0;
        std::string out;
        for (std::size_t message = 1 + below(4); message > 0; --message) {
            const std::string content = one_in(2) ? small_numbers() : uniform();
            const std::size_t size = content.size() + counted;
            wide ? append_be(out, static_cast<std::uint32_t>(size))
                 : append_be(out, static_cast<std::uint16_t>(size));
            out += content;
        }
        return out;
    }
    std::string any(std::size_t kind) {
        switch (kind) {
            case 0:
                return uniform();
            case 1:
                return small_numbers();
            case 2:
                return printable();
            case 3:
                return lines();
            default:
                return messages();
        }
    }
    static constexpr std::size_t kKinds = 5;

    /// Each piece in chunks of random size.
    test::Conversation chunked(const test::Conversation& whole) {
        test::Conversation out;
        for (const test::Piece& piece : whole) {
            std::string_view left = piece.bytes;
            while (!left.empty()) {
                const std::size_t size =
                    1 + below(one_in(2) ? left.size() : std::min<std::size_t>(left.size(), 9));
                out.push_back({piece.direction, std::string(left.substr(0, size)), true});
                left.remove_prefix(size);
            }
        }
        return out;
    }

  private:
    template <class Make>
    std::string make(std::size_t most, Make next) {
        std::string out(1 + below(most), 0);
        std::ranges::generate(out, next);
        return out;
    }

    std::mt19937 random_;
};

void expect_unknown(const Foreign& foreign, bool midstream, const std::string& how) {
    const auto result = test::play_foreign(foreign, midstream);
    ASSERT_TRUE(result.lines.empty()) << how << ": " << result.lines.front();
    ASSERT_EQ(result.connections.size(), 1);
    ASSERT_EQ(result.connections[0].protocol, "") << how << (midstream ? ", midstream" : "");
}

TEST(Detection, LeavesConnectionsOfNoiseUnknown) {
    Noise noise(60);
    for (int trial = 0; trial < 60'000; ++trial) {
        Foreign foreign;
        foreign.udp = trial % 4 == 0;
        const std::size_t kind = noise.below(Noise::kKinds);
        for (std::size_t piece = 1 + noise.below(6); piece > 0; --piece) {
            const auto direction = noise.one_in(2) ? Direction::sent : Direction::received;
            foreign.conversation.push_back({direction, noise.any(kind), true});
        }
        if (!foreign.udp) {
            foreign.conversation = noise.chunked(foreign.conversation);
        }
        expect_unknown(foreign, trial % 3 == 0,
                       "trial " + std::to_string(trial) + ", kind " + std::to_string(kind));
        if (HasFatalFailure()) {
            return;
        }
    }
}

/// A capture that joins anywhere, or ends anywhere, and reads that return any number of bytes.
TEST(Detection, LeavesAnyPartOfForeignProtocolsUnknown) {
    Noise noise(61);
    for (const Foreign& whole : test::foreign_conversations(SSLSNIFF_FIXTURES "/foreign")) {
        if (whole.name == "icap" || whole.name == "json_lines") {
            continue;  // they carry messages of HTTP: who joins at one sees just that
        }
        for (int trial = 0; trial < 200; ++trial) {
            Foreign part = whole;
            auto& pieces = part.conversation;
            pieces.erase(pieces.begin(),
                         pieces.begin() + static_cast<std::ptrdiff_t>(noise.below(pieces.size())));
            if (!whole.udp) {
                std::string& first = pieces.front().bytes;
                first.erase(0, noise.below(first.size()));
                std::string& last = pieces.back().bytes;
                last.erase(1 + noise.below(last.size()));
                pieces = noise.chunked(pieces);
            }
            expect_unknown(part, noise.one_in(2), whole.name + " in trial " + std::to_string(trial));
            if (HasFatalFailure()) {
                return;
            }
        }
    }
}

/// A capture that joins between messages, the carried ones being RESP: they are claimed by their carrier, or
/// by nothing.
TEST(Detection, LeavesCarriersOfRespToTheirProtocol) {
    std::size_t joins = 0;
    std::size_t known = 0;
    for (Foreign carrier : test::foreign_conversations(SSLSNIFF_FIXTURES "/known")) {
        const std::string own = carrier.name.substr(0, carrier.name.find('_'));
        while (carrier.name.ends_with("_resp") && !carrier.conversation.empty()) {
            Foreign other = carrier;
            other.conversation = test::from_other_end(carrier.conversation);
            for (const Foreign& end : {carrier, other}) {
                for (const bool midstream : {false, true}) {
                    const auto result = test::play_foreign(end, midstream);
                    ASSERT_EQ(result.connections.size(), 1);
                    const std::string& protocol = result.connections[0].protocol;
                    EXPECT_TRUE(protocol.empty() || protocol == own) << own << ": " << protocol;
                    known += protocol == own ? 1 : 0;
                }
            }
            carrier.conversation.erase(carrier.conversation.begin());
            ++joins;
        }
    }
    EXPECT_GT(joins, 10U);
    EXPECT_GT(known, 2 * joins);
}

}  // namespace
}  // namespace sslsniff
