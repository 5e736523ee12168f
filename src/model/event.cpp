#include "model/event.h"

#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<LossCause, 10> kLossCauses{{{LossCause::ring_full, "ring_full"},
                                            {LossCause::fault, "fault"},
                                            {LossCause::snaplen, "snaplen"},
                                            {LossCause::map_full, "map_full"},
                                            {LossCause::frame_limit, "frame_limit"},
                                            {LossCause::no_buffer, "no_buffer"},
                                            {LossCause::unknown, "unknown"},
                                            {LossCause::connection_limit, "connection_limit"},
                                            {LossCause::memory_limit, "memory_limit"},
                                            {LossCause::missed, "missed"}}};
constexpr Names<CloseReason, 11> kCloseReasons{{{CloseReason::shutdown, "shutdown"},
                                                {CloseReason::freed, "freed"},
                                                {CloseReason::socket_closed, "socket_closed"},
                                                {CloseReason::reset, "reset"},
                                                {CloseReason::process_exit, "process_exit"},
                                                {CloseReason::capture_end, "capture_end"},
                                                {CloseReason::given_up, "given_up"},
                                                {CloseReason::refused, "refused"},
                                                {CloseReason::timed_out, "timed_out"},
                                                {CloseReason::covered, "covered"},
                                                {CloseReason::tls_began, "tls_began"}}};

}  // namespace

std::string_view to_string(LossCause cause) {
    return name_of(kLossCauses, cause);
}
std::optional<LossCause> parse_loss_cause(std::string_view text) {
    return value_of(kLossCauses, text);
}
std::string_view to_string(CloseReason reason) {
    return name_of(kCloseReasons, reason);
}
std::optional<CloseReason> parse_close_reason(std::string_view text) {
    return value_of(kCloseReasons, text);
}

Timestamp time_of(const CaptureEvent& event) {
    return std::visit([](const auto& e) { return e.time; }, event);
}

}  // namespace sslsniff
