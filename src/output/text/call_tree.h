#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_stream.h"
#include "model/transaction.h"

namespace sslsniff {

/// Writes what was caused by a request below it. Calls are over before the request is: their text waits, at
/// most kMostHeld bytes of all. Beyond, and where the request never comes, it is written as if nothing had
/// caused it.
class CallTree {
  public:
    static constexpr std::size_t kMostHeld = std::size_t{4} << 20;

    /// `out` must outlive it.
    explicit CallTree(OutputStream& out) : out_(out) {}
    /// `text`: whole lines.
    void add(const Transaction& transaction, std::string text);
    /// The requests of a connection do not come any more.
    void end(const ConnectionId& connection);
    /// No request does.
    void end();

  private:
    using Calls = std::map<TransactionId, std::vector<std::string>>;

    Calls::iterator release(Calls::iterator calls, bool indented);

    OutputStream& out_;
    Calls calls_;  ///< by the request that caused them
    std::size_t held_ = 0;
};

}  // namespace sslsniff
