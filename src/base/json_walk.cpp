#include "base/json_walk.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <charconv>
#include <string>
#include <vector>

namespace sslsniff {
namespace {

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kLongestPath = 512;

class Walker : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Walker> {
  public:
    using Kind = JsonValue::Kind;
    using Tell = std::function<void(std::string_view, const JsonValue&)>;
    explicit Walker(const Tell& tell) : tell_(tell) {}

    bool Null() { return value({Kind::null, {}}); }
    bool Bool(bool on) { return value({Kind::boolean, on ? "true" : "false"}); }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool /*copy*/) {
        return value({Kind::number, {text, length}});
    }
    bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
        return value({Kind::string, {text, length}});
    }
    bool Key(const char* name, rapidjson::SizeType length, bool /*copy*/) {
        if (beyond_ == 0) {
            path_.resize(levels_.back());
            if (path_.size() + length + 1 > kLongestPath) {
                is_too_long_ = true;
            } else {
                is_too_long_ = false;
                path_.append(path_.empty() ? "" : ".").append(name, length);
            }
        }
        return true;
    }
    bool StartObject() { return open({Kind::object, {}}, ""); }
    bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
    bool StartArray() { return open({Kind::array, {}}, "[]"); }
    bool EndArray(rapidjson::SizeType /*elements*/) { return close(); }

  private:
    bool is_passed_over() const { return beyond_ != 0 || is_too_long_; }
    bool value(const JsonValue& value) {
        if (!is_passed_over()) {
            tell_(path_, value);
        }
        return true;
    }
    bool open(const JsonValue& begun, std::string_view element) {
        value(begun);
        if (is_passed_over() || levels_.size() == kDeepest || path_.size() + element.size() > kLongestPath) {
            ++beyond_;
            return true;
        }
        outer_.push_back(path_.size());
        path_ += element;
        levels_.push_back(path_.size());
        return true;
    }
    bool close() {
        if (beyond_ != 0) {
            --beyond_;
            return true;
        }
        path_.resize(outer_.back());
        is_too_long_ = false;
        outer_.pop_back();
        levels_.pop_back();
        return true;
    }

    const Tell& tell_;
    std::string path_;
    std::vector<std::size_t> levels_;  ///< of each object and array: how long the path of itself is
    std::vector<std::size_t> outer_;   ///< and how long it was before
    std::size_t beyond_ = 0;           ///< objects and arrays that are passed over
    bool is_too_long_ = false;         ///< the value of the last key is passed over
};

}  // namespace

std::optional<std::int64_t> JsonValue::integer() const {
    std::int64_t number = 0;
    const auto result = std::from_chars(text.begin(), text.end(), number);
    const bool is_whole = kind == Kind::number && result.ec == std::errc() && result.ptr == text.end();
    return is_whole ? std::optional(number) : std::nullopt;
}

bool walk_json(ByteView text,
               const std::function<void(std::string_view path, const JsonValue& value)>& tell) {
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    Walker walker(tell);
    return !reader.Parse<kFlags>(stream, walker).IsError();
}

}  // namespace sslsniff
