#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "replay.h"
#include "support/flat_json.h"

namespace sslsniff {
namespace {

namespace fs = std::filesystem;

Bytes content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> fixtures() {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(SSLSNIFF_FIXTURES)) {
        if (entry.path().extension() == ".trace") {
            out.push_back(entry.path());
        }
    }
    std::ranges::sort(out);
    return out;
}

std::string name_of_test(const testing::TestParamInfo<fs::path>& info) {
    std::string name = info.param.stem().string();
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, GivesWhatIsExpected) {
    const Bytes trace = content(GetParam());
    for (const test::Variant& variant : test::variants()) {
        fs::path path = GetParam();
        path.replace_extension(variant.suffix);
        if (!variant.everywhere && !fs::exists(path)) {
            continue;
        }
        const test::Replayed replayed = test::replay(trace, variant);
        EXPECT_EQ(replayed.error, "");
        if (std::getenv("SSLSNIFF_UPDATE_GOLDENS") != nullptr) {
            std::ofstream(path, std::ios::binary) << replayed.output;
        }
        ASSERT_TRUE(fs::exists(path)) << "run tools/update_goldens and read what it wrote to " << path;
        EXPECT_EQ(replayed.output, content(path)) << path << ": if this is right, run tools/update_goldens";
    }
}

TEST_P(Golden, GivesTheSameWhenRecordedAgain) {
    const Bytes trace = content(GetParam());
    for (const test::Variant& variant : test::variants()) {
        const test::Replayed first = test::replay(trace, variant);
        const test::Replayed second = test::replay(first.trace, variant);
        EXPECT_EQ(first.output, second.output);
        EXPECT_EQ(first.trace, second.trace);
    }
}

TEST_P(Golden, GivesTheSameWithThreads) {
    const Bytes trace = content(GetParam());
    const std::array<test::Queue, 4> queues{{
        {0, {}},
        {1, {.items = 1, .bytes = 1, .rendered = 1, .work = {.jobs = 2, .bytes = 1}}},
        {2, {.items = 3, .bytes = 4096, .rendered = 300, .work = {.jobs = 3, .bytes = 8192}}},
        {3, {.items = 1, .bytes = 65'536, .rendered = 65'536, .work = {.jobs = 8, .bytes = 65'536}}},
    }};
    for (const test::Variant& variant : test::variants()) {
        const Bytes expected = test::replay(trace, variant).output;
        for (const test::Queue& queue : queues) {
            EXPECT_EQ(test::replay(trace, variant, &queue).output, expected)
                << variant.suffix << ", " << queue.threads;
        }
    }
}

TEST_P(Golden, PrintsNoControlCharacter) {
    for (const test::Variant& variant : test::variants()) {
        for (const char c : test::replay(content(GetParam()), variant).output) {
            const auto byte = static_cast<unsigned char>(c);
            ASSERT_TRUE(byte >= 0x20 || c == '\n' || c == '\t') << static_cast<int>(byte);
            ASSERT_NE(byte, 0x7F);
        }
    }
}

TEST_P(Golden, EveryJsonFieldIsDocumented) {
    const std::string documentation = content(fs::path(SSLSNIFF_FIXTURES) / "../../docs/json.md");
    fs::path path = GetParam();
    std::istringstream lines(content(path.replace_extension("jsonl")));
    static constexpr std::string_view kBase64 = "_base64";
    for (std::string line; std::getline(lines, line);) {
        const auto json = test::parse_json(line);
        ASSERT_TRUE(json.valid) << line;
        std::set<std::string> of_peers;
        for (const auto& [place, value] : json.values) {
            const std::size_t begin = std::min(test::names_of_peers(place), place.size());
            for (const auto part : std::views::split(std::string_view(place).substr(begin), '.')) {
                const std::string_view name(part.begin(), part.end());
                of_peers.emplace(name.substr(0, name.find('[')));
            }
        }
        for (std::string key : json.keys) {
            if (of_peers.contains(key)) {
                continue;
            }
            key.resize(key.size() - (key.ends_with(kBase64) ? kBase64.size() : 0));
            EXPECT_NE(documentation.find('`' + key + '`'), std::string::npos) << "docs/json.md lacks " << key;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Golden, testing::ValuesIn(fixtures()), name_of_test);

}  // namespace
}  // namespace sslsniff
