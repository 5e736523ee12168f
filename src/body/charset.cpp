#include "body/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "base/text.h"

namespace sslsniff {
namespace {

/// A conversion descriptor of iconv(3).
class Converter {
  public:
    explicit Converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;
    ~Converter() {
        if (valid()) {
            iconv_close(handle_);
        }
    }
    bool valid() const {
        // What iconv_open() returns on failure. NOLINTNEXTLINE(performance-no-int-to-ptr)
        return handle_ != reinterpret_cast<iconv_t>(-1);
    }

    std::string convert(ByteView bytes) {
        std::string out;
        std::array<char, 4096> buffer{};
        char* in = const_cast<char*>(bytes.data());
        std::size_t left = bytes.size();
        while (left > 0) {
            char* to = buffer.data();
            std::size_t room = buffer.size();
            const bool failed = iconv(handle_, &in, &left, &to, &room) == static_cast<std::size_t>(-1);
            const int error = errno;
            out.append(buffer.data(), buffer.size() - room);
            if (failed && error != E2BIG) {
                out += "\xEF\xBF\xBD";
                if (error == EINVAL) {
                    break;  // cut short within a character
                }
                ++in;
                --left;
            }
        }
        return out;
    }

  private:
    iconv_t handle_;
};

/// A name, and not one of iconv's directives like "//TRANSLIT".
bool is_charset_name(std::string_view name) {
    return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
               c == ':';
    });
}

}  // namespace

std::string media_type(std::string_view content_type) {
    return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string parameter_of(std::string_view field, std::string_view name) {
    for (std::size_t at = field.find(';'); at != std::string_view::npos; at = field.find(';', at + 1)) {
        const std::string_view parameter = trim(field.substr(at + 1));
        const std::size_t equals = parameter.find('=');
        if (equals == std::string_view::npos ||
            !equals_ignore_case(trim(parameter.substr(0, equals)), name)) {
            continue;
        }
        const std::string_view value = trim(parameter.substr(equals + 1));
        if (value.starts_with('"')) {
            return std::string(value.substr(1, value.find('"', 1) - 1));
        }
        return std::string(trim(value.substr(0, value.find(';'))));
    }
    return {};
}

std::string to_utf8(ByteView bytes, std::string_view charset) {
    if (!is_charset_name(charset) || equals_ignore_case(charset, "utf-8") ||
        equals_ignore_case(charset, "utf8")) {
        return std::string(bytes);
    }
    Converter converter{std::string(charset)};
    return converter.valid() ? converter.convert(bytes) : std::string(bytes);
}

}  // namespace sslsniff
