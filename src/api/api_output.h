#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/callbacks.h"
#include "api/thread_trace.h"
#include "base/output_stream.h"
#include "model/event_observer.h"
#include "output/json/json_sink.h"
#include "output/output.h"

namespace sslsniff::api {

/// Tells callbacks of everything. An exception that one throws goes no further, and makes it done.
class ApiOutput final : public Output, private TransactionSink, private EventObserver {
  public:
    /// What a sslsniff_capture keeps from run to run. Borrowed.
    struct Numbers {
        std::uint64_t connections = 0;  ///< ids given so far
    };
    ApiOutput(const Callbacks& callbacks, Numbers& numbers) : callbacks_(callbacks), numbers_(numbers) {}

    EventObserver* observer() override { return this; }
    TransactionSink* transactions() override { return this; }
    bool reads_fields() const override {
        return callbacks_.transaction || callbacks_.connection || callbacks_.line;
    }
    Result<void> check(Timestamp /*now*/) override { return {}; }
    Result<void> open(Timestamp /*now*/) override { return {}; }
    Result<bool> flush() override { return true; }
    Result<void> finish() override { return {}; }
    bool is_done() const override { return has_thrown_; }

    /// A callback has thrown an exception.
    bool has_thrown() const { return has_thrown_; }

    /// The JSON of what a callback is being told of, as a line without its end; null when nothing is. Lives
    /// until the callback returns.
    const std::string* json();

    struct Counts {
        std::uint64_t events = 0;
        std::uint64_t data_bytes = 0;
        struct Protocol {
            std::uint64_t transactions = 0;
            std::uint64_t bytes = 0;
        };
        std::map<std::string, Protocol, std::less<>> protocols;  ///< names are those of parsers: few
    };
    const Counts& seen() const { return counts_; }

  private:
    struct Known {
        std::uint64_t id = 0;
        std::uint64_t data_events[2] = {0, 0};  ///< by direction
    };
    /// Keeps the last line.
    class Line final : public OutputStream {
      public:
        void write(ByteView bytes) override {
            text_.assign(bytes.substr(0, bytes.find_last_not_of('\n') + 1));
        }
        Result<void> flush() override { return {}; }
        const std::string& text() const { return text_; }

      private:
        std::string text_;
    };

    void on_understood(const CaptureEvent& event, const OpenConnection* connection) override;
    void on_ended(const OpenConnection& connection, CloseReason reason, Timestamp time) override;
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;

    Known& known(const ConnectionId& id);
    void tell(const DataEvent& data, Known& known, sslsniff_event& record);
    template <class Tell>
    void call(Tell tell);
    void tell_line();

    Callbacks callbacks_;
    Numbers& numbers_;
    std::map<ConnectionId, Known> known_;  ///< those that are open
    ThreadTrace threads_;
    Line line_;
    JsonSink json_{line_};
    std::function<void()> write_line_;  ///< what json() calls when it is asked first; empty: nothing to write
    bool has_line_ = false;
    Counts counts_;
    bool has_thrown_ = false;
};

}  // namespace sslsniff::api
