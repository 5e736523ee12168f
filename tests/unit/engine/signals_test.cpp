#include "engine/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace sslsniff {
namespace {

/// As a shell without job control starts what runs in the background.
void ignore_interrupt() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, nullptr);
}

TEST(Signals, InterruptEndsInterruptibleWorkAlsoWhereItWasIgnored) {
    EXPECT_EXIT(
        {
            ignore_interrupt();
            const auto signals = Signals::take();
            const Signals::Interruptible interruptible;
            ::raise(SIGINT);
            ::_exit(1);
        },
        testing::KilledBySignal(SIGINT), "");
}

TEST(Signals, InterruptIsHeardWhereItWasIgnored) {
    EXPECT_EXIT(
        {
            ignore_interrupt();
            auto signals = Signals::take();
            {
                const Signals::Interruptible interruptible;
            }
            ::kill(::getpid(), SIGINT);
            const auto received = signals->next();
            ::_exit(received && received->number == SIGINT ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sslsniff
