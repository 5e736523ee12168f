#pragma once

#include <sys/un.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Where a capture of this user has its socket, unless it is told another place: /run/sslsniff for root, else
/// what a service manager gives ($RUNTIME_DIRECTORY; systemd.exec(5)), else sslsniff in $XDG_RUNTIME_DIR;
/// empty: nowhere.
std::string default_control_folder();
/// Where to look for captures that this user may ask: for root the service's, too.
std::vector<std::string> control_folders();
/// The name of the socket there: "4242.sock".
std::string control_name(pid_t pid);
/// The pids of captures with a socket in the folder, and those that ended without removing theirs.
std::vector<pid_t> controlled_captures(const std::string& folder);

/// Opens the folder, which is made for its owner alone when it is missing and `make` says so.
Result<UniqueFd> open_control_folder(const std::string& folder, bool make);

/// Of a socket in an open folder, whatever its path; nothing when the name is too long.
std::optional<sockaddr_un> socket_address(int folder, const std::string& name);

/// Removes the socket when nobody listens at it.
void remove_if_forsaken(int folder, const std::string& name);

}  // namespace sslsniff
