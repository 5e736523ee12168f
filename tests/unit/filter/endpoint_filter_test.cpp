#include "filter/endpoint_filter.h"

#include <gtest/gtest.h>

#include <vector>

#include "filter/connection_gate.h"
#include "support/event_script.h"
#include "support/event_text.h"

namespace sslsniff {
namespace {

Endpoints endpoints(std::string_view local, std::string_view remote, Transport transport = Transport::tcp) {
    return {transport, parse_endpoint(local).value(), parse_endpoint(remote).value(), 0, 0};
}

bool matches(const std::string& expression, const Endpoints& of) {
    const auto filter = EndpointFilter::compile(expression);
    EXPECT_TRUE(filter) << (filter ? "" : filter.error().message);
    return filter && filter->matches(of);
}

TEST(EndpointFilter, AddressesPortsAndTransports) {
    const Endpoints v4 = endpoints("10.0.0.1:50000", "93.184.216.34:443");
    const Endpoints v6 = endpoints("[2001:db8::1]:50000", "[2001:db8::2]:8443");
    const Endpoints udp = endpoints("10.0.0.1:50000", "10.0.0.53:53", Transport::udp);
    EXPECT_TRUE(matches("tcp port 443", v4));
    EXPECT_TRUE(matches("tcp port 443 and not host 10.0.0.2", v4));
    EXPECT_FALSE(matches("tcp port 443 and not host 10.0.0.1", v4));
    EXPECT_TRUE(matches("net 10.0.0.0/8", v4));
    EXPECT_FALSE(matches("net 10.0.0.0/8", v6));
    EXPECT_TRUE(matches("portrange 440-450", v4));
    EXPECT_TRUE(matches("ip6", v6));
    EXPECT_TRUE(matches("ip6 host 2001:db8::2", v6));
    EXPECT_TRUE(matches("net 2001:db8::/32 and port 8443", v6));
    EXPECT_TRUE(matches("udp port 53", udp));
    EXPECT_FALSE(matches("tcp", udp));
    EXPECT_TRUE(matches("dst port 443", v4));
    EXPECT_TRUE(matches("src port 443", v4));  // some packet of it has it
    EXPECT_TRUE(matches("", v4));
    EXPECT_TRUE(matches("host 10.0.0.1", endpoints("[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.2]:2")));
}

TEST(EndpointFilter, WhatOnlyPacketsHaveIsRefused) {
    for (const std::string expression : {"less 100", "greater 5", "tcp[tcpflags] & tcp-syn != 0", "ip[8] < 5",
                                         "inbound", "tcp[13] = 2", "len > 5"}) {
        const auto filter = EndpointFilter::compile(expression);
        ASSERT_FALSE(filter) << expression;
        EXPECT_NE(filter.error().message.find("single packets"), std::string::npos) << filter.error().message;
    }
    for (const std::string expression : {"foo bar", "ether host 1:2:3:4:5:6", "vlan 5", "tcp port", "(tcp"}) {
        EXPECT_FALSE(EndpointFilter::compile(expression)) << expression;
    }
}

class Gate : public testing::Test {
  protected:
    test::EventText text_;
    ConnectionGate gate_{EndpointFilter::compile("port 443").value(), text_};
};

TEST(GateTest, OpenUntilAFilterIsSet) {
    test::EventText text;
    ConnectionGate gate(std::nullopt, text);
    const auto judged = [&](std::uint64_t handle, std::string_view remote) {
        test::EventScript in(gate, {1, 1, handle, 1});
        in.process("curl").open().endpoints(Role::client, "10.0.0.1:5000", remote).sent("late");
    };
    test::EventScript before(gate, {1, 1, 1, 1});
    before.process("curl").open().endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:80").sent("first");
    gate.set(EndpointFilter::compile("port 443").value());
    const std::string whole = text.take();
    before.sent("of a connection that was there");
    EXPECT_NE(text.take().find("of a connection that was there"), std::string::npos);
    judged(2, "10.0.0.2:80");
    EXPECT_EQ(text.take().find("late"), std::string::npos);
    judged(3, "10.0.0.2:443");
    EXPECT_NE(text.take().find("late"), std::string::npos);
    gate.set(std::nullopt);
    judged(4, "10.0.0.2:80");
    EXPECT_NE(text.take().find("late"), std::string::npos);
    EXPECT_EQ(gate.undecided(), 0U);
}

TEST(GateTest, WhereConnectionsAreLeftOutNoProcessIsSeenWholly) {
    class Wholeness final : public EventConsumer {
      public:
        void on_event(const CaptureEvent& event) override {
            if (const auto* process = std::get_if<ProcessEvent>(&event)) {
                said +=
                    std::to_string(process->process.key.pid) + (process->whole ? " whole\n" : " in part\n");
            }
        }
        std::string said;
    };
    const auto begins = [](EventConsumer& to, std::uint32_t pid) {
        ProcessEvent event;
        event.process.key.pid = pid;
        event.whole = true;
        to.on_event(event);
    };
    Wholeness out;
    ConnectionGate gate(std::nullopt, out);
    begins(gate, 1);
    begins(gate, 2);
    gate.on_event(ProcessEvent{{}, ProcessEvent::Kind::exited, {{2, 0}, {}, {}, 0, {}}});
    EXPECT_EQ(out.said, "1 whole\n2 whole\n2 in part\n");
    out.said.clear();
    gate.set(EndpointFilter::compile("port 443").value());
    test::EventScript(gate, {1, 1, 1, 1}).open();
    begins(gate, 3);
    EXPECT_EQ(out.said, "1 in part\n3 in part\n");
}

TEST_F(Gate, PassesAllOrNothing) {
    test::EventScript in(gate_, {1, 1, 1, 1});
    in.process("curl")
        .open()
        .sent("early")
        .endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:443")
        .sent("late");
    in.close();
    test::EventScript out(gate_, {1, 1, 1, 2});
    out.open().sent("early").endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:444").sent("late").close();
    EXPECT_EQ(text_.take(),
              "process 1 curl\n1 open tls\n1 > early\n1 tcp client 10.0.0.1:5000 10.0.0.2:443\n"
              "1 > late\n1 close shutdown\n");
    EXPECT_EQ(gate_.undecided(), 0U);
}

TEST_F(Gate, UnknownSocketsStayOutAndAreCounted) {
    test::EventScript unknown(gate_, {1, 1, 1, 1});
    unknown.open().endpoints(Role::client, "?", "?").sent("x").close();
    test::EventScript large(gate_, {1, 1, 1, 2});
    large.open()
        .sent(std::string(70'000, 'x'))
        .endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:443")
        .sent("y");
    EXPECT_EQ(text_.take(), "");
    EXPECT_EQ(gate_.undecided(), 2U);
}

TEST_F(Gate, CountsThoseThatStillWaitAtTheEnd) {
    test::EventScript unknown(gate_, {1, 1, 1, 1});
    unknown.open().sent("x");
    EXPECT_EQ(gate_.undecided(), 1U);
}

TEST_F(Gate, WhatWaitsIsBoundedForAllTogether) {
    ConnectionGate gate(EndpointFilter::compile("port 443").value(), text_, {.max_waiting = 100'000});
    std::vector<test::EventScript> scripts;
    for (std::uint64_t i = 1; i <= 10; ++i) {
        scripts.emplace_back(gate, ConnectionId{1, 1, i, i}).open().sent(std::string(20'000, 'x'));
    }
    // Who waited longest stays out, the others go on.
    EXPECT_GE(gate.undecided(), 6U);
    scripts[0].endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:443").sent("y");
    EXPECT_EQ(text_.take(), "");
    scripts[9].endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:443").sent("y");
    EXPECT_NE(text_.take().find("10 > xxx"), std::string::npos);
    EXPECT_EQ(gate.undecided(), 9U);
}

TEST_F(Gate, ConnectionsWithoutEndAreForgotten) {
    ConnectionGate gate(EndpointFilter::compile("port 443").value(), text_, {.max_connections = 3});
    std::vector<test::EventScript> scripts;
    for (std::uint64_t i = 1; i <= 5; ++i) {
        scripts.emplace_back(gate, ConnectionId{1, 1, i, i})
            .open()
            .endpoints(Role::client, "10.0.0.1:5000", "10.0.0.2:443");
    }
    static_cast<void>(text_.take());
    scripts[4].sent("five");
    EXPECT_EQ(text_.take(), "5 > five\n");
    scripts[0].sent("one");  // of which nothing is known any more
    EXPECT_EQ(text_.take(), "");
    EXPECT_EQ(gate.undecided(), 1U);
}

}  // namespace
}  // namespace sslsniff
