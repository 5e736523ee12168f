#include "capture/pcap/tls_layer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/endian.h"
#include "model/names.h"
#include "model/tls_merge.h"
#include "tls/hello.h"

namespace sslsniff {
namespace {

constexpr std::uint8_t kFirstType = 20;  ///< change_cipher_spec
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kApplicationData = 23;
constexpr std::uint8_t kLastType = 23;
constexpr std::size_t kHeader = 5;
/// RFC 5246 section 6.2.3: 2^14 and 2048 for what a cipher adds.
constexpr std::size_t kMaxRecord = 16'384 + 2048;
/// Both hellos with every extension there is fit; certificates follow after.
constexpr std::size_t kMaxHeld = 64U * 1024;

bool is_record_header(ByteView bytes) {
    if (bytes.size() < kHeader) {
        return false;
    }
    const auto type = static_cast<std::uint8_t>(bytes[0]);
    return type >= kFirstType && type <= kLastType && bytes[1] == 3 &&
           static_cast<std::uint8_t>(bytes[2]) <= 4 && load_be<std::uint16_t>(bytes, 3) <= kMaxRecord;
}

bool may_become_record_header(ByteView bytes) {
    static constexpr ByteView kRest("\x03\x00\x00\x00", 4);
    Bytes header(bytes.substr(0, kHeader));
    header += kRest.substr(std::min(header.size() - 1, kRest.size()));
    return is_record_header(header);
}

/// The suites that do not encrypt (RFC 5246 appendix A.5, 4785, 5487, 5489, 8422).
constexpr Names<std::uint16_t, 20> kNullSuites{
    {{0x0001, "TLS_RSA_WITH_NULL_MD5"},          {0x0002, "TLS_RSA_WITH_NULL_SHA"},
     {0x002C, "TLS_PSK_WITH_NULL_SHA"},          {0x002D, "TLS_DHE_PSK_WITH_NULL_SHA"},
     {0x002E, "TLS_RSA_PSK_WITH_NULL_SHA"},      {0x003B, "TLS_RSA_WITH_NULL_SHA256"},
     {0x00B0, "TLS_PSK_WITH_NULL_SHA256"},       {0x00B1, "TLS_PSK_WITH_NULL_SHA384"},
     {0x00B4, "TLS_DHE_PSK_WITH_NULL_SHA256"},   {0x00B5, "TLS_DHE_PSK_WITH_NULL_SHA384"},
     {0x00B8, "TLS_RSA_PSK_WITH_NULL_SHA256"},   {0x00B9, "TLS_RSA_PSK_WITH_NULL_SHA384"},
     {0xC001, "TLS_ECDH_ECDSA_WITH_NULL_SHA"},   {0xC006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA"},
     {0xC00B, "TLS_ECDH_RSA_WITH_NULL_SHA"},     {0xC010, "TLS_ECDHE_RSA_WITH_NULL_SHA"},
     {0xC015, "TLS_ECDH_anon_WITH_NULL_SHA"},    {0xC039, "TLS_ECDHE_PSK_WITH_NULL_SHA"},
     {0xC03A, "TLS_ECDHE_PSK_WITH_NULL_SHA256"}, {0xC03B, "TLS_ECDHE_PSK_WITH_NULL_SHA384"}}};

/// The name of a suite given as "0xNNNN", when it is one of those.
std::string_view null_suite_name(std::string_view suite) {
    std::uint16_t number = 0;
    if (!suite.starts_with("0x") ||
        std::from_chars(suite.data() + 2, suite.data() + suite.size(), number, 16).ec != std::errc{}) {
        return suite;
    }
    const std::string_view name = name_of(kNullSuites, number);
    return name != "?" ? name : suite;
}

/// From the IANA name: "TLS_RSA_WITH_NULL_SHA256". Nullopt when the suite encrypts.
std::optional<std::size_t> null_cipher_mac(std::string_view suite) {
    const auto at = suite.find("_WITH_NULL_");
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view hash = suite.substr(at + 11);
    return hash == "MD5"      ? 16
           : hash == "SHA"    ? 20
           : hash == "SHA256" ? 32
           : hash == "SHA384" ? 48
                              : std::optional<std::size_t>();
}

/// What may be the beginning of TLS behind cleartext. Some send the header apart.
bool may_be_client_hello(ByteView bytes) {
    constexpr char kClientHello = 1;
    return is_record_header(bytes) && static_cast<std::uint8_t>(bytes[0]) == kHandshake &&
           (bytes.size() == kHeader || bytes[kHeader] == kClientHello);
}

bool is_text(ByteView bytes) {
    constexpr std::size_t kLeast = 4;
    constexpr std::size_t kSample = 16;
    return bytes.size() >= kLeast && std::ranges::all_of(bytes.substr(0, kSample), [](char c) {
               return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
           });
}

/// The first hello in a direction's records: its message may span records, which the parser does not need to
/// know when the first holds what matters.
std::optional<TlsHello> hello_of(ByteView bytes) {
    if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != kHandshake || bytes.size() < kHeader) {
        return std::nullopt;
    }
    const std::size_t whole = kHeader + load_be<std::uint16_t>(bytes, 3);
    return bytes.size() >= whole ? parse_tls_hello(bytes.substr(0, whole), true) : std::nullopt;
}

TlsInfo told_by(const TlsHello& hello) {
    TlsInfo news = to_tls_info(hello);
    if (!hello.from_client) {
        news.cipher = null_suite_name(hello.cipher);
    }
    return news;
}

}  // namespace

void TlsLayer::on_bytes(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver) {
    if (client_) {
        hold(direction, bytes, time);
        look_behind_cleartext(receiver);
    } else if (layer_ == WireLayer::clear && may_be_client_hello(bytes)) {
        client_ = direction;
        tls_ = {};
        hold(direction, bytes, time);
    } else if (layer_ != WireLayer::undecided) {
        pass(direction, bytes, time, receiver);
    } else if (held_.empty() && !may_become_record_header(bytes)) {
        opened_ = time;
        decide(WireLayer::clear, receiver);  // the usual case: nothing is copied
        pass(direction, bytes, time, receiver);
    } else {
        hold(direction, bytes, time);
        look(receiver);
    }
}

void TlsLayer::hold(Direction direction, ByteView bytes, Timestamp time) {
    if (held_.empty()) {
        opened_ = time;
    }
    Bytes& first = first_[static_cast<std::size_t>(direction)];
    first.append(bytes.substr(0, kMaxHeld - std::min(kMaxHeld, first.size())));
    held_.push_back({.direction = direction, .time = time, .bytes = Bytes(bytes)});
    held_bytes_ += bytes.size();
}

void TlsLayer::on_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time,
                          LayerReceiver& receiver) {
    if (layer_ == WireLayer::undecided || client_) {
        finish(receiver);
    }
    if (layer_ == WireLayer::undecided) {
        opened_ = time;
        decide(WireLayer::clear, receiver);
    }
    framings_[static_cast<std::size_t>(direction)].known = false;
    pass_missing(direction, bytes, cause, time, receiver);
}

