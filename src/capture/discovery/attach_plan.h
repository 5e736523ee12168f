#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/call_form.h"
#include "capture/discovery/found_by.h"

namespace sslsniff {

/// A file beyond its names, as fstat tells: bind mounts of one file are one FileId.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    auto operator<=>(const FileId&) const = default;
};

/// An instruction that is probed. Uprobes at entries and behind calls never change the program's stack;
/// uretprobes do, and kill programs that switch stacks, throw exceptions or are cancelled inside the call.
struct ProbeSite {
    std::uint64_t file_offset = 0;  ///< in the ELF file, as uprobes want it
    std::uint64_t address = 0;      ///< the same, as a virtual address of the image
    std::uint32_t stack =
        0;  ///< bytes that the stack pointer is below where it was at the function's beginning
    bool is_stepped =
        false;  ///< the kernel single-steps the instruction instead of emulating it: 10 times the cost
    std::string instruction{};  ///< its mnemonic: "js"
};

/// Where the beginning and the end of calls are seen.
struct CallSites {
    ProbeSite entry;
    std::vector<ProbeSite>
        returns;  ///< every call that returns passes exactly one; none when returns do not matter
};

/// A function of a TLS library and where it is probed.
///
/// No byte of payload passes two of a library's payload functions unless one is called by way of the PLT: a
/// function that hands its payload to another probed one (SSL_read_early_data to SSL_read_ex, wolfSSL_recv to
/// wolfSSL_read) is not probed, and an internal function can stand for the public ones above it. What remains
/// (interposed symbols, BoringSSL's SSL_read calling SSL_peek) shows as nested frames on one handle.
struct ProbedFunction {
    std::string symbol;  ///< the public symbol asked for
    CallForm form;
    FoundBy found_by = FoundBy::code;
    bool is_internal = false;         ///< not `symbol` itself, but a function it shares with `covers`
    std::vector<std::string> covers;  ///< further public symbols whose calls pass here
    /// How a call whose beginning was not seen is understood where it returns; nullopt: it is not.
    std::optional<CallForm> at_return{};
    CallSites best;   ///< the cheapest places
    CallSites plain;  ///< places where ProbeSite::stack is 0: for kernels without attach cookies
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
    /// TlsLibrary::name of library.h; lives forever. Tells apart libraries that one file contains.
    std::string_view kind{};
    std::string name;         ///< "OpenSSL", "LibreSSL"
    std::string version;      ///< "3.0.17"; empty when the image does not tell
    std::string build_id;     ///< hex; empty when there is none
    bool on_overlay = false;  ///< `file` is overlayfs's view; another FileId may be the same file
    bool deleted = false;     ///< unlinked or replaced on disk, still in use
    bool shadowed = false;    ///< below a copy that overlayfs made; who mapped it before that still uses it
    std::vector<ProbedFunction> functions;
    std::vector<SkippedSymbol> skipped;
    std::vector<pid_t> processes;  ///< that map it, as far as asked for; ascending
};

/// Overlayfs gives the inode number of the file below, but a device of its own; the kernel probes the file
/// below, so probing both would see everything twice. Elsewhere equal numbers on different devices are
/// different files, even with equal contents.
inline bool is_same_library(const LibraryPlan& a, const LibraryPlan& b) {
    const bool same_file =
        a.file == b.file || ((a.on_overlay || b.on_overlay) && a.file.inode == b.file.inode &&
                             !a.build_id.empty() && a.build_id == b.build_id);
    return same_file && a.kind == b.kind;
}

/// Something that was looked at and is not captured.
struct SkippedTarget {
    pid_t pid = 0;  ///< 0 when it is not about one process
    std::string path;
    std::string reason;               ///< one sentence for the user
    bool captured_otherwise = false;  ///< the process has another TLS library, which is captured
    std::string cause;                ///< `reason` without the process; empty when it is about one alone
    std::string library{};            ///< "NSS 3.87.1", when it is about a TLS library that is not captured
    bool left_out = false;            ///< it could be captured, but the user chose others (LibraryChoice)
};

/// What to probe, as data. Discovery makes it; the attacher executes it; doctor and list print it.
struct AttachPlan {
    std::vector<LibraryPlan> libraries;
    /// Files with the functions by which `libraries` read and write memory (BIO_read and BIO_write), of the
    /// same processes: probed for those only that use them for that.
    std::vector<LibraryPlan> transport_libraries;
    std::vector<SkippedTarget> skipped;
};

}  // namespace sslsniff
