#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/exchange.h"

namespace sslsniff {

/// The fields of an exchange, kept to be looked up: for outputs with an order of their own.
class FieldTree final : public FieldWriter {
  public:
    struct Node {
        std::string key;
        Bytes text;                        ///< of text()
        std::int64_t number = 0;           ///< of an integer
        std::unique_ptr<const Body> body;  ///< null: it is none
        std::deque<Node> children;

        /// Null when there is none.
        const Node* find(std::string_view name) const;
        /// Text of a child; empty when there is none.
        ByteView text_of(std::string_view name) const;
    };

    explicit FieldTree(const Exchange& exchange) { exchange.write_fields(*this); }
    const Node& root() const { return root_; }

    void begin_object(std::string_view key) override { open(key); }
    void end_object() override { path_.pop_back(); }
    void begin_array(std::string_view key) override { open(key); }
    void end_array() override { path_.pop_back(); }
    void text(std::string_view key, ByteView bytes) override { add(key).text = bytes; }
    void number(std::string_view key, std::int64_t value) override { add(key).number = value; }
    void number(std::string_view key, double value) override {
        add(key).number = static_cast<std::int64_t>(value);
    }
    void boolean(std::string_view key, bool value) override { add(key).number = value ? 1 : 0; }
    void null(std::string_view key) override { add(key); }
    /// One that was redacted on its way here exists no longer than this call.
    void body(std::string_view key, const Body& body) override {
        add(key).body = std::make_unique<const Body>(body);
    }

  private:
    Node& add(std::string_view key);
    void open(std::string_view key) { path_.push_back(&add(key)); }

    Node root_;
    std::vector<Node*> path_{&root_};
};

}  // namespace sslsniff
