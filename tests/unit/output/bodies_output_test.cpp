#include "output/bodies/bodies_output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "output/bodies/body_file.h"
#include "output/bodies/file_name.h"
#include "support/deflate.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

namespace fs = std::filesystem;
using Remarks = std::vector<std::string>;

std::string gzip(std::string_view plain) {
    return test::deflated(plain, 31);
}

/// An exchange with a body, as an HTTP response has it.
class BodyExchange final : public Exchange {
  public:
    std::string_view protocol() const override { return "http/1.1"; }
    Summary summary() const override { return {}; }
    Facts facts() const override { return {}; }
    void write_fields(FieldWriter& writer) const override {
        writer.begin_object("request");
        writer.text("url", url);
        writer.end_object();
        writer.begin_object("response");
        writer.body("body", body);
        writer.end_object();
    }
    void write_details(DetailWriter&) const override {}
    std::size_t held() const override { return sizeof(*this); }

    std::string url;
    Body body;
};

class BodiesOutputTest : public testing::Test {
  protected:
    BodiesOutputTest() {
        std::string name = fs::temp_directory_path() / "sslsniff-bodies-XXXXXX";
        root_ = ::mkdtemp(name.data());
        output_ = std::make_unique<BodiesOutput>(path(), UINT64_MAX, rules_);
        EXPECT_TRUE(output_->open({}));
    }
    ~BodiesOutputTest() override { fs::remove_all(root_); }

    FileRules rules_;
    std::string path() const { return root_ / "bodies"; }

