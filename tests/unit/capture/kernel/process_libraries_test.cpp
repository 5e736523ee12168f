#include "capture/kernel/process_libraries.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using Capture = ProcessLibraries::Capture;

TEST(ProcessLibraries, NamesWhatIsNotCaptured) {
    ProcessLibraries libraries;
    EXPECT_EQ(libraries.describe(7).reason, kUnknownLibrary);
    EXPECT_FALSE(libraries.knows(7));
    libraries.note(7, "GnuTLS 3.7.9", Capture::foreign);
    EXPECT_EQ(libraries.describe(7).reason, "GnuTLS 3.7.9: not captured");
    EXPECT_EQ(libraries.describe(7).library, "GnuTLS 3.7.9");
    EXPECT_EQ(libraries.describe(8).reason, kUnknownLibrary);
    libraries.note(9, "NSS 3.87.1", Capture::left_out);
    EXPECT_EQ(libraries.describe(9).reason, "NSS 3.87.1: left out by --tls");
    EXPECT_EQ(libraries.describe(9).library, "NSS 3.87.1");
    EXPECT_FALSE(libraries.shows_sockets_by_payload(9));
    libraries.note_sockets_by_payload(9);
    EXPECT_TRUE(libraries.shows_sockets_by_payload(9));
    libraries.forget(9);
    EXPECT_FALSE(libraries.shows_sockets_by_payload(9));
    libraries.forget(7);
    EXPECT_EQ(libraries.describe(7).reason, kUnknownLibrary);
}

TEST(ProcessLibraries, SaysWhatIsPossibleOfSeveral) {
    ProcessLibraries libraries;
    libraries.note(7, "OpenSSL 3.0.19", Capture::probed);
    EXPECT_EQ(libraries.describe(7).reason, "not by OpenSSL 3.0.19, or before it was probed");
    EXPECT_EQ(libraries.describe(7).library, "");
    libraries.note(7, "rustls 0.23.40", Capture::foreign);
    EXPECT_EQ(libraries.describe(7).reason, "rustls 0.23.40: not captured");
    EXPECT_EQ(libraries.describe(7).library, "rustls 0.23.40");
    libraries.note(7, "LibreSSL 3.8.2", Capture::late);
    EXPECT_EQ(libraries.describe(7).reason,
              "LibreSSL 3.8.2: probed too late, or rustls 0.23.40: not captured");
    EXPECT_EQ(libraries.describe(7).library, "");
}

TEST(ProcessLibraries, WhatWasProbedLaterIsProbedForWhoComesLater) {
    ProcessLibraries libraries;
    libraries.note(7, "OpenSSL 3.0.19", Capture::late);
    libraries.note(7, "OpenSSL 3.0.19", Capture::probed);
    EXPECT_EQ(libraries.describe(7).reason, "OpenSSL 3.0.19: probed too late");
}

TEST(ProcessLibraries, IsBounded) {
    ProcessLibraries libraries;
    for (std::uint32_t pid = 1; pid <= 2 * ProcessLibraries::kMostProcesses; ++pid) {
        libraries.note(pid, "GnuTLS 3.7.9", Capture::foreign);
    }
    EXPECT_FALSE(libraries.knows(1));
    EXPECT_TRUE(libraries.knows(2 * ProcessLibraries::kMostProcesses));
    for (int i = 0; i < 1000; ++i) {
        libraries.note(5, "library " + std::to_string(i), Capture::foreign);
    }
    EXPECT_LT(libraries.describe(5).reason.size(), 1000U);
}

}  // namespace
}  // namespace sslsniff
