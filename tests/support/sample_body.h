#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "model/body.h"

namespace sslsniff::test {

inline Body sample_body(std::uint64_t size, Bytes captured, std::string content_type = "",
                        std::string content_encoding = "", std::uint64_t missing = 0) {
    Body body;
    body.size = size;
    body.missing = missing;
    body.captured = std::move(captured);
    body.content_type = std::move(content_type);
    body.content_encoding = std::move(content_encoding);
    return body;
}

}  // namespace sslsniff::test
