#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// Library names and their paths in the text of /etc/ld.so.cache (ldconfig(8), format
/// "glibc-ld.so.cache1.1"); empty when it is of another form.
std::multimap<std::string, std::string> parse_ld_cache(std::string_view cache);

/// What ldconfig(8) knows of the libraries of this host. Read once, and again when it has changed: whoever
/// plans for processes as they come asks for each of them.
class LdCache {
  public:
    using Libraries = std::multimap<std::string, std::string>;

    explicit LdCache(std::string path = "/etc/ld.so.cache") : path_(std::move(path)) {}

    /// Valid until the next call.
    const Libraries& libraries();

  private:
    std::string path_;
    std::optional<FileStamp> stamp_;
    Libraries libraries_;
};

}  // namespace sslsniff
