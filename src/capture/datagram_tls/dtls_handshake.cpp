#include "capture/datagram_tls/dtls_handshake.h"

#include "tls/records.h"

namespace sslsniff {

DatagramHandshake::News DtlsHandshake::see(Direction direction, ByteView datagram) {
    News news;
    news.is_recognised = is_dtls_records(datagram);
    if (is_done_ || !news.is_recognised) {
        return news;
    }
    news.hello = parse_tls_hello(datagram, true);
    if (news.hello) {
        client_ = news.hello->from_client ? direction : opposite(direction);
    }
    is_done_ = ++datagrams_ == kMostDatagrams || (news.hello && !news.hello->from_client);
    return news;
}

}  // namespace sslsniff
