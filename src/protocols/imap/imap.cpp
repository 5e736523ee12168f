#include "protocols/imap/imap.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/imap/framing.h"
#include "protocols/imap/handler.h"

namespace sslsniff {
namespace {

/// The server speaks first; many lines are plain words, as in "please LOGIN first".
constexpr framed::Proof kProof{.alone_at_beginning = 3, .server_may_begin = true, .with_any = true};

const framed::Framing& strict() {
    static const imap::ImapFraming only(imap::ImapFraming::Pieces::unlikely);
    return only;
}

const framed::Framing& lenient() {
    static const imap::ImapFraming only(imap::ImapFraming::Pieces::possible);
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_imap() {
    return std::make_unique<framed::FramedDetector>(strict(), kProof);
}

bool may_begin_imap(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(strict(), message, connection);
}

std::unique_ptr<ProtocolParser> create_imap(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, lenient(), kProof, imap::kMostLine + limits.max_body,
                                                  std::make_unique<imap::ImapHandler>(host, limits));
}

}  // namespace sslsniff
