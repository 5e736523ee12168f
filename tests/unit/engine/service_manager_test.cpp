#include "engine/service_manager.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "engine/run_loop.h"
#include "engine/supervisor.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

/// Where a service manager listens.
class Listener {
  public:
    explicit Listener(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof(address.sun_path));
        if (name.front() == '@') {
            address.sun_path[0] = '\0';
        }
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0)
            << std::strerror(errno);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() {
        for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
            ::unsetenv(name);
        }
    }
    /// What has arrived since the last call.
    std::vector<std::string> heard() {
        std::vector<std::string> messages;
        std::array<char, 4096> bytes{};
        for (ssize_t size = 0; (size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0)) >= 0;) {
            messages.emplace_back(bytes.data(), static_cast<std::size_t>(size));
        }
        return messages;
    }

  private:
    UniqueFd fd_;
};

std::string abstract_name() {
    return "@sslsniff-test-" + std::to_string(::getpid());
}

TEST(ServiceManager, HearsAtASocketInTheFileSystem) {
    const auto path = std::filesystem::temp_directory_path() / ("service" + std::to_string(::getpid()));
    {
        Listener listener(path.string());
        auto service = ServiceManager::from_environment();
        ASSERT_TRUE(service.has_value());
        service->ready();
        EXPECT_EQ(listener.heard(), std::vector<std::string>{"READY=1"});
    }
    std::filesystem::remove(path);
}

TEST(ServiceManager, HearsEverythingAtAnAbstractSocket) {
    Listener listener(abstract_name());
    auto service = ServiceManager::from_environment();
    ASSERT_TRUE(service.has_value());
    service->ready();
    service->status("3 transactions");
    service->reloading();
    service->stopping();
    service->beat();
    const auto heard = listener.heard();
    ASSERT_EQ(heard.size(), 4U) << "nobody asked for signs of life";
    EXPECT_EQ(heard[1], "STATUS=3 transactions");
    EXPECT_TRUE(heard[2].starts_with("RELOADING=1\nMONOTONIC_USEC=")) << heard[2];
    EXPECT_EQ(heard[3], "STOPPING=1");
}

TEST(ServiceManager, IsNotThereWithoutAnAddress) {
    for (const std::string& name : {std::string(200, 'x'), std::string()}) {
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        EXPECT_FALSE(ServiceManager::from_environment().has_value()) << name;
    }
    ::unsetenv("NOTIFY_SOCKET");
    EXPECT_FALSE(ServiceManager::from_environment().has_value());
}

TEST(ServiceManager, NeedNotListen) {
    ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    auto service = ServiceManager::from_environment();
    ::unsetenv("NOTIFY_SOCKET");
    ASSERT_TRUE(service.has_value());
    service->ready();
    service->stopping();
}

TEST(ServiceManager, GetsSignsOfLifeInTime) {
    Listener listener(abstract_name());
    ::setenv("WATCHDOG_USEC", "40000", 1);
    auto service = ServiceManager::from_environment();
    ASSERT_TRUE(service.has_value());
    EXPECT_FALSE(service->due().has_value()) << "before it is ready";
    service->ready();
    ASSERT_TRUE(service->due().has_value());
    service->beat();
    EXPECT_EQ(listener.heard().size(), 1U) << "not due yet";
    std::this_thread::sleep_until(*service->due());
    service->beat();
    EXPECT_EQ(listener.heard(), std::vector<std::string>{"WATCHDOG=1"});
    for (const auto* wrong : {"0", "-1", "soon", "99999999999999999999"}) {
        ::setenv("WATCHDOG_USEC", wrong, 1);
        auto other = ServiceManager::from_environment();
        other->ready();
        EXPECT_FALSE(other->due().has_value()) << wrong;
    }
}

TEST(ServiceManager, SignsOfLifeMayBeAnotherProcessesDuty) {
    Listener listener(abstract_name());
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    auto other = ServiceManager::from_environment();
    other->ready();
    EXPECT_FALSE(other->due().has_value());
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    auto own = ServiceManager::from_environment();
    own->ready();
    EXPECT_TRUE(own->due().has_value());
}

/// Ends after the answers; until then it has nothing.
class ShortSource final : public EventSource {
  public:
    explicit ShortSource(std::vector<std::function<void()>> steps) : steps_(std::move(steps)) {}
    Result<PollStatus> poll(EventConsumer& /*consumer*/) override {
        if (step_ == steps_.size()) {
            return PollStatus::ended;
        }
        steps_[step_++]();
        return PollStatus::idle;
    }

  private:
    std::vector<std::function<void()>> steps_;
    std::size_t step_ = 0;
};

class NoFiles final : public CaptureOutput {
  public:
    EventConsumer& consumer() override { return consumer_; }
    bool flush() override { return true; }
    bool is_done() const override { return false; }
    std::string totals() const override { return "3 transactions\n0 events lost\n"; }

  private:
    struct : EventConsumer {
        void on_event(const CaptureEvent& /*event*/) override {}
    } consumer_;
};

TEST(ServiceManager, FollowsACapture) {
    Listener listener(abstract_name());
    ::setenv("WATCHDOG_USEC", "30000", 1);
    auto signals = *Signals::take();
    auto service = ServiceManager::from_environment();
    ASSERT_TRUE(service.has_value());
    Notices notices;
    Supervisor supervisor(notices, &signals, &*service);
    supervisor.start({});
    service->ready();
    NoFiles output;
    ShortSource source({[] { ::kill(::getpid(), SIGHUP); }, [] {}, [] {}, [] {}, [] {}});
    EXPECT_EQ(run_loop(source, output, supervisor, notices), StopReason::source_ended)
        << "a reload does not end a service";
    std::string heard;
    for (const auto& message : listener.heard()) {
        heard += message.substr(0, message.find('\n')) + ' ';
    }
    EXPECT_TRUE(heard.starts_with("READY=1 ")) << heard;
    EXPECT_NE(heard.find("STATUS=3 transactions, 0 events lost "), std::string::npos) << heard;
    EXPECT_NE(heard.find("RELOADING=1 READY=1 "), std::string::npos) << heard;
    EXPECT_NE(heard.find("WATCHDOG=1 "), std::string::npos) << heard;
    EXPECT_TRUE(heard.ends_with("STOPPING=1 ")) << heard;
}

}  // namespace
}  // namespace sslsniff
