#include "schema/descriptor_set.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace sslsniff {
namespace {

namespace pb = google::protobuf;
using Side = MessageSchema::Side;

constexpr const char* kChat = R"(file {
  name: "chat.proto" package: "chat" syntax: "proto3"
  message_type { name: "Text"
    field { name: "who" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING json_name: "who" }
    field { name: "big_number" number: 2 label: LABEL_OPTIONAL type: TYPE_INT64 json_name: "bigNumber" }
    field { name: "list" number: 3 label: LABEL_REPEATED type: TYPE_INT32 json_name: "list" }
    field { name: "inner" number: 4 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".chat.Text" json_name: "inner" }
    field { name: "mood" number: 5 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".chat.Mood" json_name: "mood" }
    field { name: "raw" number: 6 label: LABEL_OPTIONAL type: TYPE_BYTES json_name: "raw" }
  }
  enum_type { name: "Mood" value { name: "CALM" number: 0 } value { name: "HAPPY" number: 1 } }
  service { name: "Chat"
    method { name: "Say" input_type: ".chat.Text" output_type: ".chat.Text" }
    method { name: "Talk" input_type: ".chat.Text" output_type: ".chat.Text" client_streaming: true }
  }
})";

class DescriptorSetTest : public testing::Test {
  protected:
    DescriptorSetTest()
        : path_(std::filesystem::temp_directory_path() / ("sslsniff-set-" + std::to_string(::getpid()))) {}
    ~DescriptorSetTest() override { std::filesystem::remove(path_); }

    Result<std::unique_ptr<MessageSchema>> read(const std::string& bytes) {
        std::ofstream(path_, std::ios::binary) << bytes;
        return read_descriptor_set(path_);
    }
    std::unique_ptr<MessageSchema> chat() { return read(chat_bytes()).value(); }
    static std::string chat_bytes() {
        pb::FileDescriptorSet set;
        EXPECT_TRUE(pb::TextFormat::ParseFromString(kChat, &set));
        return set.SerializeAsString();
    }

    std::string path_;
};

TEST_F(DescriptorSetTest, MakesJsonOfMessages) {
    const auto schema = chat();
    const std::string bytes(
        "\x0a\x03"
        "ann\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x1a\x02\x01\x02\x22\x02\x28\x01",
        23);
    const std::string json =
        R"({"who":"ann","bigNumber":"9223372036854775807","list":[1,2],"inner":{"mood":"HAPPY"}})";
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::request, bytes), json);
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::response, bytes), json);
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::response, ""), "{}");
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::request, bytes.substr(0, 22)),
              R"({"who":"ann","bigNumber":"9223372036854775807","list":[1,2],"inner":{}})");
}

TEST_F(DescriptorSetTest, KnowsWhatStreams) {
    const auto schema = chat();
    EXPECT_EQ(schema->streams("/chat.Chat/Say", Side::request), false);
    EXPECT_EQ(schema->streams("/chat.Chat/Talk", Side::request), true);
    EXPECT_EQ(schema->streams("/chat.Chat/Talk", Side::response), false);
    EXPECT_EQ(schema->streams("/chat.Chat/Shout", Side::request), std::nullopt);
}

TEST_F(DescriptorSetTest, LeavesWhatItDoesNotKnow) {
    const auto schema = chat();
    for (const std::string path : {"", "/", "//", "chat.Chat/Say", "/chat.Chat", "/chat.Chat/Say/x",
                                   "<unknown>", "/chat.Text/who", "/\xff/\xff", "/chat.Chat/Say\n"}) {
        EXPECT_EQ(schema->to_json(path, Side::request, "\x0a\x01x"), "") << path;
    }
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::request, "\xff\xff\xff"), "");
    EXPECT_EQ(schema->to_json("/chat.Chat/Say", Side::request, "\x0a\x02\xc3\x28"), "") << "not UTF-8";
}

TEST_F(DescriptorSetTest, SurvivesHostileMessages) {
    const auto schema = chat();
    std::string deep;
    for (int i = 0; i < 2000 && deep.size() < 60'000; ++i) {
        std::string length;
        for (std::size_t n = deep.size();; n >>= 7U) {
            length.push_back(static_cast<char>((n & 0x7FU) | (n > 0x7F ? 0x80U : 0U)));
            if (n <= 0x7F) {
                break;
            }
        }
        deep = '\x22' + length + deep;
    }
    EXPECT_LT(schema->to_json("/chat.Chat/Say", Side::request, deep).size(), 10'000U);
    std::minstd_rand random(1);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes;
        for (unsigned n = random() % 64; n > 0; --n) {
            bytes.push_back(static_cast<char>(random() % 48));
        }
        schema->to_json("/chat.Chat/Say", Side::request, bytes);
    }
}

TEST_F(DescriptorSetTest, SaysWhatIsWrongWithAFile) {
    EXPECT_NE(read("syntax = \"proto3\";").error().message.find("protoc"), std::string::npos);
    EXPECT_FALSE(read(""));
    EXPECT_FALSE(read_descriptor_set("/no/such/file"));
    pb::FileDescriptorSet set;
    ASSERT_TRUE(pb::TextFormat::ParseFromString(
        "file { name: \"a.proto\" dependency: \"google/protobuf/timestamp.proto\" }", &set));
    const auto incomplete = read(set.SerializeAsString());
    ASSERT_FALSE(incomplete);
    EXPECT_NE(incomplete.error().message.find("--include_imports"), std::string::npos)
        << incomplete.error().message;
    const std::string whole = chat_bytes();
    for (std::size_t size = 0; size < whole.size(); size += 3) {
        static_cast<void>(read(whole.substr(0, size)));
    }
}

}  // namespace
}  // namespace sslsniff
