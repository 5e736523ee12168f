// HTTP/2 through the parser alone: small requests, large downloads, and joining each chunk in mid-stream.
#include <benchmark/benchmark.h>

#include <string>

#include "protocols/http2/http2_parser.h"
#include "support/exercise_host.h"

namespace {

using sslsniff::Direction;

std::string frame(unsigned type, unsigned flags, std::uint32_t stream, const std::string& payload) {
    std::string out;
    for (const std::size_t value :
         {payload.size() >> 16U, payload.size() >> 8U, payload.size(), std::size_t{type}, std::size_t{flags},
          std::size_t{stream >> 24U}, std::size_t{stream >> 16U}, std::size_t{stream >> 8U},
          std::size_t{stream}}) {
        out.push_back(static_cast<char>(value));
    }
    return out + payload;
}

const std::string kGet =
    "\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";  // RFC 7541 C.4.1
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void small_requests(benchmark::State& state) {
    sslsniff::test::ExerciseHost host(false);
    const auto parser = sslsniff::create_http2(host, {});
    parser->feed(Direction::sent, kPreface, {});
    std::uint32_t stream = 1;
    std::int64_t bytes = 0;
    for (auto _ : state) {
        const std::string request = frame(1, 5, stream, kGet);
        const std::string response = frame(1, 4, stream, "\x88") + frame(0, 1, stream, "hello");
        parser->feed(Direction::sent, request, {});
        parser->feed(Direction::received, response, {});
        bytes += static_cast<std::int64_t>(request.size() + response.size());
        stream = stream + 2 < 0x7FFFFFFFU ? stream + 2 : 1;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(bytes);
    if (host.exchanges != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("not every request was answered");
    }
}
BENCHMARK(small_requests);

void download(benchmark::State& state) {
    sslsniff::test::ExerciseHost host(false);
    const auto parser = sslsniff::create_http2(host, {});
    parser->feed(Direction::sent, kPreface + frame(1, 5, 1, kGet), {});
    parser->feed(Direction::received, frame(1, 4, 1, "\x88"), {});
    const std::string data = frame(0, 0, 1, std::string(16384, 'x'));
    for (auto _ : state) {
        parser->feed(Direction::received, data, {});
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(download);

/// Bytes in which no frame begins: what searching costs.
void search(benchmark::State& state) {
    sslsniff::test::ExerciseHost host(false);
    std::string noise(65536, '\0');
    std::uint32_t seed = 1;
    for (char& byte : noise) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<char>(seed >> 24U);
    }
    for (auto _ : state) {
        const auto parser = sslsniff::create_http2(host, {});
        parser->gap(Direction::received, 0, {});
        parser->feed(Direction::received, noise, {});
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(noise.size()));
}
BENCHMARK(search);

}  // namespace
