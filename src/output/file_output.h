#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "output/files/output_file.h"
#include "output/output.h"

namespace sslsniff {

/// An output to a file or a row of files: whatever comes goes to the file of its time.
class FileOutput : public Output {
  public:
    explicit FileOutput(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

    Result<void> check(Timestamp now) override { return file_->check(now); }
    Result<void> open(Timestamp now) override { return file_->open(now); }
    bool can_reopen() const override { return file_->can_reopen(); }
    Result<void> reopen() override { return file_->reopen(); }
    Result<bool> flush() override;
    Result<void> finish() override;
    bool is_done() const override { return file_->has_failed() || file_->is_finished(); }
    std::vector<std::pair<std::string, std::uint64_t>> counts() const override {
        return {{"written_bytes", file_->written()}};
    }

  protected:
    OutputFile& file() { return *file_; }

    /// For formats that keep things back: writes what can be written by now. True: nothing is left.
    virtual bool release() { return true; }
    /// Writes what ends the format.
    virtual void end() {}

  private:
    std::unique_ptr<OutputFile> file_;
};

/// A format that is written from transactions. `Sink` is constructed with the file and what else it needs.
/// One that is a RenderedOutput, too, can have them rendered by other threads, unless it makes no renderers.
template <class Sink>
class TransactionOutput final : public FileOutput, private TransactionSink, private RenderedOutput {
  public:
    template <class... Arguments>
    explicit TransactionOutput(std::unique_ptr<OutputFile> file, Arguments&&... arguments)
        : FileOutput(std::move(file)), sink_(FileOutput::file(), std::forward<Arguments>(arguments)...) {
        if constexpr (std::derived_from<Sink, FileFormat>) {
            FileOutput::file().set_format(&sink_);
        }
    }
    TransactionSink* transactions() override { return this; }
    RenderedOutput* rendered() override { return make_renderer() ? this : nullptr; }
    bool reads_fields() const override {
        if constexpr (requires { sink_.reads_fields(); }) {
            return sink_.reads_fields();
        }
        return true;
    }
    void tick(Timestamp now) override {
        if constexpr (requires { sink_.tick(now); }) {
            if (file().advance_to(now)) {
                sink_.tick(now);
            }
        }
    }

  private:
    void on_open(const OpenConnection& connection) override {
        if (!is_done()) {
            sink_.on_open(connection);
        }
    }
    void on_change(const OpenConnection& connection) override {
        if (!is_done()) {
            sink_.on_change(connection);
        }
    }
    void on_withdraw(const ConnectionInfo& connection) override {
        if (!is_done()) {
            sink_.on_withdraw(connection);
        }
    }
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

    static constexpr bool kIsRendered = std::derived_from<Sink, RenderedOutput>;

    std::unique_ptr<Renderer> make_renderer() const override {
        if constexpr (kIsRendered) {
            return sink_.make_renderer();
        }
        return nullptr;
    }
    std::uint32_t hint(const Transaction& transaction) override {
        if constexpr (kIsRendered) {
            return sink_.hint(transaction);
        }
        return 0;
    }
    std::uint32_t hint(const ConnectionRecord& record) override {
        if constexpr (kIsRendered) {
            return sink_.hint(record);
        }
        return 0;
    }
    void write(const Transaction& transaction, ByteView rendered) override {
        write_at(transaction.timing.end.value_or(transaction.timing.start), transaction, rendered);
    }
    void write(const ConnectionRecord& record, ByteView rendered) override {
        write_at(record.closed, record, rendered);
    }
    void write_at(Timestamp time, const auto& shown, ByteView rendered) {
        if constexpr (kIsRendered) {
            if (file().advance_to(time)) {
                sink_.write(shown, rendered);
            }
        }
    }

    Sink sink_;
};

/// What a format that is written from events does besides taking them.
class EventFormat : public EventConsumer, public FileFormat {
  public:
    /// As of Output.
    virtual void tick(Timestamp /*now*/) {}
    /// As of FileOutput; called now and then also in quiet times.
    virtual bool release() { return true; }
    /// Writes all that waits, and what ends the format. Nothing may follow.
    virtual void finish() {}
};

/// A format that is written from events. `Format` is constructed with the file and what else it needs.
template <std::derived_from<EventFormat> Format>
class EventOutput final : public FileOutput, private EventConsumer {
  public:
    template <class... Arguments>
    explicit EventOutput(std::unique_ptr<OutputFile> file, Arguments&&... arguments)
        : FileOutput(std::move(file)), format_(FileOutput::file(), std::forward<Arguments>(arguments)...) {
        FileOutput::file().set_format(&format_);
    }
    EventConsumer* events() override { return this; }
    void tick(Timestamp now) override {
        if (!is_done()) {
            format_.tick(now);
        }
    }

  private:
    void on_event(const CaptureEvent& event) override {
        if (file().advance_to(time_of(event))) {
            format_.on_event(event);
        }
    }
    bool release() override { return format_.release(); }
    void end() override { format_.finish(); }

    Format format_;
};

}  // namespace sslsniff