    std::unique_ptr<BodyExchange> exchange(std::string url, const std::string& bytes,
                                           std::string encoding = "", std::string type = "") {
        auto made = std::make_unique<BodyExchange>();
        made->url = std::move(url);
        made->body.size = bytes.size();
        made->body.content_type = std::move(type);
        made->body.record = output_->bodies()->open(encoding);
        for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
            made->body.record->write(ByteView(bytes).substr(at, 10'000));
        }
        return made;
    }
    /// The name it was saved under.
    std::string save(std::unique_ptr<BodyExchange> exchange, bool ended = true) {
        if (ended) {
            exchange->body.record->end();
        }
        Timing timing;
        timing.start = Timestamp(std::chrono::seconds(1'769'860'801) + std::chrono::microseconds(123'456));
        const auto record = exchange->body.record;
        output_->transactions()->on_transaction({connection_, timing, {}, std::move(exchange)});
        return record->name();
    }
    /// What is told of it at the end.
    Remarks unsaved() {
        EXPECT_TRUE(output_->finish());
        return output_->take_remarks();
    }
    std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (const auto& entry : fs::directory_iterator(path())) {
            std::ifstream file(entry.path(), std::ios::binary);
            all[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
        }
        return all;
    }

    fs::path root_;
    ConnectionInfo connection_ = test::sample_connection();
    std::unique_ptr<BodiesOutput> output_;
};

std::string large() {
    std::string out;
    for (int i = 0; out.size() < 300'000; ++i) {
        out += std::to_string(i) + ",";
    }
    return out;
}

TEST_F(BodiesOutputTest, WritesWholeBodiesDecoded) {
    const std::string small =
        save(exchange("https://h/a/b.txt?c=d/e", "hello", "", "text/plain; charset=utf-8"));
    const std::string coded = save(exchange("https://h/data", gzip(large()), "gzip", "application/json"));
    EXPECT_EQ(small, "20260131T120001.123456-4242.17-response-b.txt");
    EXPECT_EQ(coded, "20260131T120001.123456-4242.17-response-data.json");
    EXPECT_EQ(files(), (std::map<std::string, std::string>{{small, "hello"}, {coded, large()}}));
    struct stat status{};
    ASSERT_EQ(::stat((path() + "/" + coded).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    EXPECT_FALSE(output_->is_done());
}

TEST_F(BodiesOutputTest, NeverOverwrites) {
    const std::string first = save(exchange("https://h/x", "one"));
    const std::string second = save(exchange("https://h/x", "two"));
    const std::string third = save(exchange("https://h/x", large()));
    EXPECT_EQ(second, first + "~2");
    EXPECT_EQ(third, first + "~3");
    EXPECT_EQ(files().at(first), "one");
    EXPECT_EQ(files().at(third), large());
}

/// Pipelined answers in one packet have one time, one connection and perhaps one URL.
TEST_F(BodiesOutputTest, NamesThatRepeatCostNoSearch) {
    constexpr std::uint32_t kBodies = 1000;
    std::uint32_t tried = 0;
    const auto names = [&](std::uint32_t repetition) {
        ++tried;
        return "body~" + std::to_string(repetition);
    };
    for (int run = 0; run < 2; ++run) {  // the second finds the files of the first
        output_ = std::make_unique<BodiesOutput>(path(), UINT64_MAX, rules_);
        ASSERT_TRUE(output_->open({}));
        for (std::uint32_t i = 0; i < kBodies; ++i) {
            const auto body = output_->bodies()->open("");
            body->write("x");
            body->end();
            dynamic_cast<BodyFile&>(*body).keep(names);
        }
    }
    EXPECT_FALSE(output_->is_done());
    EXPECT_EQ(files().size(), 2 * kBodies);
    EXPECT_LT(tried, 6 * kBodies);
}

TEST_F(BodiesOutputTest, NamesFromPeersStayHarmless) {
    const std::vector<std::string> urls = {"https://h/../../etc/passwd",
                                           "https://h/%2e%2e%2fetc",
                                           "https://h/..",
                                           "https://h/.bashrc",
                                           "",
                                           "https://h",
                                           "https://h/a\nb\x1b[2J\\..\\c",
                                           "/\xff\xfe",
                                           "https://h/" + std::string(5000, 'x') + "/..;/..",
                                           std::string("https://h/a\0b", 13),
                                           "https://h/-rf *",
                                           "../x",
                                           "https://h//",
                                           "https://h/...~"};
    for (const std::string& url : urls) {
        const std::string name = save(exchange(url, "x"));
        EXPECT_LT(name.size(), 160U) << name;
        EXPECT_EQ(
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~"),
            std::string::npos)
            << name;
        EXPECT_TRUE(name.starts_with("2026")) << name;
    }
    EXPECT_EQ(files().size(), urls.size());
    EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

TEST_F(BodiesOutputTest, FollowsNoSymbolicLinks) {
    const fs::path target = root_ / "target";
    const std::string name = save(exchange("https://h/x", "one"));
    fs::create_symlink(target, path() + "/" + name + "~2");
    EXPECT_EQ(save(exchange("https://h/x", "two")), name + "~3");
    EXPECT_FALSE(fs::exists(target));
}

TEST_F(BodiesOutputTest, SaysWhatIsNotWhole) {
    auto gap = exchange("https://h/gap", "before");
    gap->body.record->miss();
    gap->body.record->write("after");
    EXPECT_TRUE(save(std::move(gap)).ends_with("-gap.incomplete"));
    EXPECT_TRUE(save(exchange("https://h/cut", large()), false).ends_with("-cut.incomplete"));
    EXPECT_TRUE(save(exchange("https://h/coded", "abc", "compress")).ends_with("-coded.coded"));
    const std::string cut = gzip(large()).substr(0, 50'000);
    const std::string name = save(exchange("https://h/part", cut, "gzip"));
    EXPECT_TRUE(name.ends_with("-part.incomplete"));
    EXPECT_GT(files().at(name).size(), 50'000U);
    EXPECT_TRUE(large().starts_with(files().at(name)));
}

TEST_F(BodiesOutputTest, KeepsNothingOfWhatIsNotShown) {
    {
        const auto dropped = exchange("https://h/x", large());
        EXPECT_EQ(files().size(), 1U);  // a part
    }
    EXPECT_EQ(files().size(), 0U);
    EXPECT_EQ(save(exchange("https://h/empty", "")), "");
    EXPECT_EQ(files().size(), 0U);
}

TEST_F(BodiesOutputTest, ManyBodiesAtOnceNeedNoDescriptors) {
    std::vector<std::unique_ptr<BodyExchange>> all;
    for (int i = 0; i < 2000; ++i) {
        all.push_back(exchange("https://h/x" + std::to_string(i), ""));
    }
    const std::string piece(70'000, 'y');
    for (auto& one : all) {
        one->body.record->write(piece);
    }
    EXPECT_LT(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()), 100);
    EXPECT_EQ(files().size(), 2000U);
    EXPECT_FALSE(output_->is_done());
}

TEST_F(BodiesOutputTest, BoundsDecoders) {
    std::vector<std::unique_ptr<BodyExchange>> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(exchange("https://h/x" + std::to_string(i), gzip("hello"), "gzip"));
    }
    EXPECT_TRUE(save(std::move(all[0])).ends_with("-x0"));
    EXPECT_TRUE(save(std::move(all[199])).ends_with("-x199.coded"));
    EXPECT_EQ(files().begin()->second, "hello");
    all.clear();
    EXPECT_TRUE(save(exchange("https://h/later", gzip("hello"), "gzip")).ends_with("-later"));
}

TEST_F(BodiesOutputTest, KeepsToItsQuota) {
    constexpr std::uint64_t kBlock = 4096;
    output_ = std::make_unique<BodiesOutput>(path(), 20 * kBlock, rules_);
    ASSERT_TRUE(output_->open({}));
    // Small files count as the block they need on disk.
    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(save(exchange("https://h/small", "x")), "");
    }
    {
        const auto dropped = exchange("https://h/x", std::string(16 * kBlock, 'x'));
        EXPECT_EQ(files().size(), 4U);
    }
    EXPECT_NE(save(exchange("https://h/fits", std::string(16 * kBlock, 'x'))),
              "");  // its room was given back
    EXPECT_TRUE(output_->flush().value());
    EXPECT_TRUE(output_->take_remarks().empty());
    EXPECT_EQ(unsaved(), Remarks{});

    auto under_way = exchange("https://h/more", std::string(100, 'x'));
    EXPECT_EQ(save(exchange("https://h/too-much", std::string(kBlock + 1, 'x'))), "");
    EXPECT_TRUE(output_->flush().value());
    EXPECT_EQ(output_->take_remarks(),
              Remarks{"the saved bodies have reached --max-saved: no more are saved"});
    EXPECT_TRUE(output_->flush().value());
    EXPECT_TRUE(output_->take_remarks().empty()) << "it was told";
    EXPECT_EQ(unsaved(), Remarks{"1 body was not saved: --max-saved was reached"});
    EXPECT_EQ(save(std::move(under_way)), "");  // from the first that does not fit on none is saved
    EXPECT_EQ(save(exchange("https://h/later", "x")), "");
    EXPECT_EQ(unsaved(), Remarks{"3 bodies were not saved: --max-saved was reached"});
    EXPECT_EQ(save(exchange("https://h/empty", "")), "");
    EXPECT_EQ(unsaved(), Remarks{"3 bodies were not saved: --max-saved was reached"});
    EXPECT_EQ(files().size(), 4U);
    EXPECT_FALSE(output_->is_done());
}

TEST_F(BodiesOutputTest, ABombStopsAtTheQuota) {
    output_ = std::make_unique<BodiesOutput>(path(), 1U << 20U, rules_);
    ASSERT_TRUE(output_->open({}));
    EXPECT_EQ(save(exchange("https://h/bomb", gzip(std::string(100U << 20U, '\0')), "gzip")), "");
    EXPECT_EQ(unsaved(), Remarks{"1 body was not saved: --max-saved was reached"});
    EXPECT_TRUE(files().empty());  // nothing of it stays
}

TEST_F(BodiesOutputTest, SpillsWhatIsInMemory) {
    auto one = exchange("https://h/x", std::string(50'000, 'a'));
    EXPECT_GT(one->body.record->held(), 50'000U);
    EXPECT_TRUE(files().empty());
    one->body.record->spill();
    EXPECT_LT(one->body.record->held(), 5'000U);
    one->body.record->write(std::string(50'000, 'b'));
    const std::string name = save(std::move(one));
    EXPECT_EQ(files().at(name), std::string(50'000, 'a') + std::string(50'000, 'b'));
}

TEST_F(BodiesOutputTest, NoticesFilesThatWereReplaced) {
    auto one = exchange("https://h/x", std::string(100'000, 'a'));
    const fs::path part = fs::directory_iterator(path())->path();
    fs::remove(part);
    std::ofstream(part) << "something else";
    one->body.record->write(std::string(100'000, 'b'));
    EXPECT_TRUE(output_->is_done());
    one.reset();
    EXPECT_EQ(files().size(), 1U);
}

TEST_F(BodiesOutputTest, RefusesWhatIsNoFolder) {
    std::ofstream(root_ / "file") << "x";
    EXPECT_FALSE(BodyFolder(root_ / "file", rules_).open());
    EXPECT_FALSE(BodyFolder(root_ / "no" / "such", rules_).open());
    fs::create_directory_symlink(path(), root_ / "link");
    EXPECT_TRUE(BodyFolder(root_ / "link", rules_).open());  // our own
    if (::geteuid() == 0) {
        ASSERT_EQ(::lchown((root_ / "link").c_str(), 12'345, 12'345), 0);
        EXPECT_FALSE(BodyFolder(root_ / "link", rules_).open());
    }
}

}  // namespace
}  // namespace sslsniff
