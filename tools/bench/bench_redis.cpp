// What redis-benchmark -P 16 sends and gets, through the parser alone.
#include <benchmark/benchmark.h>

#include <string>

#include "protocols/redis/redis.h"
#include "support/exercise_host.h"

namespace {

using sslsniff::Direction;

void pipeline(benchmark::State& state, const std::string& request, const std::string& reply) {
    constexpr int kDepth = 16;
    std::string requests;
    std::string replies;
    for (int i = 0; i < kDepth; ++i) {
        requests += request;
        replies += reply;
    }
    sslsniff::test::ExerciseHost host(false);
    const auto parser = sslsniff::create_redis(host, {});
    for (auto _ : state) {
        parser->feed(Direction::received, requests, {});
        parser->feed(Direction::sent, replies, {});
    }
    state.SetItemsProcessed(state.iterations() * kDepth);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(requests.size() + replies.size()));
    if (host.exchanges != static_cast<std::uint64_t>(state.iterations()) * kDepth) {
        state.SkipWithError("not every command was counted");
    }
}

void set(benchmark::State& state) {
    pipeline(state, "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$3\r\nxxx\r\n", "+OK\r\n");
}
BENCHMARK(set);

void get(benchmark::State& state) {
    pipeline(state, "*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n", "$3\r\nxxx\r\n");
}
BENCHMARK(get);

void lrange_100(benchmark::State& state) {
    std::string reply = "*100\r\n";
    for (int i = 0; i < 100; ++i) {
        reply += "$3\r\nxxx\r\n";
    }
    pipeline(state, "*4\r\n$6\r\nLRANGE\r\n$6\r\nmylist\r\n$1\r\n0\r\n$2\r\n99\r\n", reply);
}
BENCHMARK(lrange_100);

void get_64k(benchmark::State& state) {
    pipeline(state, "*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n", "$65536\r\n" + std::string(65536, 'x') + "\r\n");
}
BENCHMARK(get_64k);

}  // namespace
