#include "api/sslsniff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "api/capture.h"

// NOLINTBEGIN(readability-identifier-naming): of C

// The boundary: nothing is thrown across it, and nothing runs within itself.
struct sslsniff_capture {
    std::unique_ptr<sslsniff::api::Capture> capture;
    std::string error;
    bool is_inside = false;  ///< a function that calls callbacks runs
    bool is_doomed = false;  ///< to be freed when it returns
};

namespace {

using sslsniff::Error;
using sslsniff::ErrorKind;
using sslsniff::api::Callback;
using sslsniff::api::Counted;

constexpr const char* kNoCapture = "there is no capture: the pointer to it is NULL";
constexpr const char* kInside = "a callback is running: this cannot be done before it returns";
constexpr const char* kRunning = "the capture runs: stop it first";

constexpr std::array<std::pair<int, const char*>, 12> kStatusNames{{
    {SSLSNIFF_OK, "SSLSNIFF_OK"},
    {SSLSNIFF_ENDED, "SSLSNIFF_ENDED"},
    {SSLSNIFF_ERROR_SYSTEM, "SSLSNIFF_ERROR_SYSTEM"},
    {SSLSNIFF_ERROR_USAGE, "SSLSNIFF_ERROR_USAGE"},
    {SSLSNIFF_ERROR_PERMISSION, "SSLSNIFF_ERROR_PERMISSION"},
    {SSLSNIFF_ERROR_NOT_FOUND, "SSLSNIFF_ERROR_NOT_FOUND"},
    {SSLSNIFF_ERROR_UNSUPPORTED, "SSLSNIFF_ERROR_UNSUPPORTED"},
    {SSLSNIFF_ERROR_INPUT, "SSLSNIFF_ERROR_INPUT"},
    {SSLSNIFF_ERROR_OUTPUT, "SSLSNIFF_ERROR_OUTPUT"},
    {SSLSNIFF_ERROR_MEMORY, "SSLSNIFF_ERROR_MEMORY"},
    {SSLSNIFF_ERROR_STATE, "SSLSNIFF_ERROR_STATE"},
    {SSLSNIFF_ERROR_INTERNAL, "SSLSNIFF_ERROR_INTERNAL"},
}};

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::system:
            return SSLSNIFF_ERROR_SYSTEM;
        case ErrorKind::usage:
            return SSLSNIFF_ERROR_USAGE;
        case ErrorKind::permission:
            return SSLSNIFF_ERROR_PERMISSION;
        case ErrorKind::not_found:
            return SSLSNIFF_ERROR_NOT_FOUND;
        case ErrorKind::unsupported:
            return SSLSNIFF_ERROR_UNSUPPORTED;
        case ErrorKind::input:
            return SSLSNIFF_ERROR_INPUT;
        case ErrorKind::output:
            return SSLSNIFF_ERROR_OUTPUT;
    }
    return SSLSNIFF_ERROR_SYSTEM;
}

/// There may be no memory for the sentence either.
int fail(sslsniff_capture& self, int status, const char* sentence) noexcept {
    try {
        self.error = sentence;
    } catch (...) {
        self.error.clear();
    }
    return status;
}

int fail(sslsniff_capture& self, const Error& error) noexcept {
    return fail(self, status_of(error.kind), error.message.c_str());
}

/// What `function` returns, or what became of it.
template <class Function>
int guarded(sslsniff_capture* self, Function function) noexcept {
    if (self == nullptr) {
        return SSLSNIFF_ERROR_USAGE;
    }
    try {
        return function(*self);
    } catch (const std::bad_alloc&) {
        return fail(*self, SSLSNIFF_ERROR_MEMORY, "there is not enough memory");
    } catch (const std::exception& exception) {
        return fail(*self, SSLSNIFF_ERROR_INTERNAL, exception.what());
    } catch (...) {
        return fail(*self, SSLSNIFF_ERROR_INTERNAL, "an exception of an unknown kind");
    }
}

