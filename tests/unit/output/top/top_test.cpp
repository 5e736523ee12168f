#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "output/top/screen.h"
#include "output/top/top_controller.h"
#include "output/top/top_model.h"
#include "output/top/top_view.h"
#include "support/fake_exchange.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Key::Kind;
using test::at_us;

Timestamp second(int number) {
    return at_us(0) + seconds(number);
}

FieldTable http_table() {
    static constexpr std::array<FieldSpec, 1> kStatus{{{"response.status", FieldType::number, "status"}}};
    static constexpr std::array<std::span<const FieldSpec>, 1> kProtocols{kStatus};
    return FieldTable(kProtocols);
}

class TopTest : public testing::Test {
  protected:
    void say(const std::string& target, int when, int status = 200, Duration duration = milliseconds(2)) {
        auto exchange = std::make_unique<test::FakeExchange>();
        const bool failed = status >= 500;
        exchange->text = {.request = "GET " + target,
                          .response = std::to_string(status),
                          .tone = failed ? Summary::Tone::server_error : Summary::Tone::normal};
        exchange->said = {.operation = "GET",
                          .target = target,
                          .outcome = failed ? Outcome::server_error : Outcome::ok,
                          .error_type = {},
                          .request_bytes = 10,
                          .response_bytes = 2000};
        exchange->fields = [status](FieldWriter& writer) {
            writer.begin_object("response");
            writer.number("status", status);
            writer.end_object();
        };
        exchange->lines = {{'>', "GET " + target + " HTTP/1.1"}, {'<', "X-Answer: \x1b[31m"}};
        const Timestamp start = second(when);
        model_.on_transaction(
            {connection_,
             {.start = start, .request_end = start, .response_start = start, .end = start + duration},
             {},
             std::move(exchange)});
    }

    void press(std::string_view characters) {
        for (const char c : characters) {
            controller_.press({Kind::character, static_cast<char32_t>(c)});
        }
    }
    void press(Kind kind) { controller_.press({kind}); }

    std::vector<std::string> lines(ScreenSize size = {12, 120}) {
        std::vector<std::string> lines;
        for (const ScreenLine& line : controller_.draw(size).lines) {
            std::string text;
            for (const ScreenText& span : line) {
                text += span.text;
            }
            lines.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
        }
        return lines;
    }
    std::string row(std::size_t number) { return lines().at(3 + number); }
    std::size_t rows() {
        const auto all = lines();
        return static_cast<std::size_t>(std::ranges::count_if(
            all.begin() + 3, all.end() - 1, [](const auto& line) { return !line.empty(); }));
    }

    ConnectionInfo connection_ = test::sample_connection();
    TopModel model_{{}, {}};
    std::string saved_path_;
    std::string saved_;
    TopController controller_{
        model_, [](std::string_view expression) { return WhereFilter::parse(expression, http_table()); },
        [this](const std::string& path, std::string_view text) -> Result<void> {
            if (path == "taken") {
                return fail("it is there already");
            }
            saved_path_ = path;
            saved_ = text;
            return {};
        },
        [](Timestamp time) { return rfc3339(time).substr(11, 8); }};
};

TEST_F(TopTest, RowsSayHowOftenAndHowFast) {
    for (int i = 0; i < 20; ++i) {
        say("https://h/users/" + std::to_string(i), i);
    }
    say("https://h/slow", 19, 503, milliseconds(400));
    model_.tick(second(20));
    const auto all = lines();
    EXPECT_TRUE(all[0].contains("21 transactions")) << all[0];
    EXPECT_TRUE(all[2].contains("COUNT")) << all[2];
    EXPECT_TRUE(row(0).contains("GET /users/{n}")) << row(0);
    EXPECT_TRUE(row(0).contains("    20    1.0     0   2.0ms")) << row(0);
    EXPECT_TRUE(row(1).contains("     1    0.1     1   400ms")) << row(1);
    EXPECT_EQ(rows(), 2);
}

TEST_F(TopTest, RatesFallWhenNothingComes) {
    for (int i = 0; i < 100; ++i) {
        say("https://h/a", 10);
    }
    model_.tick(second(15));
    EXPECT_TRUE(row(0).contains("   20.0") || row(0).contains(" 20 ")) << row(0);
    model_.tick(second(25));
    EXPECT_TRUE(row(0).contains("   100    0.0")) << row(0);
    model_.tick(second(200));
    EXPECT_EQ(rows(), 0) << "nothing in the last minute";
    press("w");
    EXPECT_TRUE(row(0).contains("   100    0.0")) << row(0);
}

