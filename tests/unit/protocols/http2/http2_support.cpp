#include "unit/protocols/http2/http2_support.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <map>
#include <random>
#include <stdexcept>

namespace sslsniff::http2 {
namespace {

using Call = Conversation::Call;

/// One end of a connection: nghttp2's session and what it needs to know.
class Peer {
  public:
    Peer(bool server, std::mt19937& random) : server_(server), random_(random) {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_select_padding_callback(callbacks, select_padding);
        check(server ? nghttp2_session_server_new(&session_, callbacks, this)
                     : nghttp2_session_client_new(&session_, callbacks, this));
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry table = {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, server ? 8192U : 1024U};
        check(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &table, 1));
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { nghttp2_session_del(session_); }

    void request(Call& call) {
        nghttp2_data_provider body{};
        const std::int32_t id = nghttp2_submit_request(
            session_, nullptr,
            fields({{":method", call.method},
                    {":scheme", "https"},
                    {":authority", "host.test"},
                    {":path", call.path},
                    {"user-agent", "nghttp2"},
                    {"x-noise", std::to_string(random_() % 50)}})
                .data(),
            6, call.request_body.empty() ? nullptr : provide(body, call, call.request_body), &call);
        check(id);
        by_stream_[id] = &call;
    }
    void respond(std::int32_t id) {
        Call& call = *by_stream_.at(id);
        nghttp2_data_provider body{};
        check(nghttp2_submit_response(session_, id,
                                      fields({{":status", std::to_string(call.status)},
                                              {"server", "nghttp2"},
                                              {"x-path", call.path},
                                              {"content-type", "text/plain"}})
                                          .data(),
                                      4, provide(body, call, call.response_body)));
    }
    /// The next bytes to send, at most those of one frame and a part.
    std::string take() {
        const std::uint8_t* data = nullptr;
        const ssize_t size = nghttp2_session_mem_send(session_, &data);
        check(static_cast<int>(size));
        return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
    }
    void give(const std::string& bytes) {
        check(static_cast<int>(nghttp2_session_mem_recv(
            session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())));
    }
    void know(const Peer& client) { by_stream_ = client.by_stream_; }

  private:
    static void check(int result) {
        if (result < 0) {
            throw std::runtime_error(nghttp2_strerror(result));
        }
    }
    std::vector<nghttp2_nv> fields(std::initializer_list<std::pair<const char*, std::string>> list) {
        kept_.assign(list.begin(), list.end());
        std::vector<nghttp2_nv> result;
        for (auto& [name, value] : kept_) {
            result.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                              reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                              NGHTTP2_NV_FLAG_NONE});
        }
        return result;
    }
    struct Source {
        const std::string* bytes;
        std::size_t at = 0;
        bool trailers = false;
    };
    nghttp2_data_provider* provide(nghttp2_data_provider& provider, const Call& call,
                                   const std::string& bytes) {
        sources_.push_back(std::make_unique<Source>(Source{&bytes, 0, server_ && call.trailers}));
        provider.source.ptr = sources_.back().get();
        provider.read_callback = [](nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                                    std::size_t length, std::uint32_t* flags, nghttp2_data_source* from,
                                    void*) -> ssize_t {
            auto& source = *static_cast<Source*>(from->ptr);
            const std::size_t size = source.bytes->copy(reinterpret_cast<char*>(buffer), length, source.at);
            source.at += size;
            if (source.at == source.bytes->size()) {
                *flags |= NGHTTP2_DATA_FLAG_EOF;
                if (source.trailers) {
                    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
                    std::string name = "x-sum";
                    std::string value = "done";
                    const nghttp2_nv trailer = {reinterpret_cast<std::uint8_t*>(name.data()),
                                                reinterpret_cast<std::uint8_t*>(value.data()), name.size(),
                                                value.size(), NGHTTP2_NV_FLAG_NONE};
                    check(nghttp2_submit_trailer(session, id, &trailer, 1));
                }
            }
            return static_cast<ssize_t>(size);
        };
        return &provider;
    }
    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        auto& peer = *static_cast<Peer*>(user);
        const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (peer.server_ && message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            peer.respond(frame->hd.stream_id);
        }
        return 0;
    }
    static ssize_t select_padding(nghttp2_session*, const nghttp2_frame* frame, std::size_t max, void* user) {
        auto& random = static_cast<Peer*>(user)->random_;
        return static_cast<ssize_t>(random() % 4 == 0 ? std::min(max, frame->hd.length + random() % 40)
                                                      : frame->hd.length);
    }

    bool server_;
    std::mt19937& random_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Call*> by_stream_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::vector<std::pair<std::string, std::string>> kept_;
};