/// The same for what calls callbacks: those may not come here again, but may have the capture freed.
template <class Function>
int calling(sslsniff_capture* self, Function function) noexcept {
    if (self != nullptr && std::exchange(self->is_inside, true)) {
        return fail(*self, SSLSNIFF_ERROR_STATE, kInside);
    }
    int status = guarded(self, function);
    if (self == nullptr) {
        return status;
    }
    if (self->capture->take_thrown() && status >= 0) {
        status = fail(*self, SSLSNIFF_ERROR_INTERNAL, "a callback has thrown an exception");
    }
    self->is_inside = false;
    if (self->is_doomed) {
        sslsniff_free(self);
    }
    return status;
}

/// Null: there is none.
const char* reason_against_change(const sslsniff_capture& self) {
    if (self.is_inside) {
        return kInside;
    }
    return self.capture->may_change() ? nullptr : kRunning;
}

template <class Function>
int set_callback(sslsniff_capture* self, Callback<Function> sslsniff::api::Callbacks::* member,
                 Function function, void* context) noexcept {
    return guarded(self, [&](sslsniff_capture& capture) {
        if (const char* reason = reason_against_change(capture)) {
            return fail(capture, SSLSNIFF_ERROR_STATE, reason);
        }
        capture.capture->callbacks().*member = {function, context};
        return static_cast<int>(SSLSNIFF_OK);
    });
}

size_t copy_counts(sslsniff_capture* self, const Counted& (sslsniff::api::Capture::*read)(),
                   sslsniff_count* counts, size_t capacity) noexcept {
    size_t number = 0;
    guarded(self, [&](sslsniff_capture& capture) {
        const Counted& counted = ((*capture.capture).*read)();
        number = counted.size();
        if (counts != nullptr) {
            std::copy_n(counted.begin(), std::min(number, capacity), counts);
        }
        return static_cast<int>(SSLSNIFF_OK);
    });
    return number;
}

}  // namespace

const char* sslsniff_version(void) {
    return SSLSNIFF_VERSION;
}

const char* sslsniff_status_name(int status) {
    const auto* found = std::ranges::find(kStatusNames, status, &std::pair<int, const char*>::first);
    return found != kStatusNames.end() ? found->second : "unknown status";
}

sslsniff_capture* sslsniff_new(void) {
    try {
        auto capture = sslsniff::api::Capture::create();
        return capture ? std::make_unique<sslsniff_capture>(*std::move(capture)).release() : nullptr;
    } catch (...) {
        return nullptr;
    }
}

void sslsniff_free(sslsniff_capture* capture) {
    if (capture == nullptr) {
        return;
    }
    if (capture->is_inside) {
        capture->is_doomed = true;
        capture->capture->waiting().request_stop();
        return;
    }
    capture->is_inside = true;
    guarded(capture, [](sslsniff_capture& self) {
        const auto stopped = self.capture->stop();
        return stopped ? static_cast<int>(SSLSNIFF_OK) : fail(self, stopped.error());
    });
    delete capture;
}

int sslsniff_set(sslsniff_capture* capture, const char* option, const char* value) {
    return guarded(capture, [&](sslsniff_capture& self) {
        if (option == nullptr) {
            return fail(self, SSLSNIFF_ERROR_USAGE, "the name of the option is NULL");
        }
        if (const char* reason = reason_against_change(self)) {
            return fail(self, SSLSNIFF_ERROR_STATE, reason);
        }
        const auto set =
            self.capture->set(option, value != nullptr ? std::optional<std::string>(value) : std::nullopt);
        return set ? static_cast<int>(SSLSNIFF_OK) : fail(self, set.error());
    });
}

int sslsniff_on_event(sslsniff_capture* capture, sslsniff_event_callback callback, void* context) {
    return set_callback(capture, &sslsniff::api::Callbacks::event, callback, context);
}

int sslsniff_on_transaction(sslsniff_capture* capture, sslsniff_transaction_callback callback,
                            void* context) {
    return set_callback(capture, &sslsniff::api::Callbacks::transaction, callback, context);
}