TEST_F(TopTest, OrderAndItsReverse) {
    say("https://h/often", 1);
    say("https://h/often", 1);
    say("https://h/slow", 1, 200, milliseconds(900));
    model_.tick(second(3));
    EXPECT_TRUE(row(0).contains("/often"));
    press(">>");  // by errors, by median
    EXPECT_TRUE(row(0).contains("/slow"));
    press("r");
    EXPECT_TRUE(row(0).contains("/often"));
    press("<<");
    EXPECT_TRUE(row(0).contains("/often")) << "another column begins with the most";
}

TEST_F(TopTest, FromAServiceToAByte) {
    say("https://h/a", 1);
    say("https://h/b", 1, 500);
    model_.tick(second(3));
    press("1");
    EXPECT_EQ(rows(), 1);
    EXPECT_FALSE(row(0).contains("/a")) << row(0);
    press(Kind::enter);  // its peers
    EXPECT_EQ(rows(), 1);
    press(Kind::enter);  // their endpoints
    EXPECT_EQ(rows(), 2);
    press(Kind::down);
    press(Kind::enter);  // transactions of one
    EXPECT_EQ(rows(), 1);
    EXPECT_TRUE(row(0).contains("GET https://h/b")) << row(0);
    press(Kind::enter);
    EXPECT_EQ(rows(), 2);
    EXPECT_TRUE(row(0).contains("> GET https://h/b HTTP/1.1")) << row(0);
    EXPECT_TRUE(row(1).contains("X-Answer: \\x1b[31m")) << row(1);
    press(Kind::back);
    EXPECT_TRUE(row(0).contains("GET https://h/b"));
    press(Kind::back);
    EXPECT_EQ(rows(), 2);
    press(Kind::back);
    press(Kind::back);
    EXPECT_EQ(rows(), 1);
    EXPECT_FALSE(row(0).contains("/a"));
    press(Kind::back);
    EXPECT_EQ(rows(), 1) << "there is nothing above";
}

TEST_F(TopTest, AFilterThatIsTyped) {
    say("https://h/a", 1);
    press("/status >= 50x");
    press(Kind::erase);
    press("0");
    EXPECT_TRUE(lines().back().contains("where: status >= 500"));
    EXPECT_TRUE(controller_.draw({12, 80}).cursor.has_value());
    press(Kind::enter);
    EXPECT_EQ(rows(), 0) << "what was counted is forgotten";
    say("https://h/a", 2);
    say("https://h/b", 2, 503);
    model_.tick(second(4));
    EXPECT_EQ(rows(), 1);
    EXPECT_TRUE(row(0).contains("/b"));
    press("/");
    press(" and nonsense");
    press(Kind::enter);
    EXPECT_TRUE(lines().back().contains("nonsense")) << lines().back();
    say("https://h/a", 5);
    EXPECT_EQ(rows(), 1) << "the filter stays";
    press("/");
    for (int i = 0; i < 40; ++i) {
        press(Kind::erase);
    }
    press(Kind::enter);
    say("https://h/a", 6);
    EXPECT_EQ(rows(), 1);
    EXPECT_TRUE(row(0).contains("/a"));
}

TEST_F(TopTest, APausedScreenStandsStill) {
    say("https://h/a", 1);
    lines();
    press("p");
    const auto before = lines();
    say("https://h/b", 1);
    press(" ");
    EXPECT_EQ(rows(), 2);
    EXPECT_TRUE(before[0].contains("1 transactions"));
}

TEST_F(TopTest, TheLatestTransactionIsFollowed) {
    for (int i = 0; i < 30; ++i) {
        say("https://h/n/" + std::to_string(i), i);
    }
    EXPECT_EQ(rows(), 1);
    press(Kind::enter);
    EXPECT_TRUE(row(7).contains("/n/29")) << row(7);
    say("https://h/n/30", 31);
    EXPECT_TRUE(row(7).contains("/n/30")) << row(7);
    press(Kind::up);
    say("https://h/n/31", 32);
    EXPECT_TRUE(row(7).contains("/n/30")) << row(7);
    press(Kind::first);
    EXPECT_TRUE(row(0).contains("/n/0")) << row(0);
}

