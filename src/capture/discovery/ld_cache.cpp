#include "capture/discovery/ld_cache.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace sslsniff {
namespace {

constexpr std::size_t kMaxSize = std::size_t{16} << 20;

/// dl-cache.h of glibc
struct LdCacheHeader {
    std::array<char, 20> magic;
    std::uint32_t count;
    std::uint32_t strings_size;
    std::array<std::uint32_t, 5> unused;
};
struct LdCacheEntry {
    std::int32_t flags;
    std::uint32_t key;  ///< offsets of the names from the header
    std::uint32_t value;
    std::uint32_t os_version;
    std::uint64_t hwcap;
};

std::string name_at(std::string_view text, std::uint32_t offset) {
    const std::string_view rest = text.substr(std::min<std::size_t>(offset, text.size()));
    return std::string(rest.substr(0, rest.find('\0')));
}

std::string read_file(const std::string& path, std::int64_t size) {
    std::ifstream file(path, std::ios::binary);
    std::string text(std::min(static_cast<std::size_t>(size), kMaxSize), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

}  // namespace

std::multimap<std::string, std::string> parse_ld_cache(std::string_view cache) {
    static constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
    std::multimap<std::string, std::string> libraries;
    // the older format may come first
    const auto begin = cache.find(kMagic);
    if (begin == std::string_view::npos || cache.size() - begin < sizeof(LdCacheHeader)) {
        return libraries;
    }
    cache.remove_prefix(begin);
    LdCacheHeader header{};
    std::memcpy(&header, cache.data(), sizeof header);
    const std::size_t available = (cache.size() - sizeof header) / sizeof(LdCacheEntry);
    for (std::size_t i = 0; i < std::min<std::size_t>(header.count, available); ++i) {
        LdCacheEntry entry{};
        std::memcpy(&entry, cache.data() + sizeof header + i * sizeof entry, sizeof entry);
        libraries.emplace(name_at(cache, entry.key), name_at(cache, entry.value));
    }
    return libraries;
}

const LdCache::Libraries& LdCache::libraries(const std::string& path) {
    const auto stamp = stamp_of(path);
    if (!stamp) {
        return none_;
    }
    const auto known = files_.find(stamp->id);
    if (known != files_.end() && known->second.stamp == *stamp) {
        return known->second.libraries;
    }
    if (files_.size() >= kMostFiles) {
        files_.clear();
    }
    return files_.insert_or_assign(stamp->id, Known{*stamp, parse_ld_cache(read_file(path, stamp->size))})
        .first->second.libraries;
}

}  // namespace sslsniff
