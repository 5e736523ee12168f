#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/discovery/file_cache.h"
#include "capture/discovery/plan_builder.h"

namespace sslsniff {

/// Library names and their paths in the text of /etc/ld.so.cache (ldconfig(8), format
/// "glibc-ld.so.cache1.1"); empty when it is of another form.
std::multimap<std::string, std::string> parse_ld_cache(std::string_view cache);

/// Finds the files a program will load, as ld.so(8) would: DT_RPATH and DT_RUNPATH with $ORIGIN, the cache of
/// ldconfig, the standard folders. LD_LIBRARY_PATH and dlopen() are not known here.
class ProgramFiles {
  public:
    explicit ProgramFiles(FileCache& cache);

    /// The file itself and the closure of its DT_NEEDED.
    UsedFiles closure(const std::string& path);

    /// Every file called libssl.so* that the dynamic linker could find.
    std::vector<std::string> installed_tls_libraries() const;

  private:
    std::string locate(const std::string& name, const std::string& user, const InspectedFile& file) const;

    FileCache& cache_;
    std::multimap<std::string, std::string> ld_cache_;
};

/// The executable file `command` names: by itself when it has a '/', else in `search_path` (a PATH).
Result<std::string> find_command(const std::string& command, const std::string& search_path);

/// `path`, or the program that runs it when it is a script: "#!", "#!/usr/bin/env NAME", also several deep.
Result<std::string> find_program(const std::string& path, const std::string& search_path);

}  // namespace sslsniff
