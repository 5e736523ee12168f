// What a sslsniff_capture allows and refuses, and what becomes of it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "engine/live_session.h"
#include "watcher.h"

namespace sslsniff {
namespace {

using test::Folder;
using test::Watcher;
using Lines = std::vector<std::string>;

std::string fixture(const std::string& name) {
    return std::string(SSLSNIFF_FIXTURES) + "/" + name;
}

const std::string& trace() {
    static const std::string path = fixture("http1_keep_alive.trace");
    return path;
}

bool is_readable(int fd) {
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, 0) == 1;
}

/// A FIFO with a writer, into which a trace goes bit by bit.
class Pipe {
  public:
    explicit Pipe(const std::string& path) {
        ::mkfifo(path.c_str(), 0600);
        fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    void write(std::string_view text) const {
        ASSERT_EQ(::write(fd_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

  private:
    UniqueFd fd_;
};

TEST(LibraryHandle, NullIsRefusedEverywhere) {
    EXPECT_EQ(sslsniff_set(nullptr, "pid", "1"), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_start(nullptr), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_poll(nullptr, 0), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_stop(nullptr), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_on_event(nullptr, nullptr, nullptr), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_read_statistics(nullptr, nullptr), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_losses(nullptr, nullptr, 0), 0U);
    EXPECT_EQ(sslsniff_protocols(nullptr, nullptr, 7), 0U);
    EXPECT_EQ(sslsniff_fd(nullptr), -1);
    EXPECT_EQ(sslsniff_json(nullptr, nullptr), nullptr);
    EXPECT_EQ(sslsniff_state(nullptr), SSLSNIFF_STATE_NEW);
    EXPECT_STRNE(sslsniff_error(nullptr), "");
    sslsniff_request_stop(nullptr);
    sslsniff_free(nullptr);
    Watcher watcher;
    EXPECT_EQ(sslsniff_set(watcher.raw, nullptr, "1"), SSLSNIFF_ERROR_USAGE);
    EXPECT_EQ(sslsniff_read_statistics(watcher.raw, nullptr), SSLSNIFF_ERROR_USAGE);
}

TEST(LibraryHandle, NamesOfStatus) {
    EXPECT_STREQ(sslsniff_version(), SSLSNIFF_VERSION);
    for (int status = SSLSNIFF_ERROR_INTERNAL; status <= SSLSNIFF_ENDED; ++status) {
        EXPECT_EQ(std::string(sslsniff_status_name(status)).find("SSLSNIFF_"), 0U) << status;
    }
    EXPECT_STREQ(sslsniff_status_name(42), "unknown status");
}

TEST(LibraryHandle, OptionsThatMakeNoSenseAreRefused) {
    Watcher watcher;
    EXPECT_EQ(watcher.error(), "");
    for (const auto& [option, value] : std::vector<std::pair<const char*, const char*>>{{"pidd", "1"},
                                                                                        {"", "1"},
                                                                                        {"--pid", "1"},
                                                                                        {"p", "1"},
                                                                                        {"help", nullptr},
                                                                                        {"version", nullptr},
                                                                                        {"pid", nullptr},
                                                                                        {"pid", ""},
                                                                                        {"all", "maybe"},
                                                                                        {"verbose", "3"},
                                                                                        {"filter", "-a"},
                                                                                        {"filter", nullptr},
                                                                                        {"stat", nullptr}}) {
        EXPECT_EQ(sslsniff_set(watcher.raw, option, value), SSLSNIFF_ERROR_USAGE) << option;
        EXPECT_FALSE(watcher.error().empty()) << option;
    }
    // These are found when it is started.
    const auto refused = [](const std::vector<std::pair<const char*, std::string>>& options) {
        Watcher started;
        for (const auto& [option, value] : options) {
            EXPECT_EQ(started.set(option, value), SSLSNIFF_OK) << option;
        }
        EXPECT_EQ(sslsniff_start(started.raw), SSLSNIFF_ERROR_USAGE) << started.error();
        EXPECT_FALSE(started.error().empty());
        EXPECT_EQ(sslsniff_state(started.raw), SSLSNIFF_STATE_NEW);
    };
    refused({});
    refused({{"pid", "nonsense"}});
    refused({{"read", trace()}, {"pid", "1"}});
    refused({{"read", trace()}, {"where", "status >"}});
    refused({{"read", trace()}, {"filter", "stat"}});
    refused({{"read", trace()}, {"output", "text"}});
    refused({{"read", trace()}, {"output", "json:-"}});
    refused({{"read", trace()}, {"write", "/dev/stdout"}});
    refused({{"read", trace()}, {"relinquish-privileges", "nobody"}});
    refused({{"read", trace()}, {"output", "xml:/tmp/x"}});
    Watcher missing;
    missing.set("read", "/nonexistent/trace");
    EXPECT_EQ(sslsniff_start(missing.raw), SSLSNIFF_ERROR_NOT_FOUND);
    Watcher configured;
    configured.set("config", "/nonexistent/sslsniff.toml");
    EXPECT_EQ(sslsniff_start(configured.raw), SSLSNIFF_ERROR_USAGE);
}

TEST(LibraryHandle, EverythingHasItsTime) {
    Watcher watcher;
    EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_NEW);
    EXPECT_EQ(sslsniff_poll(watcher.raw, 0), SSLSNIFF_ERROR_STATE);
    EXPECT_EQ(sslsniff_stop(watcher.raw), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_json(watcher.raw, nullptr), nullptr);
    watcher.set("read", trace());
    ASSERT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_RUNNING);
    EXPECT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_ERROR_STATE);
    EXPECT_EQ(watcher.set("count", "1"), SSLSNIFF_ERROR_STATE);
    EXPECT_EQ(sslsniff_on_event(watcher.raw, nullptr, nullptr), SSLSNIFF_ERROR_STATE);
    EXPECT_TRUE(is_readable(sslsniff_fd(watcher.raw)));
    int status = SSLSNIFF_OK;
    while (status == SSLSNIFF_OK) {
        status = sslsniff_poll(watcher.raw, -1);
    }
    EXPECT_EQ(status, SSLSNIFF_ENDED);
    EXPECT_EQ(sslsniff_poll(watcher.raw, -1), SSLSNIFF_ENDED);
    EXPECT_EQ(sslsniff_stop(watcher.raw), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_ENDED);
    EXPECT_EQ(watcher.transactions.size(), 3U) << "once";
}

TEST(LibraryHandle, MayBeStartedAgain) {
    Watcher watcher;
    const int fd = sslsniff_fd(watcher.raw);
    watcher.set("read", trace());
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    const Lines first = std::exchange(watcher.lines, {});
    const auto connection = watcher.events.back().connection;
    ASSERT_EQ(watcher.set("no-bodies", "true"), SSLSNIFF_OK);
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    EXPECT_EQ(sslsniff_fd(watcher.raw), fd);
    EXPECT_EQ(watcher.lines.size(), first.size());
    EXPECT_NE(watcher.lines, first);
    EXPECT_GT(watcher.events.back().connection, connection) << "ids are never used again";
    sslsniff_count protocol{};
    sslsniff_protocols(watcher.raw, &protocol, 1);
    EXPECT_EQ(protocol.number, 3U) << "counts begin anew";
}

TEST(LibraryHandle, TwoAtOnceDoNotKnowEachOther) {
    Watcher one;
    Watcher other;
    one.set("read", trace());
    other.set("read", fixture("recorded_kafka.trace"));
    ASSERT_EQ(sslsniff_start(one.raw), SSLSNIFF_OK);
    ASSERT_EQ(sslsniff_start(other.raw), SSLSNIFF_OK);
    const std::array<sslsniff_capture*, 2> both{one.raw, other.raw};
    for (int ended = 0; ended < 2;) {
        ended = 0;
        for (sslsniff_capture* capture : both) {
            ended += sslsniff_poll(capture, 0);
        }
    }
    EXPECT_EQ(one.transactions.size(), 3U);
    EXPECT_EQ(one.transactions[0].find("http/1.1"), 0U);
    EXPECT_EQ(other.transactions[0].find("kafka"), 0U);
}

TEST(LibraryHandle, IsFreedInAnyState) {
    sslsniff_free(sslsniff_new());
    Watcher set;
    set.set("read", trace());
    Watcher started;
    started.set("read", trace());
    ASSERT_EQ(sslsniff_start(started.raw), SSLSNIFF_OK);
    // The destructors free them.
}

TEST(LibraryHandle, FreeingTellsWhatIsLeft) {
    Lines lines;
    sslsniff_capture* capture = sslsniff_new();
    sslsniff_set(capture, "read", trace().c_str());
    sslsniff_on_line(
        capture,
        [](void* context, const char* json, size_t length) {
            static_cast<Lines*>(context)->emplace_back(json, length);
        },
        &lines);
    ASSERT_EQ(sslsniff_start(capture), SSLSNIFF_OK);
    sslsniff_free(capture);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find(R"("type":"summary")"), std::string::npos);
}

TEST(LibraryHandle, CallbacksMayEndTheCapture) {
    sslsniff_capture* capture = sslsniff_new();
    sslsniff_set(capture, "read", trace().c_str());
    sslsniff_on_transaction(
        capture,
        [](void* context, const sslsniff_transaction* /*transaction*/) {
            auto* self = static_cast<sslsniff_capture*>(context);
            EXPECT_EQ(sslsniff_poll(self, 0), SSLSNIFF_ERROR_STATE);
            EXPECT_EQ(sslsniff_start(self), SSLSNIFF_ERROR_STATE);
            EXPECT_EQ(sslsniff_set(self, "count", "1"), SSLSNIFF_ERROR_STATE);
            EXPECT_EQ(sslsniff_on_event(self, nullptr, nullptr), SSLSNIFF_ERROR_STATE);
            sslsniff_statistics statistics{};
            statistics.struct_size = sizeof(statistics);
            EXPECT_EQ(sslsniff_read_statistics(self, &statistics), SSLSNIFF_OK);
            EXPECT_EQ(statistics.open_connections, 1U);
            EXPECT_EQ(sslsniff_stop(self), SSLSNIFF_OK);
        },
        capture);
    ASSERT_EQ(sslsniff_start(capture), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_poll(capture, -1), SSLSNIFF_ENDED);
    EXPECT_EQ(sslsniff_state(capture), SSLSNIFF_STATE_ENDED);
    // And free it.
    sslsniff_on_transaction(
        capture,
        [](void* context, const sslsniff_transaction* /*transaction*/) {
            sslsniff_free(static_cast<sslsniff_capture*>(context));
        },
        capture);
    ASSERT_EQ(sslsniff_start(capture), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_poll(capture, -1), SSLSNIFF_ENDED);
}

TEST(LibraryHandle, ExceptionsOfCallbacksEndTheCapture) {
    int calls = 0;
    sslsniff_capture* capture = sslsniff_new();
    sslsniff_set(capture, "read", trace().c_str());
    sslsniff_on_event(
        capture,
        [](void* context, const sslsniff_event* /*event*/) {
            ++*static_cast<int*>(context);
            throw std::runtime_error("no");
        },
        &calls);
    ASSERT_EQ(sslsniff_start(capture), SSLSNIFF_OK);
    EXPECT_EQ(sslsniff_poll(capture, -1), SSLSNIFF_ERROR_INTERNAL);
    EXPECT_STREQ(sslsniff_error(capture), "a callback has thrown an exception");
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(sslsniff_poll(capture, -1), SSLSNIFF_ENDED);
    sslsniff_free(capture);
}

TEST(LibraryHandle, WaitsForAPipeAndStopsFromAnotherThread) {
    const Folder folder;
    const Pipe pipe(folder / "pipe");
    pipe.write("sslsniff-trace 1.0\nopen 2026-01-31T12:00:00Z 1.1 tls\n");
    Watcher watcher;
    watcher.set("read", folder / "pipe");
    ASSERT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_OK);
    while (watcher.events.empty()) {
        ASSERT_EQ(sslsniff_poll(watcher.raw, 1000), SSLSNIFF_OK);
    }
    while (is_readable(sslsniff_fd(watcher.raw))) {
        ASSERT_EQ(sslsniff_poll(watcher.raw, 0), SSLSNIFF_OK);
    }
    EXPECT_EQ(watcher.events.size(), 1U);
    pipe.write(
        "data 2026-01-31T12:00:01Z 1.1 sent\n|GET / HTTP/1.1\\r\\n\n|\\r\\n\nclose "
        "2026-01-31T12:00:02Z 1.1 freed\n");
    EXPECT_TRUE(is_readable(sslsniff_fd(watcher.raw)));
    std::thread stopper([&] { sslsniff_request_stop(watcher.raw); });
    int status = SSLSNIFF_OK;
    while (status == SSLSNIFF_OK) {
        status = sslsniff_poll(watcher.raw, -1);
    }
    stopper.join();
    EXPECT_EQ(status, SSLSNIFF_ENDED);
    EXPECT_EQ(watcher.events.back().event.kind, static_cast<std::uint32_t>(SSLSNIFF_EVENT_CLOSE));
    EXPECT_NE(watcher.lines.back().find(R"("type":"summary")"), std::string::npos);
}

