// Facts of redis-server's COMMAND INFO (7.0) and of the commands added since, grouped by where their keys
// are.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "protocols/redis/commands.h"

namespace sslsniff::redis {
namespace {

struct Group {
    KeySpec keys;
    std::string_view names;
};

constexpr std::array kGroups{
    Group{{0, 0, 0},
          "acl asking auth bgrewriteaof bgsave client cluster command config dbsize debug discard echo exec "
          "failover flushall flushdb function hello info keys lastsave latency lolwut module monitor multi "
          "pfselftest ping psubscribe psync publish pubsub punsubscribe quit randomkey readonly readwrite "
          "replconf replicaof reset role save scan script select shutdown slaveof slowlog subscribe swapdb "
          "sync time unsubscribe unwatch wait waitaof"},
    Group{{0, 0, 0, 0, true}, "xread xreadgroup"},
    Group{{0, 0, 0, 1}, "lmpop sintercard zdiff zinter zintercard zmpop zunion"},
    Group{{0, 0, 0, 2}, "blmpop bzmpop eval eval_ro evalsha evalsha_ro fcall fcall_ro"},
    Group{{1, 1, 1, 2}, "zdiffstore zinterstore zunionstore"},
    Group{{1, -1, 1},
          "del exists mget pfcount pfmerge sdiff sdiffstore sinter sinterstore ssubscribe sunion "
          "sunionstore sunsubscribe touch unlink watch"},
    Group{{1, -1, 2}, "mset msetnx"},
    Group{{1, -2, 1}, "blpop brpop bzpopmax bzpopmin"},
    Group{{1, 1, 1},
          "append bitcount bitfield bitfield_ro bitpos decr decrby dump expire expireat expiretime geoadd "
          "geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch "
          "get getbit getdel getex getrange getset hdel hexists hexpire hexpireat hexpiretime hget hgetall "
          "hgetdel hgetex hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat "
          "hpexpiretime hpttl hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby "
          "incrbyfloat lindex linsert llen lpop lpos lpush lpushx lrange lrem lset ltrim move persist "
          "pexpire pexpireat pexpiretime pfadd psetex pttl restore restore-asking rpop rpush rpushx sadd "
          "scard set setbit setex setnx setrange sismember smembers smismember sort sort_ro spop spublish "
          "srandmember srem sscan strlen substr ttl type xack xackdel xadd xautoclaim xclaim xdel xdelex "
          "xlen xpending xrange xrevrange xsetid xtrim zadd zcard zcount zincrby zlexcount zmscore zpopmax "
          "zpopmin zrandmember zrange zrangebylex zrangebyscore zrank zrem zremrangebylex zremrangebyrank "
          "zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore"},
    Group{{1, 2, 1},
          "blmove brpoplpush copy geosearchstore lcs lmove rename renamenx rpoplpush smove zrangestore"},
    Group{{2, -1, 1}, "bitop"},
    Group{{2, 2, 1}, "memory object pfdebug xgroup xinfo"},
    Group{{3, 3, 1}, "migrate"},
};

struct Row {
    std::string_view name;
    KeySpec keys;
};

template <class Visit>
constexpr void for_each_name(std::string_view names, Visit visit) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        visit(names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
}

consteval std::size_t count_rows() {
    std::size_t count = 0;
    for (const Group& group : kGroups) {
        for_each_name(group.names, [&](std::string_view) { ++count; });
    }
    return count;
}

consteval auto make_rows() {
    std::array<Row, count_rows()> rows{};
    std::size_t at = 0;
    for (const Group& group : kGroups) {
        for_each_name(group.names, [&](std::string_view name) { rows[at++] = {name, group.keys}; });
    }
    std::ranges::sort(rows, {}, &Row::name);
    return rows;
}

constexpr auto kRows = make_rows();

}  // namespace

const KeySpec* find_command(ByteView name) {
    std::array<char, 24> lower{};
    if (name.empty() || name.size() > lower.size()) {
        return nullptr;
    }
    std::ranges::transform(name, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    const std::string_view key(lower.data(), name.size());
    const auto* row = std::ranges::lower_bound(kRows, key, {}, &Row::name);
    return row != kRows.end() && row->name == key ? &row->keys : nullptr;
}

}  // namespace sslsniff::redis
