#include "support/foreign.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/number.h"

namespace sslsniff::test {
namespace {

char from_hex(std::string_view digits) {
    const auto value = parse_number<unsigned>(digits, 16);
    if (!value || digits.size() != 2) {
        throw std::runtime_error("not two hexadecimal digits: " + std::string(digits));
    }
    return static_cast<char>(*value);
}

/// Reads a quoted text; `line` begins behind the opening quote and ends behind the closing one.
std::string read_quoted(std::string_view& line) {
    std::string out;
    while (!line.empty() && line.front() != '"') {
        if (line.front() != '\\' || line.size() < 2) {
            out += line.front();
            line.remove_prefix(1);
        } else if (line[1] == 'x') {
            out += from_hex(line.substr(2, 2));
            line.remove_prefix(4);
        } else {
            out += line[1] == 'r' ? '\r' : line[1] == 'n' ? '\n' : line[1];
            line.remove_prefix(2);
        }
    }
    if (line.empty()) {
        throw std::runtime_error("a text without closing quote");
    }
    line.remove_prefix(1);
    return out;
}

std::string read_bytes(std::string_view line) {
    std::string out;
    while (!line.empty()) {
        if (line.front() == ' ') {
            line.remove_prefix(1);
        } else if (line.front() == '"') {
            line.remove_prefix(1);
            out += read_quoted(line);
        } else {
            out += from_hex(line.substr(0, 2));
            line.remove_prefix(2);
        }
    }
    return out;
}

Foreign read_file(const std::filesystem::path& path) {
    Foreign out;
    out.name = path.stem();
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line == "udp") {
            out.udp = true;
        } else if (line.starts_with("client ")) {
            out.conversation.push_back(sent(read_bytes(line.substr(7))));
        } else if (line.starts_with("server ")) {
            out.conversation.push_back(received(read_bytes(line.substr(7))));
        } else if (!line.empty() && !line.starts_with('#')) {
            throw std::runtime_error(path.string() + ": " + line);
        }
    }
    return out;
}

}  // namespace

std::vector<Foreign> foreign_conversations(const std::string& folder) {
    std::vector<Foreign> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".txt") {
            out.push_back(read_file(entry.path()));
        }
    }
    std::ranges::sort(out, {}, &Foreign::name);
    return out;
}

Recording play_foreign(const Foreign& foreign, bool midstream) {
    Player player;
    player.open(1, midstream, Carrier::cleartext);
    EndpointsEvent endpoints;
    endpoints.connection = Player::id(1);
    endpoints.time = player.tick();
    endpoints.correlation = Correlation::socket;
    endpoints.endpoints.transport = foreign.udp ? Transport::udp : Transport::tcp;
    player.table.on_event(endpoints);
    player.play(foreign.conversation);
    player.close();
    player.finish();
    return std::move(player.sink);
}

}  // namespace sslsniff::test
