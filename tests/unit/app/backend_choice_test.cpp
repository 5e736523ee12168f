#include "app/backend_choice.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

TEST(BackendChoice, SetsEachKindByName) {
    CaptureOptions options;
    ASSERT_TRUE(choose_backends({"slices", "perf", "fentry"}, options));
    EXPECT_EQ(options.payload, PayloadStrategy::slices);
    EXPECT_EQ(options.probes, ProbeMechanism::perf);
    EXPECT_EQ(options.sockets, SocketBackend::fentry);
}

TEST(BackendChoice, LeavesTheRestToTheKernel) {
    CaptureOptions options;
    ASSERT_TRUE(choose_backends({}, options));
    EXPECT_EQ(options.payload, PayloadStrategy::automatic);
    EXPECT_EQ(options.probes, ProbeMechanism::automatic);
    EXPECT_EQ(options.sockets, SocketBackend::automatic);
}

TEST(BackendChoice, RefusesOtherNames) {
    CaptureOptions options;
    EXPECT_FALSE(choose_backends({"ebpf"}, options));
}

}  // namespace
}  // namespace sslsniff
