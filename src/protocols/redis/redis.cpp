#include "protocols/redis/redis.h"

#include <utility>

#include "protocols/redis/parser.h"
#include "protocols/redis/plausible.h"

namespace sslsniff {
namespace {

using redis::plausible_inline;
using redis::plausible_reply;
using redis::plausible_request;

// Joining inside a large value, no message begins for long; then only --decode-as helps.
constexpr std::size_t kMaxMidstream = 4096;

/// Not "+OK text" or "-ERR text", which POP3, NATS and others answer to commands named as Redis's too.
bool is_telling(ByteView reply) {
    const ByteView line = reply.substr(0, reply.find('\r'));
    const bool words = line.starts_with('+') && line.find(' ') != ByteView::npos;
    return !words && !line.starts_with("-ERR ");
}

/// Judges `requests` as what a client sends from the first octet on, `replies` as what it gets.
Verdict judge(ByteView requests, ByteView replies) {
    const Verdict answered = replies.empty() ? Verdict::need_more : plausible_reply(replies);
    const Verdict known = plausible_request(requests, true);
    if (answered == Verdict::no || known == Verdict::need_more) {
        return answered == Verdict::no ? Verdict::no : Verdict::need_more;
    }
    if (known == Verdict::yes) {
        return Verdict::yes;
    }
    // A module's command, or a line of words: only a reply makes sure.
    if (plausible_request(requests, false) == Verdict::yes) {
        return answered;
    }
    const Verdict line = plausible_inline(requests, true);
    if (line != Verdict::yes) {
        return line;
    }
    return answered == Verdict::yes && !is_telling(replies) ? Verdict::no : answered;
}

/// Whether what `begins` accepts starts at the first octet or behind a CRLF.
template <class Begins>
bool contains(ByteView octets, const Begins& begins) {
    while (!begins(octets)) {
        const std::size_t line = octets.find("\r\n");
        if (line == ByteView::npos) {
            return false;
        }
        octets.remove_prefix(line + 2);
    }
    return true;
}

/// In the middle of a stream: a known command somewhere, and somewhere in the other direction a reply.
Verdict judge_midstream(ByteView requests, ByteView replies) {
    const bool request =
        contains(requests, [](ByteView octets) { return plausible_request(octets, true) == Verdict::yes; });
    const bool reply =
        request && contains(replies, [](ByteView octets) { return plausible_reply(octets) == Verdict::yes; });
    return reply ? Verdict::yes : Verdict::need_more;
}

}  // namespace

Verdict detect_redis(const Evidence& evidence) {
    if (evidence.connection.endpoints.transport == Transport::udp) {
        return Verdict::no;
    }
    if (evidence.midstream) {
        if (judge_midstream(evidence.sent, evidence.received) == Verdict::yes ||
            judge_midstream(evidence.received, evidence.sent) == Verdict::yes) {
            return Verdict::yes;
        }
        return evidence.sent.size() + evidence.received.size() < kMaxMidstream ? Verdict::need_more
                                                                               : Verdict::no;
    }
    if (evidence.sent.empty() && evidence.received.empty()) {
        return Verdict::need_more;
    }
    // The client speaks first: a direction that is still empty cannot be the one with the requests.
    Verdict verdict = Verdict::no;
    for (const auto& [requests, replies] :
         {std::pair(evidence.sent, evidence.received), std::pair(evidence.received, evidence.sent)}) {
        const Verdict one = requests.empty() ? Verdict::no : judge(requests, replies);
        if (one == Verdict::yes) {
            return one;
        }
        verdict = one == Verdict::need_more ? one : verdict;
    }
    return verdict;
}

std::unique_ptr<ProtocolParser> create_redis(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<redis::RedisParser>(host, limits);
}

}  // namespace sslsniff
