#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/tls_function.h"

namespace sslsniff {

/// A file beyond its names: overlay copies and bind mounts of one real file are one FileId.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    auto operator<=>(const FileId&) const = default;
};

/// Why the probe of a function sits where it does.
enum class SiteKind : std::uint8_t {
    entry,          ///< first instruction
    after_endbr64,  ///< entry + 4: endbr64 would be single-stepped, the instruction behind it is emulated
    internal,       ///< the function X and X_ex share, because the public one would be single-stepped
    entry_stepped   ///< first instruction although the kernel has to single-step it
};

/// Where one function is probed.
struct ProbeSite {
    tls_function function = TLS_FN_NONE;
    std::string symbol;             ///< the public symbol asked for
    std::uint64_t file_offset = 0;  ///< in the ELF file, as uprobes want it
    SiteKind kind = SiteKind::entry;
    bool with_return = true;  ///< needs a return probe as well
};

struct SkippedSymbol {
    std::string symbol;
    std::string reason;
};

/// A TLS library, or an executable that contains one.
struct LibraryPlan {
    FileId file;
    std::string
        open_path;  ///< how the file is reached from here, also when deleted or in another mount namespace
    std::string display_path;  ///< as the process sees it
    std::string name;          ///< "OpenSSL"
    std::string version;       ///< "3.0.17"; empty when the image does not tell
    std::string build_id;      ///< hex; empty when there is none
    std::vector<ProbeSite> sites;
    std::vector<SkippedSymbol> skipped;
    std::vector<pid_t> processes;  ///< that map it, as far as asked for
};

/// Something that was looked at and cannot be captured.
struct SkippedTarget {
    pid_t pid = 0;  ///< 0 when it is not about one process
    std::string path;
    std::string reason;
};

/// What to probe, as data. Discovery makes it; the attacher executes it; doctor and list print it.
struct AttachPlan {
    std::vector<LibraryPlan> libraries;
    std::vector<SkippedTarget> skipped;
};

}  // namespace sslsniff
