#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "support/conversation.h"

namespace sslsniff::test {

/// An HTTP/1 conversation as the client sees it, and the transactions it consists of.
struct Http1Case {
    std::string name;
    Conversation conversation;
    std::vector<std::string> lines;

    friend void PrintTo(const Http1Case& http1, std::ostream* out) { *out << http1.name; }
};
const std::vector<Http1Case>& http1_cases();

/// Size, CRLF, data, CRLF.
std::string chunk(const std::string& bytes);

}  // namespace sslsniff::test
