#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// Library names and their paths in the text of /etc/ld.so.cache (ldconfig(8), format
/// "glibc-ld.so.cache1.1"); empty when it is of another form.
std::multimap<std::string, std::string> parse_ld_cache(std::string_view cache);

/// What ldconfig(8) knows of the libraries of this host, and of containers. Each file is read once, and again
/// when it has changed: whoever plans for processes as they come asks for each of them.
class LdCache {
  public:
    using Libraries = std::multimap<std::string, std::string>;
    static constexpr std::size_t kMostFiles = 64;

    /// In the text of the file that `path` leads to. Valid until the next call.
    const Libraries& libraries(const std::string& path);

  private:
    struct Known {
        FileStamp stamp;
        Libraries libraries;
    };
    std::map<FileId, Known> files_;
    Libraries none_;
};

}  // namespace sslsniff