TEST_F(TopTest, WhatIsSelectedIsSaved) {
    say("https://h/a", 1);
    say("https://h/b", 1);
    lines();
    press("s");
    for (int i = 0; i < 20; ++i) {
        press(Kind::erase);
    }
    press("out");
    press(Kind::enter);
    EXPECT_EQ(saved_path_, "out");
    EXPECT_EQ(std::ranges::count(saved_, '\n'), 1) << saved_;
    EXPECT_TRUE(saved_.starts_with("{\"schema\""));
    EXPECT_TRUE(lines().back().contains("1 transaction saved to out"));
    press("s");
    for (int i = 0; i < 20; ++i) {
        press(Kind::erase);
    }
    press("out.har");
    press(Kind::enter);
    EXPECT_TRUE(saved_.starts_with("{\"log\":{\"version\":\"1.2\"")) << saved_;
    EXPECT_TRUE(saved_.ends_with("]}}\n")) << saved_;
    EXPECT_TRUE(lines().back().contains(" saved to out.har"));
    saved_path_.clear();
    press("s");
    for (int i = 0; i < 20; ++i) {
        press(Kind::erase);
    }
    press("out.pcapng");
    press(Kind::enter);
    EXPECT_EQ(saved_path_, "");
    EXPECT_TRUE(lines().back().contains("start top with -w FILE")) << lines().back();
    press("s");
    for (int i = 0; i < 20; ++i) {
        press(Kind::erase);
    }
    press("taken");
    press(Kind::enter);
    EXPECT_TRUE(lines().back().contains("it is there already"));
}

TEST_F(TopTest, AnyTerminalWillDo) {
    connection_.remote_name = "h\x1b[1m\xe4\xb8\xad\xe6\x96\x87";
    for (int i = 0; i < 100; ++i) {
        say("https://h/" + std::string(static_cast<std::size_t>(i), 'x'), i);
    }
    for (const std::size_t rows : {1UL, 2UL, 4UL, 5UL, 24UL, 200UL}) {
        for (const std::size_t columns : {1UL, 10UL, 40UL, 80UL, 300UL}) {
            for (const Kind kind :
                 {Kind::last, Kind::enter, Kind::enter, Kind::page_up, Kind::back, Kind::back}) {
                press(kind);
                const Screen screen = controller_.draw({rows, columns});
                EXPECT_LE(screen.lines.size(), std::max<std::size_t>(rows, 4));
            }
            press("?");
            EXPECT_LE(controller_.draw({rows, columns}).lines.size(), rows);
            press("x");
        }
    }
    press("q");
    EXPECT_TRUE(controller_.wants_to_quit());
}

TEST_F(TopTest, GroupsAndTransactionsAreBounded) {
    for (int i = 0; i < 3000; ++i) {
        std::string letters;
        for (int rest = i; rest > 0; rest /= 26) {
            letters += static_cast<char>('a' + rest % 26);
        }
        say("https://h/" + letters, 1, 500);
    }
    EXPECT_EQ(model_.table().rows({}, 3, TopSpan::all).size(), Statistics::kMostGroups + 1);
    EXPECT_EQ(model_.kept().with({}).size(), 300) << "of a second, errors first";
}

TEST(TopScreen, TextIsCutAndFilledByColumns) {
    EXPECT_EQ(fit_left("abc", 5), "abc  ");
    EXPECT_EQ(fit_right("abc", 5), "  abc");
    EXPECT_EQ(cut("abcdef", 4), "abc…");
    EXPECT_EQ(cut("abcdef", 0), "");
    EXPECT_EQ(cut("äöü", 3), "äöü");
    EXPECT_EQ(width_of("äöü"), 3);
}

TEST(TopScreen, SparklinesFillTheirHeight) {
    EXPECT_EQ(sparkline(std::array<std::uint32_t, 4>{0, 1, 4, 8}), " ▁▄█");
    EXPECT_EQ(sparkline(std::array<std::uint32_t, 2>{0, 0}), "  ");
    EXPECT_EQ(sparkline(std::array<std::uint32_t, 2>{4'000'000'000U, 1}), "█▁");
}

}  // namespace
}  // namespace sslsniff
