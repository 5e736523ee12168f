#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sslsniff::test {

/// Bytes of DNS messages for tests.
class DnsBuilder {
  public:
    static constexpr std::uint16_t kResponse = 0x8180;
    static constexpr std::uint16_t kQuery = 0x0100;

    DnsBuilder(std::uint16_t id, std::uint16_t flags) { u16(id).u16(flags).u16(0).u16(0).u16(0).u16(0); }
    DnsBuilder& question(std::string_view name, std::uint16_t type, std::uint16_t klass = 1) {
        return count(4).name(name).u16(type).u16(klass);
    }
    DnsBuilder& answer(std::string_view name, std::uint16_t type, std::string_view rdata,
                       std::uint16_t klass = 1) {
        count(6).name(name).u16(type).u16(klass).u16(0).u16(60);
        u16(static_cast<std::uint16_t>(rdata.size()));
        bytes_.append(rdata);
        return *this;
    }
    DnsBuilder& a(std::string_view name, std::string_view address) { return answer(name, 1, address); }
    std::string udp() const { return bytes_; }
    std::string tcp() const {
        DnsBuilder out = *this;
        const auto size = out.bytes_.size();
        return std::string{static_cast<char>(size >> 8), static_cast<char>(size)} + out.bytes_;
    }

  private:
    DnsBuilder& u16(std::uint16_t value) {
        bytes_ += static_cast<char>(value >> 8);
        bytes_ += static_cast<char>(value);
        return *this;
    }
    DnsBuilder& name(std::string_view text) {
        while (!text.empty()) {
            const auto length = text.substr(0, text.find('.')).size();
            bytes_ += static_cast<char>(length);
            bytes_.append(text.substr(0, length));
            text.remove_prefix(length < text.size() ? length + 1 : length);
        }
        bytes_ += '\0';
        return *this;
    }
    DnsBuilder& count(std::size_t at) {
        ++bytes_[at + 1];
        return *this;
    }
    std::string bytes_;
};

}  // namespace sslsniff::test
