#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "protocols/amqp/method.h"
#include "protocols/described/flow.h"

namespace sslsniff::amqp {

/// A message while it comes: a method, a header and as many bodies as it takes (section 4.2.6).
struct Content {
    Flow flow;
    const Method* method = nullptr;  ///< null: it passed unseen
    std::uint64_t number = 0;        ///< its delivery tag; of a publication, see Channel::next_publish
    std::string consumer_tag{};      ///< of a delivery
    std::string routing_key{};
    std::string correlation_id{};
    std::string reply_to{};
    bool has_header = false;
    std::uint64_t left = 0;  ///< bytes of its bodies that have not come yet
    Body body{};
    std::size_t held = 0;  ///< see pairing::HeldTotal

    std::size_t heap() const {
        return flow.exchange->held() + body.held() + consumer_tag.size() + routing_key.size() +
               correlation_id.size() + reply_to.size();
    }
};

/// Whether a consumer acknowledges what it gets.
enum class Acks : std::uint8_t { unknown, never, yes };

/// A method that waits for the one that answers it.
struct Call {
    const Method* method;  ///< null: the protocol header
    Flow flow;
    Acks acks = Acks::unknown;      ///< of basic.consume: what it asks for
    std::string consumer_tag = {};  ///< the same; empty: the server gives one
};

/// A publication that asks for a reply.
struct Request {
    Flow flow;
    std::string reply_to{};
};

/// A publication that waits to be confirmed.
struct Publication {
    Flow flow;                     ///< without an exchange: it waits for more, see `correlation_id`
    std::string route{};           ///< exchange and routing key
    std::string correlation_id{};  ///< of a call that waits for its reply
};

/// What is going on in a channel (section 2.2.1): each side's content, and what waits.
struct Channel {
    enum class Confirms : std::uint8_t {
        unknown,  ///< nobody saw the channel begin, or the beginning is too long ago
        off,
        on
    };
    std::array<std::optional<Content>, 2> contents{};
    std::list<Call> calls{};
    std::map<std::uint64_t, Flow> deliveries{};        ///< by delivery tag
    std::map<std::uint64_t, Publication> published{};  ///< by number
    Confirms confirms = Confirms::unknown;
    std::uint64_t next_publish = 0;  ///< publications are numbered from 1 on; 0: nobody knows
    std::unordered_map<std::string, Acks> consumers{};
    std::map<std::uint64_t, std::string>
        undecided{};           ///< the latest deliveries of consumers that are unknown
    std::string last_queue{};  ///< the one declared last: an empty name means it

    std::optional<Content>& content(framed::Side side) { return contents[static_cast<std::size_t>(side)]; }
    std::size_t waiting() const { return calls.size() + deliveries.size() + published.size(); }
};

/// Memory of a channel and of each thing in it, about: with the node of its container.
inline constexpr std::size_t kChannelBytes = 512;
inline constexpr std::size_t kWaitingBytes = 320;
inline constexpr std::size_t kNameBytes = 128;

}  // namespace sslsniff::amqp
