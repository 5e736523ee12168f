#include "separation/messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sslsniff::separation {
namespace {

ProcessInfo some_process() {
    return {{42, 77}, "nginx", "/usr/sbin/nginx", 33, std::string(64, 'a'), {"podman", "web", "img", "", ""}};
}

std::vector<Request> some_requests() {
    return {ask::Start{std::nullopt},
            ask::Start{4711},
            ask::GrantRow{{"a.json", "-o json:a.json", true}},
            ask::GrantFolder(),
            ask::GrantClaim{{1, 2, "x"}, "the input"},
            ask::GrantNewFiles(),
            ask::RemoveAtEnd{"42.sock"},
            ask::Seal(),
            ask::CatchUp(),
            ask::AttachWanted{std::string("\0\1\2", 3)},
            ask::TakeEnds{{1, 2, 3, 4}, UINT64_MAX},
            ask::HasConnection{{1, 2, 3, 4}, 5},
            ask::MarkBound{6, 7},
            ask::ReleaseSocket{8},
            ask::LeaveSocket{9},
            ask::DescribeProcess{some_process()},
            ask::ShowsSocketsByPayload{10},
            ask::DescribeUncovered{11},
            ask::Running(),
            ask::Stop(),
            ask::Restart(),
            ask::CountMaps(),
            ask::SignalCommand{15},
            ask::OpenFile{1, "a.json1"},
            ask::HasFile{1, "a.json", {3, 4, ""}},
            ask::ReleaseFile{{5, 6, ""}},
            ask::CreateAnew{"/tmp/x"},
            ask::InFolder{ask::InFolder::What::remove, 2, "body"},
            ask::RenameInFolder{2, "from", "to"}};
}

std::vector<Reply> some_replies() {
    StreamEnds ends;
    ends.position = {1, 2};
    ends.missing = {LossCause::fault, LossCause::unknown};
    return {Answer(Started{{}, 4096, true, false}),
            Answer(Started{{false, ErrorKind::permission, "no"}, 0, false, false}),
            Answer(Truth{true}),
            Answer(KernelEnds{ends}),
            Answer(KernelEnds{}),
            Answer(Maps{{{"connections", 3, 65536}}}),
            Answer(Names{{"a[1]", "b[2]"}}),
            Answer(File{{}, {7, 8, ""}}),
            Answer(FolderFile{17}),
            Answer(Outcome()),
            Answer(some_process()),
            Answer(UncoveredTls{"GnuTLS", "why"}),
            News(LibraryNamed{3, "OpenSSL 3.0.17"}),
            News(SocketProbesAttached{4, Timestamp(Duration(-5))}),
            News(Losses{{{LossCause::missed, 6, 7}}}),
            News(AttacherUse{1, 2}),
            News(CapturedLibrary{"OpenSSL 3.0.17", "/usr/lib/libssl.so.3"}),
            News(Remark{"one sentence"})};
}

TEST(SeparationMessagesTest, EveryRequestArrivesAsItWasSent) {
    const auto requests = some_requests();
    std::vector<bool> seen(std::variant_size_v<Request>);
    for (const Request& request : requests) {
        seen[request.index()] = true;
        const Bytes message = encode(request);
        const auto decoded = decode_request(message);
        ASSERT_TRUE(decoded) << request.index();
        EXPECT_EQ(decoded->index(), request.index());
        EXPECT_EQ(encode(*decoded), message);
    }
    EXPECT_TRUE(std::ranges::all_of(seen, [](bool one) { return one; }));
    const auto process = decode_request(encode(ask::DescribeProcess{some_process()}));
    EXPECT_EQ(std::get<ask::DescribeProcess>(*process).process, some_process());
}

TEST(SeparationMessagesTest, EveryReplyArrivesAsItWasSent) {
    for (const Reply& reply : some_replies()) {
        const Bytes message = encode(reply);
        const auto decoded = decode_reply(message);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->index(), reply.index());
        EXPECT_EQ(encode(*decoded), message);
    }
    const auto ends = decode_reply(encode(some_replies()[3]));
    EXPECT_EQ(std::get<KernelEnds>(std::get<Answer>(*ends)).ends->missing[0], LossCause::fault);
}

TEST(SeparationMessagesTest, WhatIsCutOrTooLongIsNone) {
    for (const Request& request : some_requests()) {
        const Bytes message = encode(request);
        for (std::size_t size = 0; size < message.size(); ++size) {
            EXPECT_FALSE(decode_request(ByteView(message).substr(0, size))) << request.index() << " " << size;
        }
        EXPECT_FALSE(decode_request(message + '\0')) << request.index();
    }
}

TEST(SeparationMessagesTest, LengthsAreNotBelieved) {
    Bytes message = encode(ask::AttachWanted{"abc"});
    message[1] = message[2] = message[3] = message[4] = '\xff';
    EXPECT_FALSE(decode_request(message));
    Bytes names = encode(Answer(Names{{"a"}}));
    names[2] = names[3] = names[4] = names[5] = '\xff';
    EXPECT_FALSE(decode_reply(names));
    EXPECT_FALSE(decode_request("\xff"));
}

TEST(SeparationMessagesTest, AnyBytesAreReadOnce) {
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        Bytes message(random() % 64, '\0');
        for (char& byte : message) {
            byte = static_cast<char>(random());
        }
        if (const auto request = decode_request(message)) {
            EXPECT_EQ(encode(*request).size(), message.size());
        }
    }
}

}  // namespace
}  // namespace sslsniff::separation
