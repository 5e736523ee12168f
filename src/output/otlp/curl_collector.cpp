#include "output/otlp/curl_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr long kConnectTime = 10'000;  // ms
constexpr long kWholeTime = 30'000;    // ms
constexpr std::size_t kMostAnswer = 64U * 1024;
constexpr std::size_t kMostHeaders = 64U * 1024;

Result<Bytes> read_file(const char* setting, const std::string& path) {
    if (path.empty()) {
        return Bytes();
    }
    std::ifstream file(path, std::ios::binary);
    Bytes content{std::istreambuf_iterator<char>(file), {}};
    if (!file || content.empty()) {
        return fail(ErrorKind::usage,
                    fmt::format("--otlp {}={}: there is no file that can be read, or it is empty", setting,
                                printable(path)));
    }
    return content;
}

}  // namespace

Result<TlsFiles> read_tls_files(const OtlpSettings& settings) {
    auto ca = read_file("ca", settings.ca_file);
    auto certificate = read_file("cert", settings.certificate);
    auto key = read_file("key", settings.key);
    for (const auto* file : {&ca, &certificate, &key}) {
        if (!*file) {
            return std::unexpected(file->error());
        }
    }
    return TlsFiles{*std::move(ca), *std::move(certificate), *std::move(key)};
}

CurlCollector::CurlCollector(CurlLibrary curl, std::string url, const std::vector<std::string>& headers,
                             TlsFiles tls)
    : curl_(curl),
      url_(std::move(url)),
      tls_(std::move(tls)),
      all_(curl_.multi_init()),
      request_(curl_.easy_init()) {
    const auto add = [this](const std::string& line) {
        headers_ = curl_.slist_append(headers_, line.c_str());
    };
    add("Content-Type: application/x-protobuf");
    add("Content-Encoding: gzip");
    add("Expect:");  // an answer in between would cost a round trip
    for (const std::string& line : headers) {
        add(line);
    }
}

CurlCollector::~CurlCollector() {
    if (is_running_) {
        curl_.multi_remove_handle(all_, request_);
    }
    curl_.easy_cleanup(request_);
    curl_.multi_cleanup(all_);
    curl_.slist_free_all(headers_);
}

template <class Value>
void CurlCollector::set(CURLoption option, Value value) {
    curl_.easy_setopt(request_, option, value);  // NOLINT(cppcoreguidelines-pro-type-vararg)
}

void CurlCollector::set_file(CURLoption option, Bytes& content) {
    if (!content.empty()) {
        curl_blob blob{content.data(), content.size(), CURL_BLOB_NOCOPY};
        set(option, &blob);
    }
}

void CurlCollector::post(std::string_view path, Bytes body) {
    body_ = std::move(body);
    answer_ = {};
    header_bytes_ = 0;
    error_ = {};
    curl_.easy_reset(request_);  // its connection is kept by all_
    set(CURLOPT_URL, (url_ + std::string(path)).c_str());
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_USERAGENT, "sslsniff/" SSLSNIFF_VERSION);
    set(CURLOPT_POSTFIELDS, body_.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTime);
    set(CURLOPT_TIMEOUT_MS, kWholeTime);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_WRITEFUNCTION, &CurlCollector::take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &CurlCollector::take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set_file(CURLOPT_CAINFO_BLOB, tls_.ca);
    set_file(CURLOPT_SSLCERT_BLOB, tls_.certificate);
    set_file(CURLOPT_SSLKEY_BLOB, tls_.key.empty() ? tls_.certificate : tls_.key);
    curl_.multi_add_handle(all_, request_);
    is_running_ = true;
}

std::optional<Answer> CurlCollector::poll() {
    if (!is_running_) {
        return std::nullopt;
    }
    int running = 0;
    curl_.multi_perform(all_, &running);
    int left = 0;
    const CURLMsg* message = curl_.multi_info_read(all_, &left);
    if (message == nullptr || message->msg != CURLMSG_DONE) {
        return std::nullopt;
    }
    const CURLcode result = message->data.result;  // NOLINT(cppcoreguidelines-pro-type-union-access)
    curl_.multi_remove_handle(all_, request_);
    is_running_ = false;
    return answer_of(result);
}

Answer CurlCollector::answer_of(CURLcode result) {
    long status = 0;
    curl_off_t after = 0;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg)
    curl_.easy_getinfo(request_, CURLINFO_RESPONSE_CODE, &status);
    curl_.easy_getinfo(request_, CURLINFO_RETRY_AFTER, &after);
    // NOLINTEND(cppcoreguidelines-pro-type-vararg)
    answer_.status = static_cast<int>(status);
    if (after > 0) {
        answer_.retry_after = std::chrono::seconds(after);
    }
    if (result != CURLE_OK) {
        answer_.is_whole = false;
        if (answer_.error.empty()) {
            answer_.error = printable(error_.front() != '\0' ? error_.data() : curl_.easy_strerror(result));
        }
    }
    return std::exchange(answer_, {});
}

void CurlCollector::wait(std::chrono::milliseconds time) {
    curl_.multi_poll(all_, nullptr, 0, static_cast<int>(time.count()), nullptr);
}

/// Less than it was given ends the request.
std::size_t CurlCollector::take_body(char* data, std::size_t size, std::size_t count, void* self) {
    Answer& answer = static_cast<CurlCollector*>(self)->answer_;
    const std::size_t room = kMostAnswer - answer.body.size();
    answer.body.append(data, std::min(size * count, room));
    if (size * count <= room) {
        return size * count;
    }
    answer.error = "more than 64 KiB of it";
    return 0;
}

std::size_t CurlCollector::take_header(char* /*data*/, std::size_t size, std::size_t count, void* self) {
    auto& collector = *static_cast<CurlCollector*>(self);
    collector.header_bytes_ += size * count;
    if (collector.header_bytes_ <= kMostHeaders) {
        return size * count;
    }
    collector.answer_.error = "more than 64 KiB of header fields";
    return 0;
}

}  // namespace sslsniff