std::string noise(std::mt19937& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(random());
    }
    return bytes;
}

}  // namespace

Conversation converse(unsigned seed, std::size_t calls) {
    std::mt19937 random(seed);
    Conversation result;
    for (std::size_t i = 0; i < calls; ++i) {
        const bool post = random() % 3 == 0;
        constexpr unsigned kStatus[] = {200, 200, 201, 403, 404, 503};
        result.calls.push_back({post ? "POST" : "GET", fmt::format("/item/{}", random() % 30),
                                post ? noise(random, 1 + random() % 3000) : std::string(),
                                kStatus[random() % std::size(kStatus)],
                                noise(random, random() % 5 == 0 ? 40000 : random() % 300),
                                random() % 4 == 0});
    }
    Peer client(false, random);
    Peer server(true, random);
    std::size_t next = 0;
    bool busy = true;
    while (busy || next < calls) {
        busy = false;
        for (auto more = random() % 4; more > 0 && next < calls; --more) {
            client.request(result.calls[next++]);
        }
        server.know(client);
        for (const auto& [direction, from, to] : {std::tuple(Direction::sent, &client, &server),
                                                  std::tuple(Direction::received, &server, &client)}) {
            for (auto more = 1 + random() % 4; more > 0; --more) {
                const std::string bytes = from->take();
                if (bytes.empty()) {
                    break;
                }
                busy = true;
                to->give(bytes);
                result.traffic.push_back({direction, bytes});
            }
        }
    }
    return result;
}

std::string frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload) {
    std::string out;
    for (const std::size_t value :
         {payload.size() >> 16U, payload.size() >> 8U, payload.size(), std::size_t{type}, std::size_t{flags},
          std::size_t{stream >> 24U}, std::size_t{stream >> 16U}, std::size_t{stream >> 8U},
          std::size_t{stream}}) {
        out.push_back(static_cast<char>(value));
    }
    return out.append(payload);
}

std::string describe(const RecordingHost::Recorded& recorded) {
    const Http2Exchange& stream = recorded.stream();
    const Summary summary = stream.summary();
    std::string out = fmt::format("{} {} -> {} up {} down {}", stream.stream_id, summary.request,
                                  summary.response, summary.request_bytes, summary.response_bytes);
    for (const auto& early : stream.informational) {
        out += fmt::format(" early {}", early.status);
    }
    for (const HttpMessage* message : std::initializer_list<const HttpMessage*>{
             stream.request ? &*stream.request : nullptr, stream.response ? &*stream.response : nullptr}) {
        if (message == nullptr) {
            continue;
        }
        out += fmt::format(" body {:x}", std::hash<std::string>()(message->body.captured));
        for (const auto& field : message->trailers) {
            out += fmt::format(" trailer {}={}", field.name, field.value);
        }
    }
    out += recorded.integrity.complete ? "" : " [" + recorded.integrity.reason + "]";
    out += recorded.integrity.missing_bytes == 0
               ? ""
               : fmt::format(" missing {}", recorded.integrity.missing_bytes);
    return out + "\n";
}

std::string RecordingHost::text() const {
    std::string out;
    for (const Recorded& one : recorded) {
        out += describe(one);
    }
    return out;
}

void join(ProtocolParser& parser) {
    parser.gap(Direction::sent, 0, Timestamp());
    parser.gap(Direction::received, 0, Timestamp());
}

void run(RecordingHost& host, ProtocolParser& parser, const Traffic& traffic) {
    Timestamp time;
    for (const Chunk& chunk : traffic) {
        parser.feed(chunk.direction, chunk.bytes, time);
        time += std::chrono::microseconds(1);
    }
    parser.finish(time);
    (void)host;
}

Traffic cut(const Traffic& traffic, std::size_t size) {
    Traffic pieces;
    for (const Chunk& chunk : traffic) {
        for (std::size_t at = 0; at < chunk.bytes.size(); at += size) {
            pieces.push_back({chunk.direction, chunk.bytes.substr(at, size)});
        }
    }
    return pieces;
}

}  // namespace sslsniff::http2
