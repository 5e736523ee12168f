#include "unit/protocols/hpack/hpack_support.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace sslsniff::hpack {
namespace {

struct Delete {
    void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
};
using Deflater = std::unique_ptr<nghttp2_hd_deflater, Delete>;

Deflater make_deflater(std::size_t table) {
    nghttp2_hd_deflater* deflater = nullptr;
    if (nghttp2_hd_deflate_new(&deflater, table) != 0) {
        throw std::runtime_error("nghttp2_hd_deflate_new");
    }
    return Deflater(deflater);
}

std::uint8_t* bytes(const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

std::string deflate(nghttp2_hd_deflater& deflater, const HeaderList& fields, std::mt19937& random) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
        const bool secret = random() % 16 == 0;
        list.push_back({bytes(name), bytes(value), name.size(), value.size(),
                        static_cast<std::uint8_t>(secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)});
    }
    std::string out(nghttp2_hd_deflate_bound(&deflater, list.data(), list.size()), '\0');
    const ssize_t size = nghttp2_hd_deflate_hd(&deflater, bytes(out), out.size(), list.data(), list.size());
    if (size < 0) {
        throw std::runtime_error(nghttp2_strerror(static_cast<int>(size)));
    }
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace

std::string unhex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

std::vector<EncodedBlock> random_blocks(unsigned seed, std::size_t count) {
    std::mt19937 random(seed);
    const auto pick = [&](std::initializer_list<const char*> of) {
        return std::string(*(of.begin() + random() % of.size()));
    };
    const Deflater deflater = make_deflater(16384);
    std::vector<EncodedBlock> blocks;
    for (std::size_t i = 0; i < count; ++i) {
        if (random() % 16 == 0) {
            constexpr std::size_t kSizes[] = {0, 100, 1000, 4096, 16384};
            nghttp2_hd_deflate_change_table_size(deflater.get(), kSizes[random() % 5]);
        }
        HeaderList fields = {{":method", pick({"GET", "POST", "PATCH"})},
                             {":scheme", "https"},
                             {":authority", pick({"a.example", "b.example", "c.example"})},
                             {":path", "/item/" + std::to_string(random() % 20)},
                             {"user-agent", pick({"curl/8.0", "a browser of some length/1.0"})}};
        for (auto extra = random() % 6; extra > 0; --extra) {
            fields.emplace_back("x-" + std::to_string(random() % 12),
                                std::string(random() % 40, static_cast<char>('a' + random() % 26)));
        }
        blocks.push_back({deflate(*deflater, fields, random), std::move(fields)});
    }
    return blocks;
}

std::vector<EncodedBlock> read_blocks(const std::string& path) {
    std::vector<EncodedBlock> blocks;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string kind;
        std::string first;
        std::string second;
        words >> kind >> first >> second;
        if (kind == "block") {
            blocks.push_back({unhex(first), {}});
        } else if (kind == "field") {
            blocks.back().fields.emplace_back(unhex(first), unhex(second));
        }
    }
    return blocks;
}

}  // namespace sslsniff::hpack