int sslsniff_on_connection(sslsniff_capture* capture, sslsniff_connection_callback callback, void* context) {
    return set_callback(capture, &sslsniff::api::Callbacks::connection, callback, context);
}

int sslsniff_on_line(sslsniff_capture* capture, sslsniff_line_callback callback, void* context) {
    return set_callback(capture, &sslsniff::api::Callbacks::line, callback, context);
}

int sslsniff_on_notice(sslsniff_capture* capture, sslsniff_notice_callback callback, void* context) {
    return set_callback(capture, &sslsniff::api::Callbacks::notice, callback, context);
}

const char* sslsniff_json(sslsniff_capture* capture, size_t* length) {
    const char* json = nullptr;
    size_t size = 0;
    guarded(capture, [&](sslsniff_capture& self) {
        if (const std::string* line = self.capture->json()) {
            json = line->c_str();
            size = line->size();
        }
        return static_cast<int>(SSLSNIFF_OK);
    });
    if (length != nullptr) {
        *length = size;
    }
    return json;
}

int sslsniff_start(sslsniff_capture* capture) {
    return calling(capture, [](sslsniff_capture& self) {
        if (!self.capture->may_change()) {
            return fail(self, SSLSNIFF_ERROR_STATE, kRunning);
        }
        const auto started = self.capture->start();
        return started ? static_cast<int>(SSLSNIFF_OK) : fail(self, started.error());
    });
}

int sslsniff_poll(sslsniff_capture* capture, int timeout_ms) {
    return calling(capture, [&](sslsniff_capture& self) {
        if (!self.capture->has_started()) {
            return fail(self, SSLSNIFF_ERROR_STATE, "the capture was not started");
        }
        const auto ended = self.capture->poll(std::chrono::milliseconds(timeout_ms));
        if (!ended) {
            return fail(self, ended.error());
        }
        return static_cast<int>(*ended ? SSLSNIFF_ENDED : SSLSNIFF_OK);
    });
}

int sslsniff_fd(const sslsniff_capture* capture) {
    return capture != nullptr ? capture->capture->waiting().fd() : -1;
}

int sslsniff_stop(sslsniff_capture* capture) {
    if (capture != nullptr && capture->is_inside) {
        capture->capture->waiting().request_stop();
        return SSLSNIFF_OK;
    }
    return calling(capture, [](sslsniff_capture& self) {
        const auto stopped = self.capture->stop();
        return stopped ? static_cast<int>(SSLSNIFF_OK) : fail(self, stopped.error());
    });
}

void sslsniff_request_stop(sslsniff_capture* capture) {
    if (capture != nullptr) {
        capture->capture->waiting().request_stop();
    }
}

int sslsniff_state(const sslsniff_capture* capture) {
    return capture != nullptr ? capture->capture->state() : static_cast<int>(SSLSNIFF_STATE_NEW);
}

const char* sslsniff_error(const sslsniff_capture* capture) {
    return capture != nullptr ? capture->error.c_str() : kNoCapture;
}

int sslsniff_read_statistics(sslsniff_capture* capture, sslsniff_statistics* statistics) {
    return guarded(capture, [&](sslsniff_capture& self) {
        // The first version had all of it.
        if (statistics == nullptr || statistics->struct_size < sizeof(sslsniff_statistics)) {
            return fail(self, SSLSNIFF_ERROR_USAGE, "struct_size of the statistics is not their size");
        }
        const auto read = self.capture->statistics();
        const size_t size = std::min(statistics->struct_size, sizeof(read));
        std::memcpy(statistics, &read, size);
        return static_cast<int>(SSLSNIFF_OK);
    });
}

size_t sslsniff_losses(sslsniff_capture* capture, sslsniff_count* counts, size_t capacity) {
    return copy_counts(capture, &sslsniff::api::Capture::losses, counts, capacity);
}

size_t sslsniff_protocols(sslsniff_capture* capture, sslsniff_count* counts, size_t capacity) {
    return copy_counts(capture, &sslsniff::api::Capture::protocols, counts, capacity);
}

// NOLINTEND(readability-identifier-naming)
