#include "capture/discovery/ld_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

/// One library, in the form that glibc writes.
std::string cache_of(const std::string& name, const std::string& path) {
    std::string cache = "glibc-ld.so.cache1.1";
    const auto number = [&](std::size_t value) {
        const auto word = static_cast<std::uint32_t>(value);
        cache.append(reinterpret_cast<const char*>(&word), sizeof word);
    };
    number(1);
    for (int i = 0; i < 6; ++i) {
        number(0);
    }
    const std::size_t strings = cache.size() + 24;
    number(0x303);
    number(strings);
    number(strings + name.size() + 1);
    number(0);
    number(0);
    number(0);
    return cache.append(name).append(1, '\0').append(path).append(1, '\0');
}

TEST(LdCache, NamesLibraries) {
    const auto libraries = parse_ld_cache("ld.so-1.7.0 older" + cache_of("libssl.so.3", "/lib/libssl.so.3"));
    ASSERT_EQ(libraries.size(), 1U);
    EXPECT_EQ(libraries.find("libssl.so.3")->second, "/lib/libssl.so.3");
}

TEST(LdCache, DamageIsSurvived) {
    const std::string cache = cache_of("libssl.so.3", "/lib/libssl.so.3");
    for (std::size_t size = 0; size < cache.size(); ++size) {
        EXPECT_LE(parse_ld_cache(std::string_view(cache).substr(0, size)).size(), 1U);
    }
}

TEST(LdCache, IsReadAgainWhenItChanged) {
    const test::TempFolder files;
    LdCache cache;
    const std::string path = files.path("cache");
    EXPECT_TRUE(cache.libraries(path).empty());
    files.write("cache", cache_of("libssl.so.3", "/lib/libssl.so.3"));
    EXPECT_TRUE(cache.libraries(path).contains("libssl.so.3"));
    EXPECT_TRUE(cache.libraries(path).contains("libssl.so.3"));
    files.write("cache", cache_of("libssl.so.1.1", "/opt/libssl.so.1.1"));
    EXPECT_FALSE(cache.libraries(path).contains("libssl.so.3"));
    EXPECT_EQ(cache.libraries(path).find("libssl.so.1.1")->second, "/opt/libssl.so.1.1");
}

}  // namespace
}  // namespace sslsniff