void TlsLayer::finish(LayerReceiver& receiver) {
    if (client_) {
        if (hello_of(first_[static_cast<std::size_t>(*client_)])) {
            decide(WireLayer::encrypted, receiver);  // nobody answered
        } else {
            stay_clear(receiver);
        }
    }
    if (layer_ == WireLayer::undecided && !held_.empty()) {
        const bool is_tls = is_record_header(first_[0]) || is_record_header(first_[1]);
        decide(is_tls ? WireLayer::encrypted : WireLayer::clear, receiver);
    }
}

void TlsLayer::look(LayerReceiver& receiver) {
    bool has_handshake = false;
    for (const Bytes& first : first_) {
        if (first.empty()) {
            continue;
        }
        if (!may_become_record_header(first)) {
            decide(WireLayer::clear, receiver);
            return;
        }
        if (static_cast<std::uint8_t>(first[0]) != kHandshake && first.size() >= kHeader) {
            decide(WireLayer::encrypted, receiver);  // joined after the handshake
            return;
        }
        has_handshake = true;
    }
    look_for_server_hello(receiver);
    if (layer_ == WireLayer::undecided && (!has_handshake || held_bytes_ > kMaxHeld)) {
        finish(receiver);
    }
}

/// Decides when it is there.
void TlsLayer::look_for_server_hello(LayerReceiver& receiver) {
    for (const Bytes& first : first_) {
        const auto hello = hello_of(first);
        if (!hello) {
            continue;
        }
        merge(tls_, told_by(*hello));
        if (!hello->from_client) {
            const auto mac = null_cipher_mac(tls_.cipher);
            mac_size_ = mac.value_or(0);
            decide(mac ? WireLayer::null_cipher : WireLayer::encrypted, receiver);
            return;
        }
    }
}

