#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "base/result.h"
#include "model/event.h"
#include "model/transaction.h"
#include "output/files/output_file.h"

namespace sslsniff {

/// One -o: a format and the file it is written to. It takes either events or transactions; what it is given
/// goes to the file of its time.
class Output {
  public:
    explicit Output(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    virtual ~Output() = default;

    virtual EventConsumer* events() { return nullptr; }
    virtual TransactionSink* transactions() { return nullptr; }

    OutputFile& file() { return *file_; }
    const OutputFile& file() const { return *file_; }

    /// Hands what there is to the system. A reader that has gone is no error.
    Result<void> flush();
    /// Writes what ends the format; nothing may follow.
    Result<void> finish();
    /// Nothing more is written: nobody reads, as many files as were wanted are full, or there was an error.
    bool is_done() const { return file_->has_failed() || file_->is_finished(); }

  protected:
    /// For formats that keep things back: called before each flush.
    virtual void release() {}
    virtual void end() {}

  private:
    std::unique_ptr<OutputFile> file_;
};

/// A format that is written from transactions. `Sink` is constructed with the file and what else it needs.
template <class Sink>
class TransactionOutput final : public Output, private TransactionSink {
  public:
    template <class... Arguments>
    explicit TransactionOutput(std::unique_ptr<OutputFile> file, Arguments&&... arguments)
        : Output(std::move(file)), sink_(Output::file(), std::forward<Arguments>(arguments)...) {
        if constexpr (std::derived_from<Sink, FileFormat>) {
            Output::file().set_format(&sink_);
        }
    }
    TransactionSink* transactions() override { return this; }

  private:
    void on_transaction(const Transaction& transaction) override {
        if (file().advance_to(transaction.timing.end.value_or(transaction.timing.start))) {
            sink_.on_transaction(transaction);
        }
    }
    void on_connection(const ConnectionRecord& record) override {
        if (file().advance_to(record.closed)) {
            sink_.on_connection(record);
        }
    }
    void on_loss(const LossEvent& loss) override {
        if (file().advance_to(loss.time)) {
            sink_.on_loss(loss);
        }
    }
    void on_summary(const CaptureSummary& summary) override {
        if (!is_done()) {
            sink_.on_summary(summary);
        }
    }

    Sink sink_;
};

/// A format that is written from events.
template <class Consumer>
class EventOutput final : public Output, private EventConsumer {
  public:
    template <class... Arguments>
    explicit EventOutput(std::unique_ptr<OutputFile> file, Arguments&&... arguments)
        : Output(std::move(file)), consumer_(Output::file(), std::forward<Arguments>(arguments)...) {
        Output::file().set_format(&consumer_);
    }
    EventConsumer* events() override { return this; }

  private:
    void on_event(const CaptureEvent& event) override {
        if (file().advance_to(time_of(event))) {
            consumer_.on_event(event);
        }
    }
    void release() override {
        if constexpr (requires { consumer_.release_waiting(); }) {
            consumer_.release_waiting();
        }
    }
    void end() override {
        if constexpr (requires { consumer_.finish(); }) {
            static_cast<void>(consumer_.finish());  // errors stay with the file
        }
    }

    Consumer consumer_;
};

}  // namespace sslsniff
