#include "capture/discovery/tls_library.h"

#include <gtest/gtest.h>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/tls_libraries.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::ElfBuilder;

const Bytes kReturn("\xC3");
const Bytes kPush("\x55\x5D");

TEST(TlsLibrary, RecognisedByContents) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view function, std::string_view text) {
        ElfBuilder elf;
        elf.function(function, kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return identify_tls_libraries(*image, find_known_functions(*image));
    };
    const auto java = identify("JNI_CreateJavaVM", "");
    ASSERT_EQ(java.size(), 1U);
    EXPECT_EQ(full_name(java[0]), "Java TLS (JSSE)");
    // Where something can be done about it, it is said what.
    EXPECT_EQ(java[0].obstacle,
              "which sslsniff does not capture yet: it is Java code; let the program use OpenSSL (Netty's or "
              "Tomcat's tcnative), or a proxy that ends TLS");
    const auto static_openssl =
        identify("main", ByteView("SSLv3/TLS write client hello\0OpenSSL 3.0.17 1 Jul 2025", 54));
    ASSERT_EQ(static_openssl.size(), 1U);
    EXPECT_EQ(full_name(static_openssl[0]), "OpenSSL 3.0.17");
    EXPECT_NE(static_openssl[0].obstacle.find("without symbols"), std::string::npos);
    EXPECT_TRUE(identify("main", "built with OpenSSL 3.0.17 1 Jul 2025").empty());
    EXPECT_TRUE(identify("SSL_read", "").empty());  // SSL_write is missing
}

/// By what was found in programs: chromium, bun, workerd, deno, rustup, beam.smp.
TEST(TlsLibrary, LinkedInWithoutSymbols) {
    const test::TempFolder folder;
    const auto names = [&](std::string_view function, std::string_view text) {
        ElfBuilder elf;
        elf.function(function, kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("program", elf.build()));
        std::vector<std::string> found;
        for (const TlsIdentity& identity : identify_tls_libraries(*image, find_known_functions(*image))) {
            EXPECT_FALSE(identity.obstacle.empty());
            found.push_back(full_name(identity));
        }
        return found;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("main", "../../third_party/boringssl/src/ssl/ssl_lib.cc"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "../../vendor/boringssl/ssl/ssl_lib.cc"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "TLS client read_server_hello"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "/aws-lc/ssl/ssl_lib.cc ... TLS client read_server_hello"), Names{"AWS-LC"});
    EXPECT_EQ(names("main",
                    "/root/.cargo/registry/tokio-rustls-0.26.0/src/lib.rs "
                    "/root/.cargo/registry/rustls-0.23.40/src/conn.rs"),
              Names{"rustls 0.23.40"});
    EXPECT_EQ(names("main", "external/rules_rust++crate+crates_vendor__rustls-0.23.46/src/conn.rs"),
              Names{"rustls 0.23.46"});
    EXPECT_EQ(names("main", "received corrupt message of type "), Names{"rustls"});
    EXPECT_EQ(names("main", "../ssl/statem/statem.c OpenSSL 3.0.19 27 Jan 2026"), Names{"OpenSSL 3.0.19"});
    EXPECT_EQ(names("main", "SSLv3/TLS write client hello OpenSSL 3.0.17 received corrupt message of type"),
              (Names{"OpenSSL 3.0.17", "rustls"}));
    EXPECT_EQ(names("enif_make_tuple_from_array", ""), Names{"Erlang ssl"});
    EXPECT_EQ(names("JNI_CreateJavaVM", ""), Names{"Java TLS (JSSE)"});
}

/// What can be probed comes first, whatever else a program contains.
TEST(TlsLibrary, SeveralInOneProgram) {
    ElfBuilder elf;
    elf.function("SSL_read", kReturn);
    elf.function("SSL_write", kReturn);
    elf.rodata("OpenSSL 3.5.4 30 Sep 2025 SSLv3/TLS write client hello /rustls-0.23.40/src/conn.rs");
    const test::TempFolder folder;
    const auto image = ElfImage::open(folder.write("program", elf.build()));
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(full_name(file.tls[0].identity), "OpenSSL 3.5.4");
    ASSERT_EQ(file.foreign.size(), 1U);
    EXPECT_EQ(full_name(file.foreign[0]), "rustls 0.23.40");
}

