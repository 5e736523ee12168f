#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/described/flow.h"
#include "protocols/memcached/binary.h"
#include "protocols/memcached/text.h"

namespace sslsniff::memcached {

/// What it takes to tell whether a reply answers a request.
struct Request {
    Flow flow;
    const CommandSpec* command = nullptr;  ///< of a text or meta command
    std::uint8_t opcode = 0;               ///< of a binary one
    std::uint32_t opaque = 0;
    std::string meta_opaque{};  ///< flag O
    std::string key{};
    std::uint64_t keys = 0;      ///< how many are asked for
    std::uint64_t hits = 0;      ///< values so far
    bool is_quiet = false;       ///< it is answered only when something is to be said
    bool is_unanswered = false;  ///< it is not answered: noreply, quit
    bool has_list = false;       ///< the answer has several parts, and the list of them is open
    std::size_t held = 0;        ///< see pairing::HeldTotal
};

/// A message with as much of its data as is kept.
struct Data {
    ByteView bytes;
    std::uint64_t size = 0;
    std::uint64_t missing = 0;
    std::size_t max_body = 0;

    Body body() const;
};
Data data_of(const framed::Message& message, std::size_t line, std::uint64_t size, std::size_t max_body);

/// Fills `request` and its flow, whose first message it is, from a text or meta command.
void describe_command(const Command& command, const Data& data, Request& request);
/// The same from a packet. Returns false when it makes no sense.
bool describe_packet(const framed::Message& message, std::size_t max_body, bool show_secrets,
                     Request& request);

/// Whether a text reply may answer the request, if it is answered at all.
bool may_answer(const Request& request, const Reply& reply);
/// Adds a text reply to the answer. Returns whether the answer is complete with it.
bool add_reply(const Reply& reply, const Data& data, Request& request);
/// The same of a packet.
bool add_packet(const framed::Message& message, std::size_t max_body, bool show_secrets, Request& request);

/// Writes what is common: form and, of several parts, their number. Before it is emitted.
void finish_answer(Request& request);

}  // namespace sslsniff::memcached
