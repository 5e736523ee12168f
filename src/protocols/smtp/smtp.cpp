#include "protocols/smtp/smtp.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/smtp/framing.h"
#include "protocols/smtp/handler.h"

namespace sslsniff {
namespace {

/// The server speaks first; most of what it says are numbers that FTP and others have too.
constexpr framed::Proof kProof{.server_may_begin = true, .with_any = true};

const framed::Framing& strict() {
    static const smtp::SmtpFraming only(smtp::SmtpFraming::Content::unlikely);
    return only;
}

const framed::Framing& lenient() {
    static const smtp::SmtpFraming only(smtp::SmtpFraming::Content::possible);
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_smtp() {
    return std::make_unique<framed::FramedDetector>(strict(), kProof);
}

bool may_begin_smtp(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(strict(), message, connection);
}

std::unique_ptr<ProtocolParser> create_smtp(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, lenient(), kProof, smtp::kMostLine,
                                                  std::make_unique<smtp::SmtpHandler>(host, limits));
}

}  // namespace sslsniff