TEST(LibraryHandle, StartingEndsTooWhenAStopIsRequested) {
    const Folder folder;
    const Pipe pipe(folder / "pipe");  // into which nobody writes
    Watcher watcher;
    watcher.set("read", folder / "pipe");
    std::atomic<bool> has_returned = false;
    std::thread stopper([&] {
        while (!has_returned) {
            sslsniff_request_stop(watcher.raw);  // one from before the start does not count
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    EXPECT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_ERROR_INPUT) << watcher.error();
    has_returned = true;
    stopper.join();
    EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_NEW);
    pipe.write(test::content_of(trace()));
    EXPECT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_OK);
}

sslsniff_capture* g_interrupted = nullptr;  // a signal handler is given nothing else

TEST(LibraryHandle, StopsFromASignalHandler) {
    const Folder folder;
    const Pipe pipe(folder / "pipe");
    pipe.write("sslsniff-trace 1.0\n");
    Watcher watcher;
    watcher.set("read", folder / "pipe");
    ASSERT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_OK);
    g_interrupted = watcher.raw;
    struct sigaction before{};
    struct sigaction stop{};
    stop.sa_handler = [](int /*number*/) { sslsniff_request_stop(g_interrupted); };
    ::sigaction(SIGUSR2, &stop, &before);
    const pthread_t self = ::pthread_self();
    std::thread sender([self] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ::pthread_kill(self, SIGUSR2);
    });
    int status = SSLSNIFF_OK;
    while (status == SSLSNIFF_OK) {
        status = sslsniff_poll(watcher.raw, -1);
    }
    sender.join();
    ::sigaction(SIGUSR2, &before, nullptr);
    EXPECT_EQ(status, SSLSNIFF_ENDED);
}

