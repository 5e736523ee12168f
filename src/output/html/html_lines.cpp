#include "output/html/html_lines.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/text.h"
#include "output/stat/folding.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxText = 512;  // bytes of a text in a row; the object has all of it

std::int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

/// "api.example.com:443"; empty when nothing is known of the other end.
std::string peer_of(const ConnectionInfo& connection) {
    const Endpoint& remote = connection.endpoints.remote;
    if (!connection.remote_name.empty()) {
        return remote.port == 0 ? connection.remote_name
                                : connection.remote_name + ":" + std::to_string(remote.port);
    }
    if (remote.address.family == IpAddress::Family::none) {
        return {};
    }
    return remote.port == 0 ? to_string(remote.address) : to_string(remote);
}

/// One name for all that is asked alike: "GET /users/{n}".
std::string endpoint_of(const Facts& facts) {
    const std::string target = fold_target(facts.target);
    return facts.operation + (facts.operation.empty() || target.empty() ? "" : " ") + target;
}

}  // namespace

void HtmlLines::render(const Transaction& transaction, std::uint32_t hint, Bytes& out) {
    row(transaction, out);
    json_.render(transaction, hint, out);
}

void HtmlLines::render(const ConnectionRecord& record, std::uint32_t hint, Bytes& out) {
    json_.render(record, hint, out);
}

void HtmlLines::row(const Transaction& transaction, Bytes& out) {
    const Timing& timing = transaction.timing;
    const ConnectionInfo& connection = transaction.connection;
    const Summary summary = transaction.exchange->summary();
    const Facts facts = transaction.exchange->facts();
    row_.begin_document();
    time("at", timing.start);
    if (timing.end) {
        row_.number("took", microseconds(std::max(*timing.end - timing.start, Duration(0))));
    }
    if (timing.request_end) {
        row_.number("asked", microseconds(std::max(*timing.request_end - timing.start, Duration(0))));
    }
    if (timing.response_start) {
        row_.number("answered", microseconds(std::max(*timing.response_start - timing.start, Duration(0))));
    }
    row_.plain("connection", connection_name(connection.id));
    if (transaction.number != 0) {
        row_.plain("id", transaction_name(transaction.id()));
    }
    if (transaction.caused_by) {
        row_.plain("cause", transaction_name(transaction.caused_by->transaction));
    }
    text_if_any("process", connection.process->comm);
    row_.number("pid", connection.process->key.pid);
    row_.plain("role", to_string(connection.role));
    text_if_any("peer", peer_of(connection));
    if (connection.carrier == Carrier::tls) {
        row_.boolean("tls", true);
    }
    row_.text("protocol", transaction.exchange->protocol());
    text_if_any("said", summary.request);
    text_if_any("got", summary.response);
    if (summary.towards_client) {
        row_.boolean("pushed", true);
    }
    row_.plain("outcome", to_string(facts.outcome));
    text_if_any("endpoint", endpoint_of(facts));
    row_.unsigned_number("up", summary.request_bytes);
    row_.unsigned_number("down", summary.response_bytes);
    if (!transaction.integrity.complete) {
        row_.boolean("incomplete", true);
    }
    row_.end_object();
    out.append(row_.line());
}

void HtmlLines::time(std::string_view key, Timestamp time) {
    if (time != Timestamp()) {
        row_.number(key, microseconds(time.time_since_epoch()));
    }
}

void HtmlLines::text_if_any(std::string_view key, ByteView bytes) {
    if (!bytes.empty()) {
        row_.text(key, printable(prefix_of(bytes, kMaxText)));
    }
}

}  // namespace sslsniff
