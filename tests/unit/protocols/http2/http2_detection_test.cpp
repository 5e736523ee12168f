#include <gtest/gtest.h>

#include "protocols/http2/http2_parser.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff::http2 {
namespace {

const std::string kPrefaceText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kGet = hpack::unhex("828784418cf1e3c2e5f23a6ba0ab90f4ff");  // GET https://www.example.com/
const std::string kOk = hpack::unhex("88");

class Http2Detection : public testing::Test {
  protected:
    Verdict of_sent(ByteView bytes, bool midstream = false) const {
        const auto start = midstream ? Evidence::Start::anywhere : Evidence::Start::beginning;
        return detect_http2()->look({host_.connection(), start, {Evidence::Side{bytes}, {}}});
    }
    Verdict of_received(ByteView bytes) const {
        return detect_http2()->look(
            {host_.connection(), Evidence::Start::beginning, {Evidence::Side{}, Evidence::Side{bytes}}});
    }

    RecordingHost host_;
};

TEST_F(Http2Detection, ByThePreface) {
    EXPECT_EQ(of_sent(kPrefaceText), Verdict::yes);
    EXPECT_EQ(of_received(kPrefaceText), Verdict::yes);
    EXPECT_EQ(of_sent("PRI"), Verdict::need_more);
    EXPECT_EQ(of_sent("GET / HTTP/1.1\r\n"), Verdict::no);
}

TEST_F(Http2Detection, ByAlpn) {
    host_.info().tls.alpn = "h2";
    EXPECT_EQ(of_sent(""), Verdict::yes);
}

TEST_F(Http2Detection, ByASingleFrameOnlyWhenItSaysMuch) {
    EXPECT_EQ(of_sent(frame(1, 5, 7, kGet), true), Verdict::yes);
    EXPECT_EQ(of_sent(frame(3, 0, 7, Bytes("\0\0\0\x08", 4)), true), Verdict::need_more);
    EXPECT_EQ(of_sent("GET / HTTP/1.1\r\n", true), Verdict::need_more);
}

TEST_F(Http2Detection, ByFirstSettingsAndWhatFollows) {
    const Bytes empty = frame(4, 0, 0, "");
    const Bytes acknowledged = frame(4, 1, 0, "");
    EXPECT_EQ(of_received(empty), Verdict::need_more);
    EXPECT_EQ(of_received(empty + acknowledged), Verdict::need_more);
    EXPECT_EQ(of_received(empty + acknowledged + frame(1, 5, 7, kOk)), Verdict::yes);
    EXPECT_EQ(of_received(empty + Bytes(64, '\0')), Verdict::no);

    const Bytes concurrent("\0\3\0\0\0\x64", 6);
    const Bytes window("\0\4\0\1\0\0", 6);
    EXPECT_EQ(of_received(frame(4, 0, 0, concurrent + window)), Verdict::yes);
    EXPECT_EQ(of_received(frame(4, 0, 0, concurrent)), Verdict::need_more);
    EXPECT_EQ(of_received(frame(4, 0, 0, concurrent) + frame(1, 5, 7, kOk)), Verdict::yes);
    EXPECT_EQ(of_received(frame(4, 0, 0, concurrent) + Bytes(64, '\0')), Verdict::no);
    EXPECT_EQ(of_received(frame(4, 0, 0, Bytes(6, '\0'))), Verdict::no);
}

}  // namespace
}  // namespace sslsniff::http2
