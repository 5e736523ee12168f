#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "output/otlp/collector.h"
#include "output/otlp/curl_library.h"
#include "output/output_settings.h"

namespace sslsniff {

/// What the files of OtlpSettings hold, in PEM's form; empty: there is no such file.
struct TlsFiles {
    Bytes ca;
    Bytes certificate;
    Bytes key;
};
/// Read once, while the privileges for it are there.
Result<TlsFiles> read_tls_files(const OtlpSettings& settings);

/// A collector behind HTTP or HTTPS, by libcurl, on a connection that is kept. Whatever it does, a request
/// ends: 10 s to connect, 30 s in all, 64 KiB of answer.
class CurlCollector final : public Collector {
  public:
    /// `url` as of parse_collector_url().
    CurlCollector(CurlLibrary curl, std::string url, const std::vector<std::string>& headers, TlsFiles tls);
    CurlCollector(const CurlCollector&) = delete;
    CurlCollector& operator=(const CurlCollector&) = delete;
    ~CurlCollector() override;

    void post(std::string_view path, Bytes body) override;
    std::optional<Answer> poll() override;
    void wait(std::chrono::milliseconds time) override;

  private:
    template <class Value>
    void set(CURLoption option, Value value);
    void set_file(CURLoption option, Bytes& content);
    Answer answer_of(CURLcode result);
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);

    CurlLibrary curl_;
    std::string url_;
    TlsFiles tls_;
    CURLM* all_;     ///< keeps the connection
    CURL* request_;  ///< one after the other
    curl_slist* headers_ = nullptr;
    bool is_running_ = false;
    Bytes body_;  ///< of the request
    Answer answer_;
    std::size_t header_bytes_ = 0;
    std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace sslsniff
