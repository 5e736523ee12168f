#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/redis/resp.h"

namespace sslsniff::redis {

/// Where a command's keys are among its words (COMMAND INFO's first key, last key, step); 0 0 0: none there.
struct KeySpec {
    int first = 0;
    int last = 0;  ///< negative: from the end
    int step = 0;
    int numkeys = 0;       ///< word that counts the keys behind it; 0: none
    bool streams = false;  ///< XREAD: the first half of what follows STREAMS
};

/// nullptr for a command that redis-server 8 does not know by itself. Any case.
const KeySpec* find_command(ByteView name);

/// The keys among the kept words of `request` (views into it).
std::vector<ByteView> keys_of(const RespValue& request);

/// What the server answers to a command besides one reply.
enum class ReplyRule : std::uint8_t {
    one,
    subscription,  ///< one confirmation per channel
    monitor,       ///< OK, then a line per command of any client
    replication,   ///< SYNC, PSYNC: the data set, then the command stream
    none,          ///< REPLCONF ACK
    reply_off,     ///< CLIENT REPLY OFF: none until CLIENT REPLY ON
    reply_on,      ///< CLIENT REPLY ON: one, also while off
    reply_skip     ///< CLIENT REPLY SKIP: none, nor for the next command
};
ReplyRule reply_rule(const RespValue& request);

/// Overwrites with "***" the words that redis-server itself hides from its logs: the arguments of AUTH, HELLO
/// AUTH, MIGRATE AUTH and AUTH2, ACL SETUSER, CONFIG SET, SENTINEL SET and SENTINEL CONFIG SET of passwords.
/// True when there was one.
bool hide_secrets(RespValue& request);
/// The same in a line of MONITOR.
bool hide_monitored_secrets(RespValue& line);
/// The same in the reply to `request`: passwords in CONFIG GET, password hashes in ACL GETUSER and ACL LIST.
void hide_reply_secrets(const RespValue& request, RespValue& reply);

}  // namespace sslsniff::redis
