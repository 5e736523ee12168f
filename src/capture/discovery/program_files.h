#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/file_cache.h"
#include "capture/discovery/ld_cache.h"
#include "capture/discovery/plan_builder.h"

namespace sslsniff {

/// Finds the files a program will load, as ld.so(8) would: DT_RPATH and DT_RUNPATH with $ORIGIN,
/// LD_LIBRARY_PATH, the cache of ldconfig, the standard folders. What it opens by dlopen() is not known here.
class ProgramFiles {
  public:
    /// `library_path`: the program's LD_LIBRARY_PATH. All paths are of `root`.
    ProgramFiles(FileCache& cache, LdCache& ld_cache, const std::string& library_path, FileRoot root);

    /// The file itself and the closure of its DT_NEEDED.
    UsedFiles closure(const std::string& path);
    /// The same of files that are open already.
    UsedFiles closure(UsedFiles files);

    /// Every file called libssl.so* that the dynamic linker could find.
    std::vector<std::string> installed_tls_libraries() const;

  private:
    std::string locate(const std::string& name, const std::string& user, const InspectedFile& file) const;
    bool is_there(const std::string& path) const;

    FileCache& cache_;
    FileRoot root_;
    std::vector<std::string> library_path_;
    const LdCache::Libraries& installed_;
};

/// The executable file `command` names: by itself when it has a '/', else in `search_path` (a PATH).
Result<std::string> find_command(const std::string& command, const std::string& search_path);

/// `path`, or the program that runs it when it is a script: "#!", "#!/usr/bin/env NAME", also several deep.
Result<std::string> find_program(const std::string& path, const std::string& search_path);

}  // namespace sslsniff
