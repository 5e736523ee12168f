#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/exchange.h"

namespace sslsniff::test {

/// An exchange of a protocol that does not exist, with whatever a test puts into it.
class FakeExchange final : public Exchange {
  public:
    std::string_view protocol() const override { return name; }
    Summary summary() const override { return text; }
    Facts facts() const override { return said; }
    void write_fields(FieldWriter& writer) const override {
        if (fields) {
            fields(writer);
        }
    }
    void write_details(DetailWriter& writer) const override {
        for (const auto& [marker, line] : lines) {
            writer.line(marker, line);
        }
        for (const auto& [marker, body] : bodies) {
            writer.body(marker, body);
        }
    }
    std::size_t held() const override { return sizeof(*this); }

    std::string name = "http/1.1";
    Summary text;
    Facts said;
    std::function<void(FieldWriter&)> fields;
    std::vector<std::pair<char, std::string>> lines;
    std::vector<std::pair<char, Body>> bodies;
};

}  // namespace sslsniff::test
