#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace sslsniff {

/// What is known of TLS on a socket that no probe sees.
struct UncoveredTls {
    std::string library;  ///< "GnuTLS 3.7.9"; empty when there are none, or several
    std::string reason;   ///< for TlsInfo::not_decoded, never empty
};

/// UncoveredTls::reason of a process in which no TLS library is known.
inline constexpr const char* kUnknownLibrary = "by no known TLS library, or forwarded";

/// Which TLS libraries each process has loaded, so that TLS that no probe sees can be named. Remembers at
/// most kMostProcesses processes, with kMostLibraries libraries each.
class ProcessLibraries {
  public:
    static constexpr std::size_t kMostProcesses = 32768;
    static constexpr std::size_t kMostLibraries = 16;

    enum class Capture : std::uint8_t {
        foreign,   ///< it cannot be captured
        left_out,  ///< the user chose others
        late,      ///< it was probed only when the process was running already
        probed
    };

    /// The process has loaded the library `name` ("GnuTLS 3.7.9"). What was said of it first counts.
    void note(std::uint32_t pid, const std::string& name, Capture capture);
    /// Only the payload of one of its libraries shows which socket is whose.
    void note_sockets_by_payload(std::uint32_t pid);
    /// The process has another image.
    void forget(std::uint32_t pid) {
        processes_.erase(pid);
        by_payload_.erase(pid);
    }
    bool knows(std::uint32_t pid) const { return processes_.contains(pid); }
    bool shows_sockets_by_payload(std::uint32_t pid) const { return by_payload_.contains(pid); }

    UncoveredTls describe(std::uint32_t pid) const;

  private:
    using Libraries = std::map<std::string, Capture>;
    std::map<std::uint32_t, Libraries> processes_;
    std::set<std::uint32_t> by_payload_;
};

}  // namespace sslsniff