/// A peer sent what looks like a ClientHello. It is one when it is whole, and answered by a record.
void TlsLayer::look_behind_cleartext(LayerReceiver& receiver) {
    const Bytes& question = first_[static_cast<std::size_t>(*client_)];
    const Bytes& answer = first_[static_cast<std::size_t>(opposite(*client_))];
    if (answer.empty()) {
        if (!may_be_client_hello(question) || held_bytes_ > kMaxHeld) {
            stay_clear(receiver);
        }
        return;
    }
    const auto hello = hello_of(question);
    if (!hello || !hello->from_client || !may_become_record_header(answer)) {
        stay_clear(receiver);
        return;
    }
    look_for_server_hello(receiver);
    const bool is_other_record =
        is_record_header(answer) && static_cast<std::uint8_t>(answer[0]) != kHandshake;
    if (client_ && (is_other_record || held_bytes_ > kMaxHeld)) {
        decide(WireLayer::encrypted, receiver);
    }
}

void TlsLayer::stay_clear(LayerReceiver& receiver) {
    client_.reset();
    pass_held(receiver);
}

void TlsLayer::decide(WireLayer layer, LayerReceiver& receiver) {
    layer_ = layer;
    client_.reset();
    records_ = {};
    framings_ = {};
    if (layer_ != WireLayer::null_cipher) {
        for (const Bytes& first : first_) {  // the other hello, when it came first
            if (const auto hello = hello_of(first); hello && layer_ == WireLayer::encrypted) {
                merge(tls_, told_by(*hello));
            }
        }
    }
    receiver.on_layer(layer_, tls_, opened_);
    pass_held(receiver);
}

void TlsLayer::pass_held(LayerReceiver& receiver) {
    first_ = {};
    held_bytes_ = 0;
    for (const Held& held : std::exchange(held_, {})) {
        pass(held.direction, held.bytes, held.time, receiver);
    }
}

void TlsLayer::pass(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver) {
    if (layer_ == WireLayer::clear) {
        receiver.on_bytes(direction, bytes, time);
        return;
    }
    const std::size_t inside = bytes_of_tls(direction, bytes);
    if (layer_ == WireLayer::null_cipher) {
        unwrap(direction, bytes.substr(0, inside), time, receiver);
    } else if (inside != 0) {
        receiver.on_bytes(direction, bytes.substr(0, inside), time);
    }
    if (inside != bytes.size()) {
        layer_ = WireLayer::clear;
        receiver.on_layer(layer_, {}, time);
        receiver.on_bytes(direction, bytes.substr(inside), time);
    }
}

/// How many of the bytes come before the end of TLS: text behind a whole record.
std::size_t TlsLayer::bytes_of_tls(Direction direction, ByteView bytes) {
    Framing& framing = framings_[static_cast<std::size_t>(direction)];
    std::size_t at = 0;
    while (framing.known && at < bytes.size()) {
        if (framing.rest == 0 && framing.header.empty() && is_text(bytes.substr(at))) {
            return at;
        }
        const std::size_t wanted = framing.rest != 0 ? framing.rest : kHeader - framing.header.size();
        const ByteView part = bytes.substr(at, wanted);
        at += part.size();
        if (framing.rest != 0) {
            framing.rest -= part.size();
            continue;
        }
        framing.header += part;
        if (framing.header.size() == kHeader) {
            framing.known = is_record_header(framing.header);
            framing.rest = load_be<std::uint16_t>(framing.header, 3);
            framing.header.clear();
        }
    }
    return bytes.size();
}

void TlsLayer::pass_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time,
                            LayerReceiver& receiver) {
    if (layer_ == WireLayer::null_cipher) {
        // How much of it was plaintext nobody knows; records begin anew somewhere behind.
        Records& records = records_[static_cast<std::size_t>(direction)];
        records.partial.clear();
        records.aligned = false;
        bytes = 0;
    }
    receiver.on_missing(direction, bytes, cause, time);
}

void TlsLayer::unwrap(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver) {
    Records& records = records_[static_cast<std::size_t>(direction)];
    if (!records.partial.empty()) {
        records.partial += bytes;
        bytes = records.partial;
    }
    while (bytes.size() >= kHeader) {
        if (!is_record_header(bytes)) {
            if (records.aligned) {
                receiver.on_missing(direction, 0, LossCause::unknown, time);
            }
            records.aligned = false;  // until a segment begins with a record
            bytes = {};
            break;
        }
        const std::size_t size = kHeader + load_be<std::uint16_t>(bytes, 3);
        if (bytes.size() < size) {
            break;
        }
        records.aligned = true;
        record(direction, bytes.substr(0, size), time, receiver);
        bytes.remove_prefix(size);
    }
    records.partial = Bytes(bytes);
}

void TlsLayer::record(Direction direction, ByteView whole, Timestamp time, LayerReceiver& receiver) {
    const ByteView content = whole.substr(kHeader);
    if (static_cast<std::uint8_t>(whole[0]) == kApplicationData && content.size() > mac_size_) {
        receiver.on_bytes(direction, content.substr(0, content.size() - mac_size_), time);
    }
}

}  // namespace sslsniff