/// Each is probed by its own functions.
TEST(TlsLibrary, SeveralThatCanBeProbedInOneProgram) {
    ElfBuilder elf;
    for (const std::string_view function : {"SSL_read", "SSL_write", "wolfSSL_read", "wolfSSL_write"}) {
        elf.function(function, kPush + kReturn);
    }
    elf.rodata("OpenSSL 3.5.4 30 Sep 2025 wolfSSL 5.7.2");
    const test::TempFolder folder;
    const auto image = ElfImage::open(folder.write("program", elf.build()));
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 2U);
    EXPECT_EQ(full_name(file.tls[0].identity), "OpenSSL 3.5.4");
    EXPECT_EQ(full_name(file.tls[1].identity), "wolfSSL 5.7.2");
    for (const FoundLibrary& library : file.tls) {
        ASSERT_EQ(library.sites.functions.size(), 2U);
        EXPECT_TRUE(library.sites.functions[0].symbol.starts_with(library.identity.library->functions[0]));
    }
    EXPECT_TRUE(file.foreign.empty());
}

/// What is in the table must be such that it can be probed.
TEST(TlsLibrary, RowsAreWhole) {
    for (const TlsLibrary* const library : tls_libraries()) {
        SCOPED_TRACE(library->name);
        EXPECT_FALSE(library->name.empty());
        EXPECT_TRUE(!library->functions.empty() || !library->texts.empty() || library->recognise != nullptr);
        // Go and rustls are never shared libraries.
        const bool is_in_programs =
            library->names == NameTable::go || (library->calls.empty() && library->unnamed.find != nullptr);
        EXPECT_EQ(library->is_captured(), is_in_programs || !library->file_names.empty());
        for (const auto functions : {library->calls, library->transports}) {
            for (const WantedFunction& wanted : functions) {
                SCOPED_TRACE(wanted.symbol);
                const CallForm& form = wanted.form;
                const bool is_transport = wanted.family == ProbeFamily::transport_read ||
                                          wanted.family == ProbeFamily::transport_write;
                if (form.call == CALL_NONE) {
                    EXPECT_NE(wanted.family, ProbeFamily::session);
                    continue;
                }
                EXPECT_NE(form.handle.place, PLACE_NONE);
                EXPECT_EQ(wanted.with_return, (form.call < CALL_FREE || form.call == CALL_TRANSPORT_READ));
                EXPECT_EQ(is_transport,
                          form.call == CALL_TRANSPORT_READ || form.call == CALL_TRANSPORT_WRITE);
                if (moves_bytes(wanted.family)) {
                    EXPECT_NE(form.buffer.place, PLACE_NONE);
                    EXPECT_TRUE(form.length.place != PLACE_NONE || form.slice != 0);
                    EXPECT_NE(form.result, RESULT_NONE);
                }
                EXPECT_EQ(form.moved.place != PLACE_NONE, form.moved_bytes != 0);
            }
        }
    }
}

TEST(TlsLibrary, FlavoursOfOpenSsl) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view text) {
        ElfBuilder elf;
        elf.function("SSL_read", kReturn);
        elf.function("SSL_write", kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return identify_tls_libraries(*image, find_known_functions(*image)).at(0);
    };
    EXPECT_EQ(identify("OpenSSL 1.1.1 (compatible; BoringSSL)").name, "BoringSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").name, "LibreSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").version, "3.8.2");
    EXPECT_EQ(identify("").name, "OpenSSL");
    EXPECT_TRUE(identify("").obstacle.empty());
}

}  // namespace
}  // namespace sslsniff
