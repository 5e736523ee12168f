#include "support/flat_json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <utility>
#include <vector>

namespace sslsniff::test {
namespace {

class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
  public:
    explicit Handler(FlatJson& out) : out_(out) {}

    // The names are RapidJSON's.
    bool Null() { return leaf("null"); }
    bool Bool(bool value) { return leaf(value ? "true" : "false"); }
    bool RawNumber(const char* digits, rapidjson::SizeType size, bool) { return leaf({digits, size}); }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        out_.strings.insert(path());
        return leaf({text, size});
    }
    bool StartObject() { return open(false); }
    bool EndObject(rapidjson::SizeType size) { return close(size, "{}"); }
    bool StartArray() { return !levels_.empty() && open(true); }
    bool EndArray(rapidjson::SizeType size) { return close(size, "[]"); }
    bool Key(const char* name, rapidjson::SizeType size, bool) {
        levels_.back().name.assign(name, size);
        out_.keys.insert(levels_.back().name);
        return levels_.back().seen.insert(levels_.back().name).second;
    }

  private:
    struct Level {
        bool array = false;
        std::size_t index = 0;
        std::string name;
        std::set<std::string> seen;
    };

    std::string path() const {
        std::string out;
        for (const Level& level : levels_) {
            if (level.array) {
                out += "[" + std::to_string(level.index) + "]";
            } else {
                out += (out.empty() ? "" : ".") + level.name;
            }
        }
        return out;
    }
    void advance() {
        if (!levels_.empty()) {
            ++levels_.back().index;
        }
    }
    bool leaf(std::string value) {
        out_.values[path()] = std::move(value);
        advance();
        return true;
    }
    bool open(bool array) {
        levels_.push_back({array, 0, {}, {}});
        return true;
    }
    bool close(std::size_t size, const char* empty) {
        levels_.pop_back();
        if (size == 0) {
            out_.values[path()] = empty;
        }
        advance();
        return true;
    }

    FlatJson& out_;
    std::vector<Level> levels_;
};

}  // namespace

bool FlatJson::is_number(const std::string& path) const {
    const std::string value = (*this)[path];
    const bool begins = value.starts_with('-') || (value[0] >= '0' && value[0] <= '9');
    return begins && has(path) && !is_string(path);
}

bool FlatJson::is_container(const std::string& path, char separator, std::string_view empty) const {
    const std::string inside = path + separator;
    const auto next = values.lower_bound(inside);
    return (next != values.end() && next->first.starts_with(inside)) ||
           ((*this)[path] == empty && !is_string(path));
}

std::size_t FlatJson::size(const std::string& path) const {
    std::size_t count = 0;
    while (has(path + "[" + std::to_string(count) + "]") ||
           is_object(path + "[" + std::to_string(count) + "]")) {
        ++count;
    }
    return count;
}

FlatJson parse_json(std::string_view text) {
    FlatJson out;
    Handler handler(out);
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    static constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag |
                                       rapidjson::kParseNumbersAsStringsFlag |
                                       rapidjson::kParseFullPrecisionFlag;
    out.valid = !reader.Parse<kFlags>(stream, handler).IsError();
    return out;
}

std::size_t names_of_peers(std::string_view path) {
    std::size_t first = std::string_view::npos;
    for (const std::string_view part :
         {"request.fields.", "response.fields.", "request.document.", "response.document.",
          "request.sequence.documents[", "response.documents[", "request.arguments[", "request.arguments.",
          "response.result.", "response.application_exception.", "response.value.", "response.exception."}) {
        first = path.starts_with(part) ? part.size() : first;
    }
    return first;
}

}  // namespace sslsniff::test
