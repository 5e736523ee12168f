// Random values, encoded in any of the forms RESP allows, must come out of the reader as they went in,
// however the bytes are cut.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "protocols/redis/resp_reader.h"

namespace sslsniff::redis {
namespace {

class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    /// Appends one value to `wire` and its notation to `meaning`.
    void value(int depth, bool attributes = true) {
        if (attributes && depth > 0 && pick(20) == 0) {
            wire += "|1\r\n";
            meaning += "|";
            value(0, false);
            value(0, false);
        }
        switch (pick(depth > 0 ? 16 : 11)) {
            case 0:
                return scalar("+", "S", word());
            case 1:
                return scalar("-", "E", "ERR " + word());
            case 2:
                return scalar(":", "I", std::to_string(static_cast<long>(random_()) - (1L << 31)));
            case 3:
                return scalar(",", "D", pick(5) == 0 ? "-inf" : fmt::format("{}.{}", pick(999), pick(99)));
            case 4:
                return scalar("#", "B", pick(2) == 0 ? "t" : "f");
            case 5:
                return scalar("(", "N", "-" + std::string(pick(40) + 1, '7'));
            case 6:
                wire += pick(2) == 0 ? "_\r\n" : pick(2) == 0 ? "$-1\r\n" : "*-1\r\n";
                meaning += "null ";
                return;
            case 7:
                return streamed_string();
            case 8:
                return bulk("=", "V", "txt:" + bytes());
            case 9:
                return bulk("!", "X", bytes());
            case 10:
                return bulk("$", "$", bytes());
            case 11:
                return aggregate('%', depth, 2);
            case 12:
                return aggregate('~', depth, 1);
            case 13:
                return streamed_array(depth);
            default:
                return aggregate('*', depth, 1);
        }
    }
    std::size_t pick(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
    }

    std::string wire;
    std::string meaning;

  private:
    std::string word() { return std::string(pick(12), 'w'); }
    std::string bytes() {
        std::string out(pick(30), 0);
        for (char& c : out) {
            c = pick(3) == 0 ? "\r\n$*+-:"[pick(7)] : static_cast<char>(pick(256));
        }
        return out;
    }
    void scalar(std::string_view type, std::string_view mark, const std::string& text) {
        wire += fmt::format("{}{}\r\n", type, text);
        meaning += fmt::format("{}{}'{}' ", mark, text.size(), text);
    }
    void bulk(std::string_view type, std::string_view mark, const std::string& text) {
        wire += fmt::format("{}{}\r\n{}\r\n", type, text.size(), text);
        meaning += fmt::format("{}{}'{}' ", mark, text.size(), text);
    }
    void streamed_string() {
        wire += "$?\r\n";
        std::string all;
        for (std::size_t n = pick(4); n > 0; --n) {
            const std::string chunk = bytes() + "x";
            wire += fmt::format(";{}\r\n{}\r\n", chunk.size(), chunk);
            all += chunk;
        }
        wire += ";0\r\n";
        meaning += fmt::format("${}'{}' ", all.size(), all);
    }
    void aggregate(char type, int depth, std::size_t per_entry) {
        const std::size_t entries = pick(4);
        wire += fmt::format("{}{}\r\n", type, entries);
        meaning += fmt::format("{}{}( ", type, entries * per_entry);
        for (std::size_t n = 0; n < entries * per_entry; ++n) {
            value(depth - 1);
        }
        meaning += ") ";
    }
    void streamed_array(int depth) {
        const std::size_t entries = pick(4);
        wire += "*?\r\n";
        meaning += fmt::format("*{}( ", entries);
        for (std::size_t n = 0; n < entries; ++n) {
            value(depth - 1);
        }
        wire += ".\r\n";
        meaning += ") ";
    }
    std::mt19937 random_;
};

std::size_t describe(const RespValue& value, std::size_t index, std::string& out) {
    static constexpr std::string_view kMarks = "?SEI$*DBXVN%~|>";
    while (value.nodes.at(index).type == RespType::attribute) {
        out += "|";
        index = describe(value, describe(value, index + 1, out), out);
    }
    const RespNode& node = value.nodes.at(index);
    const char mark = kMarks[static_cast<std::size_t>(node.type)];
    if (node.type == RespType::null) {
        out += "null ";
    } else if (!is_aggregate(node.type)) {
        out += fmt::format("{}{}'{}' ", mark, node.size, value.text_of(node));
    } else {
        out += fmt::format("{}{}( ", mark, node.size);
        std::size_t at = index + 1;
        for (std::uint64_t n = 0; n < node.size; ++n) {
            at = describe(value, at, out);
        }
        out += ") ";
        EXPECT_EQ(at, next_index(value, index));
    }
    return is_aggregate(node.type) ? next_index(value, index) : index + 1;
}

TEST(RespReader, ReturnsRandomValuesAsTheyWent) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        Generator generator(seed);
        for (int i = 0; i < 3; ++i) {
            generator.value(4);
        }
        RespReader reader(RespReader::Grammar::replies, {});
        std::string read;
        std::uint64_t wire_size = 0;
        for (ByteView left = generator.wire; !left.empty();) {
            ByteView chunk = left.substr(0, generator.pick(seed % 2 == 0 ? 4 : 200) + 1);
            left.remove_prefix(chunk.size());
            while (!chunk.empty()) {
                const RespReader::Result result = reader.read(chunk);
                ASSERT_NE(result, RespReader::Result::malformed) << seed << generator.meaning;
                if (result == RespReader::Result::value) {
                    const RespValue value = reader.take();
                    EXPECT_FALSE(value.truncated);
                    wire_size += value.wire_size;
                    describe(value, 0, read);
                }
            }
        }
        EXPECT_TRUE(reader.at_boundary());
        ASSERT_EQ(read, generator.meaning) << "seed " << seed;
        ASSERT_EQ(wire_size, generator.wire.size());
    }
}

TEST(RespReader, KeepsWithinItsLimits) {
    RespLimits limits;
    limits.max_nodes = 10;
    limits.max_text = 20;
    for (unsigned seed = 0; seed < 500; ++seed) {
        Generator generator(seed);
        generator.value(5);
        RespReader reader(RespReader::Grammar::replies, limits);
        ByteView left = generator.wire;
        ASSERT_EQ(reader.read(left), RespReader::Result::value);
        const RespValue value = reader.take();
        EXPECT_LE(value.nodes.size(), 10);
        EXPECT_LE(value.text.size(), 20);
        EXPECT_LE(root_index(value), value.nodes.size());
    }
}

TEST(RespReader, RefusesWhatIsNotResp) {
    for (const std::string_view text :
         {"HTTP/1.1 200\r\n", "$x\r\n", "$-2\r\n", "*3000000000\r\n", ":\r\n", "#x\r\n", "_x\r\n",
          "$1\r\nab\r\n", ";3\r\n", ".\r\n", "+a\nb\r\n", "$?\r\n+a\r\n", ",1.2.3\r\n", "%-1\r\n"}) {
        RespReader reader(RespReader::Grammar::replies, {});
        ByteView left = text;
        EXPECT_EQ(reader.read(left), RespReader::Result::malformed) << text;
    }
}

TEST(RespReader, BoundsDepth) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "*1\r\n";
    }
    RespReader reader(RespReader::Grammar::replies, {});
    ByteView left = deep;
    EXPECT_EQ(reader.read(left), RespReader::Result::malformed);
}

}  // namespace
}  // namespace sslsniff::redis