TEST(LibraryHandle, DurationEndsIt) {
    const Folder folder;
    const Pipe pipe(folder / "pipe");
    pipe.write("sslsniff-trace 1.0\n");
    Watcher watcher;
    watcher.set("read", folder / "pipe");
    watcher.set("duration", "50ms");
    EXPECT_EQ(watcher.run(), SSLSNIFF_ENDED);
}

TEST(LibraryHandle, OutputsAreWrittenBesideCallbacks) {
    const Folder folder;
    Watcher watcher;
    watcher.set("read", trace());
    watcher.set("output", "trace:" + folder / "copy");
    watcher.set("output", "text:" + folder / "text");
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED) << watcher.error();
    EXPECT_NE(test::content_of(folder / "copy").find("GET /first"), std::string::npos);
    EXPECT_NE(test::content_of(folder / "text").find("404 Not Found"), std::string::npos);
    Watcher full;
    full.set("read", trace());
    full.set("output", "json:/dev/full");
    EXPECT_EQ(full.run(), SSLSNIFF_ERROR_OUTPUT);
    EXPECT_NE(full.error().find("/dev/full"), std::string::npos) << full.error();
}

TEST(LibraryHandle, LiveCaptureNeedsPrivilegesOrIsNotBuilt) {
    if (has_live_capture() && ::geteuid() == 0) {
        GTEST_SKIP() << "this process has the privileges";
    }
    Watcher watcher;
    watcher.set("pid", std::to_string(::getpid()));
    const int status = sslsniff_start(watcher.raw);
    EXPECT_EQ(status, has_live_capture() ? SSLSNIFF_ERROR_PERMISSION : SSLSNIFF_ERROR_UNSUPPORTED)
        << watcher.error();
}

TEST(LibraryHandle, AProcessThatDoesNotExistIsNotFound) {
    Watcher watcher;
    watcher.set("pid", "4194304");  // greater than any
    EXPECT_EQ(sslsniff_start(watcher.raw), SSLSNIFF_ERROR_NOT_FOUND) << watcher.error();
}

}  // namespace
}  // namespace sslsniff
