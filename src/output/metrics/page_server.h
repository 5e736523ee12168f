#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/connection.h"

namespace sslsniff {

/// Answers GET and HEAD for one path by HTTP/1.1, and whatever else it is asked with an error. It never
/// waits: serve() does what can be done now, so it needs no thread and no clock. A client may send 8 KiB,
/// gets one answer, and the connection closes; there are at most kMostClients, of whom the one that came
/// first makes room for the next.
class PageServer {
  public:
    static constexpr std::size_t kMostClients = 8;

    /// Makes a page: its text, for as long as an answer takes.
    using MakePage = std::function<std::string()>;

    /// `path` begins with a slash. `type`: the Content-Type of pages.
    PageServer(std::string path, std::string type);
    ~PageServer();
    PageServer(const PageServer&) = delete;
    PageServer& operator=(const PageServer&) = delete;

    /// Listens at `address`; port 0 is any that is free.
    Result<void> listen(const Endpoint& address);
    /// Where it does.
    const Endpoint& address() const { return address_; }

    void serve(const MakePage& make_page);

  private:
    class Client;
    void accept();

    std::string path_;
    std::string type_;
    Endpoint address_;
    UniqueFd listener_;
    std::vector<std::unique_ptr<Client>> clients_;  ///< in the order in which they came
};

}  // namespace sslsniff
