#include "support/event_text.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace sslsniff::test {
namespace {

std::string_view arrow(Direction direction) {
    return direction == Direction::sent ? ">" : "<";
}

}  // namespace

void EventText::on_event(const CaptureEvent& event) {
    if (const auto* data = std::get_if<DataEvent>(&event)) {
        const std::string prefix = fmt::format("{} {} ", data->connection.generation, arrow(data->direction));
        if (last_data_ == prefix) {
            text_.pop_back();
        } else {
            text_ += prefix;
        }
        text_ += printable(data->bytes) + "\n";
        last_data_ = prefix;
        return;
    }
    last_data_.clear();
    if (const auto* open = std::get_if<OpenEvent>(&event)) {
        line(open->connection,
             fmt::format("open {}{}", to_string(open->carrier), open->midstream ? " midstream" : ""));
    } else if (const auto* endpoints = std::get_if<EndpointsEvent>(&event)) {
        line(endpoints->connection,
             fmt::format("{} {} {} {}", to_string(endpoints->endpoints.transport), to_string(endpoints->role),
                         to_string(endpoints->endpoints.local), to_string(endpoints->endpoints.remote)));
    } else if (const auto* tls = std::get_if<TlsEvent>(&event)) {
        line(tls->connection, fmt::format("tls {} {} sni={} alpn={}", tls->tls.version, tls->tls.cipher,
                                          printable(tls->tls.sni), printable(tls->tls.alpn)));
    } else if (const auto* gap = std::get_if<GapEvent>(&event)) {
        line(gap->connection,
             fmt::format("{} gap {} {}", arrow(gap->direction), gap->bytes, to_string(gap->cause)));
    } else if (const auto* close = std::get_if<CloseEvent>(&event)) {
        line(close->connection, fmt::format("close {}", to_string(close->reason)));
    } else if (const auto* process = std::get_if<ProcessEvent>(&event)) {
        text_ += fmt::format("process {} {}\n", process->process.key.pid, printable(process->process.comm));
    } else if (const auto* loss = std::get_if<LossEvent>(&event)) {
        text_ += fmt::format("loss {} {}\n", to_string(loss->cause), loss->events);
    }
}

std::string EventText::take() {
    last_data_.clear();
    return std::exchange(text_, {});
}

void EventText::line(const ConnectionId& connection, std::string_view text) {
    text_ += fmt::format("{} {}\n", connection.generation, text);
}

}  // namespace sslsniff::test
