#include "app/messages.h"

#include <fmt/core.h>

#include <cstdio>

namespace sslsniff {

int say(std::string_view message, int status) {
    fmt::print(stderr, "sslsniff: {}\n", message);
    return status;
}

}  // namespace sslsniff
