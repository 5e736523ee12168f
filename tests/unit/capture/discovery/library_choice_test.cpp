#include "capture/discovery/library_choice.h"

#include <gtest/gtest.h>

#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/tls_libraries.h"
#include "capture/discovery/tls_library.h"

namespace sslsniff {
namespace {

TlsIdentity identity(const TlsLibrary& library, std::string name) {
    return {&library, std::move(name), {}, {}, {}};
}

LibraryChoice chosen(std::vector<std::string> texts) {
    return LibraryChoice::parse(texts).value();
}

TEST(LibraryChoice, EverythingWithoutWords) {
    EXPECT_TRUE(LibraryChoice().has(identity(kOpenSsl, "OpenSSL")));
    EXPECT_TRUE(chosen({}).has(identity(kGo, "Go crypto/tls")));
}

TEST(LibraryChoice, ByTheNameOfTheVariant) {
    const LibraryChoice choice = chosen({" BoringSSL , go", "gnutls"});
    EXPECT_TRUE(choice.has(identity(kOpenSsl, "BoringSSL")));
    EXPECT_FALSE(choice.has(identity(kOpenSsl, "OpenSSL")));
    EXPECT_TRUE(choice.has(identity(kGo, "Go crypto/tls")));
    EXPECT_TRUE(choice.has(identity(kGnuTls, "GnuTLS")));
    EXPECT_FALSE(choice.has(identity(kNss, "NSS")));
    EXPECT_TRUE(chosen({"openssl"}).has(identity(kOpenSsl, "a fork without a word")));
    EXPECT_FALSE(choice.has(identity(kJava, "Java TLS (JSSE)")));
}

TEST(LibraryChoice, WrongNamesAreToldTheRightOnes) {
    for (const char* const text : {"schannel", "java", "", "openssl,,go"}) {
        const std::vector<std::string> texts{text};
        const auto choice = LibraryChoice::parse(texts);
        ASSERT_FALSE(choice.has_value()) << text;
        EXPECT_TRUE(
            choice.error().message.ends_with("' is none of the TLS libraries that can be captured: openssl, "
                                             "boringssl, libressl, aws-lc, gnutls, nss, "
                                             "wolfssl, mbedtls, go, rustls, s2n"))
            << choice.error().message;
    }
}

TEST(LibraryChoice, EveryCapturedLibraryHasAWord) {
    for (const TlsLibrary* const library : tls_libraries()) {
        EXPECT_EQ(library->words.empty(), !library->is_captured()) << library->name;
    }
}

}  // namespace
}  // namespace sslsniff
