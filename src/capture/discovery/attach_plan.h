#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/tls_function.h"

namespace sslsniff {

/// A file beyond its names, as fstat tells: bind mounts of one file are one FileId.
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
///
/// No octet of payload passes two of a library's payload sites unless one is called by way of the PLT: a
/// function that hands its payload to another probed one (SSL_read_early_data to SSL_read_ex, SSL_write_ex to
/// SSL_write_ex2, LibreSSL's SSL_read_ex to SSL_read) has no site of its own, and an internal site replaces
/// those of the public functions above it. What remains (interposed symbols, BoringSSL's SSL_read calling
/// SSL_peek) shows as nested frames on one SSL object.
struct ProbeSite {
    tls_function function = TLS_FN_NONE;
    std::string symbol;             ///< the public symbol asked for
    std::uint64_t file_offset = 0;  ///< in the ELF file, as uprobes want it
    SiteKind kind = SiteKind::entry;
    bool with_return = true;          ///< needs a return probe as well
    std::vector<std::string> covers;  ///< further public symbols whose calls pass here
};

struct SkippedSymbol {
    std::string symbol;
    std::string reason;
};

/// A TLS library, or an executable that contains one.
struct LibraryPlan {
    /// What open_path led to. A file can be replaced between planning and attaching, and a probe at a
    /// stale offset would crash its users: the attacher opens `open_path`, compares, and attaches by the
    /// descriptor.
    FileId file;
    std::string
        open_path;  ///< how the file is reached from here, also when deleted or in another mount namespace
    std::string display_path;  ///< as the process sees it
    std::string name;          ///< "OpenSSL"
    std::string version;       ///< "3.0.17"; empty when the image does not tell
    std::string build_id;      ///< hex; empty when there is none
    bool on_overlay = false;   ///< `file` is overlayfs's view; another FileId may be the same file
    bool deleted = false;      ///< unlinked or replaced on disk, still in use
    std::vector<ProbeSite> sites;
    std::vector<SkippedSymbol> skipped;
    std::vector<pid_t> processes;  ///< that map it, as far as asked for; ascending
};

/// Overlayfs gives the inode number of the file below, but a device of its own; the kernel probes the file
/// below, so probing both would see everything twice. Elsewhere equal numbers on different devices are
/// different files, even with equal contents.
inline bool is_same_file(const LibraryPlan& a, const LibraryPlan& b) {
    return a.file == b.file || ((a.on_overlay || b.on_overlay) && a.file.inode == b.file.inode &&
                                !a.build_id.empty() && a.build_id == b.build_id);
}

/// Something that was looked at and cannot be captured.
struct SkippedTarget {
    pid_t pid = 0;  ///< 0 when it is not about one process
    std::string path;
    std::string reason;               ///< one sentence for the user
    bool captured_otherwise = false;  ///< the process has another TLS library, which is captured
    std::string cause;                ///< `reason` without the process; empty when it is about one alone
};

/// What to probe, as data. Discovery makes it; the attacher executes it; doctor and list print it.
struct AttachPlan {
    std::vector<LibraryPlan> libraries;
    /// Files that define BIO_read and BIO_write and are used by processes of `libraries`. Their sites
    /// (TLS_FN_BIO_*) are for processes with memory BIOs only.
    std::vector<LibraryPlan> bio_libraries;
    std::vector<SkippedTarget> skipped;
};

}  // namespace sslsniff
