#include "model/tls_merge.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

TEST(TlsMerge, LaterNewsWinAndSilenceChangesNothing) {
    TlsInfo known;
    known.version = "TLSv1.2";
    known.sni = "one.example";
    known.offered_alpn = {"h2"};
    TlsInfo news;
    news.version = "TLSv1.3";
    news.handshake = Duration(5);
    news.handshake_failed = true;
    news.handshake_error = "reset by peer";
    merge(known, news);
    EXPECT_EQ(known.version, "TLSv1.3");
    EXPECT_EQ(known.sni, "one.example");
    EXPECT_EQ(known.offered_alpn, std::vector<std::string>{"h2"});
    EXPECT_EQ(known.handshake, Duration(5));
    const TlsInfo before = known;
    merge(known, {});
    EXPECT_EQ(known, before);
}

}  // namespace
}  // namespace sslsniff
