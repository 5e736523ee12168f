#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/controlled.h"

namespace sslsniff {

/// The unix socket at which a capture answers whoever runs it (docs/stats.md): a client writes one line
/// (ControlRequest), gets one line of JSON, and the connection closes. Only root and the user who made it
/// get an answer. It never waits: serve() does what can be done now. There are at most kMostClients, of whom
/// the one that came first makes room for the next.
class ControlSocket {
  public:
    static constexpr std::size_t kMostClients = 4;
    static constexpr std::size_t kLongestRequest = 65'536;

    /// Makes the socket, mode 0600, in `folder`, an open one. Another socket there of that name is replaced
    /// when nobody listens at it.
    static Result<std::unique_ptr<ControlSocket>> listen(int folder, const std::string& name);
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    /// Readable when serve() has work.
    std::vector<int> descriptors() const;
    void serve(Controlled& capture);

  private:
    class Client;
    explicit ControlSocket(UniqueFd listener);
    bool may_ask(int client) const;
    void accept();

    UniqueFd listener_;
    uid_t owner_;  ///< who made it, as which this process may not run any longer
    std::vector<std::unique_ptr<Client>> clients_;  ///< in the order in which they came
};

}  // namespace sslsniff
