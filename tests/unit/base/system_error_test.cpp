#include "base/system_error.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>

namespace sslsniff {
namespace {

TEST(ErrorText, NamesTheLimitOfOpenFiles) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(error_text(EMFILE), "Too many open files (the limit is " + std::to_string(limit.rlim_cur) +
                                      ": raise it with ulimit -n)");
    EXPECT_EQ(error_text(ENOENT), "No such file or directory");
}

}  // namespace
}  // namespace sslsniff
