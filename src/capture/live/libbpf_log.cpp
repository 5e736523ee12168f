#include "capture/live/libbpf_log.h"

#include <bpf/libbpf.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace sslsniff {

namespace {

// libbpf's callback has no argument of ours.
thread_local std::string* sink = nullptr;

constexpr std::size_t kGreatestLog = 4U << 20U;

__attribute__((format(printf, 2, 0))) int collect(libbpf_print_level level, const char* format,
                                                  va_list arguments) {
    if (sink == nullptr || level == LIBBPF_DEBUG) {
        return 0;
    }
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, arguments);
    if (length > 0 && sink->size() < kGreatestLog) {
        const std::size_t old = sink->size();
        sink->resize(old + static_cast<std::size_t>(length) + 1);
        std::vsnprintf(sink->data() + old, static_cast<std::size_t>(length) + 1, format, again);
        sink->pop_back();
    }
    va_end(again);
    return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() : outer_(sink) {
    sink = &text_;
    libbpf_set_print(collect);
}

LibbpfLog::~LibbpfLog() {
    sink = outer_;
}

std::string LibbpfLog::tail(std::size_t lines) const {
    std::size_t from = text_.size();
    while (from > 0 && text_[from - 1] == '\n') {
        from--;
    }
    const std::size_t end = from;
    for (std::size_t line = 0; line < lines && from != std::string::npos && from > 0; line++) {
        from = text_.rfind('\n', from - 1);
    }
    from = from == std::string::npos ? 0 : from + (from < end && text_[from] == '\n' ? 1 : 0);
    return text_.substr(from, end - from);
}

}  // namespace sslsniff
