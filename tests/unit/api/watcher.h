#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/sslsniff.h"

namespace sslsniff::test {

inline std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder that goes away with it.
class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "sslsniff-api-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string operator/(std::string_view name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

inline std::string copy(sslsniff_text text) {
    return {text.data, text.length};
}

/// A capture by the library, and what its callbacks were told, as text.
class Watcher {
  public:
    explicit Watcher(sslsniff_capture* capture = sslsniff_new()) : raw(capture) {
        sslsniff_on_line(raw, on_line, this);
        sslsniff_on_event(raw, on_event, this);
        sslsniff_on_transaction(raw, on_transaction, this);
        sslsniff_on_connection(raw, on_connection, this);
        sslsniff_on_notice(raw, on_notice, this);
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher() { sslsniff_free(raw); }

    int set(const char* option, const std::string& value) { return sslsniff_set(raw, option, value.c_str()); }
    /// Polls until it ends: ENDED or an error.
    int run() {
        int status = sslsniff_start(raw);
        while (status == SSLSNIFF_OK) {
            status = sslsniff_poll(raw, 1000);
        }
        return status;
    }
    std::string error() const { return sslsniff_error(raw); }
    std::string all_lines() const {
        std::string all;
        for (const auto& line : lines) {
            all += line + "\n";
        }
        return all;
    }

    struct Event {
        sslsniff_event event{};  ///< pointers in it are gone
        std::string data;
        std::string comm;
        std::uint64_t connection = 0;
        std::string name;
        std::string protocol;
        std::uint32_t confidence = 0;
        std::string reason;
        std::string cause;
    };

    sslsniff_capture* raw;
    std::vector<std::string> lines;
    std::vector<Event> events;
    std::vector<std::string> transactions;  ///< "http/1.1 GET https://a/ ok: GET https://a/ -> 200 OK"
    std::vector<std::string> json;          ///< of each transaction, as asked for
    std::vector<std::string> connections;   ///< "29412.1 shutdown 3 131/248"
    std::vector<std::string> notices;
    std::vector<std::string> order;  ///< "event", "transaction", "connection", "line"

  private:
    static Watcher& of(void* context) { return *static_cast<Watcher*>(context); }
    static void on_line(void* context, const char* json, size_t length) {
        of(context).order.emplace_back("line");
        of(context).lines.emplace_back(json, length);
    }
    static void on_event(void* context, const sslsniff_event* event) {
        Event copied;
        copied.event = *event;
        if (event->kind == SSLSNIFF_EVENT_DATA) {
            copied.data.assign(reinterpret_cast<const char*>(event->data), event->length);
        }
        copied.comm = event->process != nullptr ? copy(event->process->comm) : "";
        if (event->connection != nullptr) {
            copied.connection = event->connection->id;
            copied.name = copy(event->connection->name);
            copied.protocol = copy(event->connection->protocol);
            copied.confidence = event->connection->protocol_confidence;
        }
        copied.reason = event->reason != nullptr ? event->reason : "";
        copied.cause = event->cause != nullptr ? event->cause : "";
        of(context).order.emplace_back("event");
        of(context).events.push_back(std::move(copied));
    }
    static void on_transaction(void* context, const sslsniff_transaction* told) {
        of(context).order.emplace_back("transaction");
        of(context).transactions.push_back(copy(told->protocol) + " " + copy(told->operation) + " " +
                                           copy(told->target) + " " + told->outcome + ": " +
                                           copy(told->request) + " -> " + copy(told->response));
        size_t length = 0;
        const char* json = sslsniff_json(of(context).raw, &length);
        of(context).json.push_back(json != nullptr ? std::string(json, length) : "none");
    }
    static void on_connection(void* context, const sslsniff_connection_end* end) {
        of(context).order.emplace_back("connection");
        of(context).connections.push_back(
            copy(end->connection->name) + " " + end->reason + " " + std::to_string(end->transactions) + " " +
            std::to_string(end->sent.bytes) + "/" + std::to_string(end->received.bytes));
    }
    static void on_notice(void* context, const char* sentence) { of(context).notices.emplace_back(sentence); }
};

}  // namespace sslsniff::test
