#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sslsniff {

struct TlsIdentity;

/// Which TLS libraries are captured: all, or those that the user named. What shares its functions with others
/// (OpenSSL, BoringSSL ...) is told apart by its variant.
class LibraryChoice {
  public:
    LibraryChoice() = default;  ///< all

    /// `texts`: words of library_words(), several in one with commas between them. None: all.
    static Result<LibraryChoice> parse(std::span<const std::string> texts);

    bool has(const TlsIdentity& identity) const;

  private:
    std::vector<std::string_view> words_;  ///< empty: all
};

/// What the libraries that can be captured are called on the command line: "openssl", "gnutls" ...
std::vector<std::string_view> library_words();

}  // namespace sslsniff
