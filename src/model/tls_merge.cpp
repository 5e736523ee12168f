#include "model/tls_merge.h"

namespace sslsniff {
namespace {

template <class T>
void replace(T& known, const T& news) {
    if (news != T()) {
        known = news;
    }
}

}  // namespace

void merge(TlsInfo& known, const TlsInfo& news) {
    replace(known.library, news.library);
    replace(known.version, news.version);
    replace(known.cipher, news.cipher);
    replace(known.sni, news.sni);
    replace(known.alpn, news.alpn);
    replace(known.offered_alpn, news.offered_alpn);
    replace(known.handshake, news.handshake);
    replace(known.handshake_failed, news.handshake_failed);
    replace(known.handshake_error, news.handshake_error);
    replace(known.not_decoded, news.not_decoded);
}

}  // namespace sslsniff
