#pragma once

#include <rapidjson/writer.h>

#include <vector>

#include "base/bytes.h"
#include "body/decoded_body.h"
#include "model/exchange.h"
#include "output/json/json_string.h"

namespace sslsniff {

/// Builds one JSON text in memory, compact. Whatever the bytes, it is valid JSON in UTF-8 and safe to print.
/// Bytes that are not UTF-8 are kept as described in docs/json.md, section "Bytes that are not text".
class JsonWriter final : public FieldWriter {
  public:
    void begin_object(std::string_view key) override;
    void end_object() override;
    void begin_array(std::string_view key) override;
    void end_array() override;
    void text(std::string_view key, ByteView bytes) override;
    using FieldWriter::number;
    void number(std::string_view key, std::int64_t value) override;
    void number(std::string_view key, double value) override;
    void boolean(std::string_view key, bool value) override;
    void null(std::string_view key) override;
    void body(std::string_view key, const Body& body) override;

    /// The outermost object, which has no key.
    void begin_document();
    /// Appends ASCII that needs no escape.
    void plain(std::string_view key, std::string_view ascii);
    /// Appends JSON: a value, perhaps with whole members behind it.
    void raw(std::string_view key, std::string_view json);
    /// {"size": N, "text": ...} or, when that would lose something, {"size": N, "base64": ...}.
    void bytes(std::string_view key, ByteView bytes);
    void unsigned_number(std::string_view key, std::uint64_t value);

    /// What was written since begin_document().
    ByteView document() const { return {stream_.buffer.data(), stream_.buffer.size()}; }
    /// The same as a line; ends the document.
    ByteView line();

  private:
    /// RapidJSON's idea of a stream.
    struct Stream {
        using Ch = char;
        void Put(char c) { buffer.push_back(c); }  // NOLINT(readability-identifier-naming)
        void Flush() {}                            // NOLINT(readability-identifier-naming)
        JsonBuffer buffer;
    };

    void key(std::string_view key);
    /// Tells RapidJSON that a string comes, which is then appended to the buffer.
    void begin_string();
    void decoded_content(const DecodedBody& decoded);
    void base64_string(ByteView bytes);
    /// "text" or "base64" into the object that is open and not empty; with `cut`, text may end inside a code
    /// point. Returns how many of `bytes` it holds.
    std::size_t content(ByteView bytes, bool cut);

    Stream stream_;
    rapidjson::Writer<Stream> json_{stream_};
    std::vector<bool> in_array_;  ///< for each open level
};

}  // namespace sslsniff
