#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/output_stream.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "model/time.h"
#include "output/files/file_format.h"
#include "output/files/file_row.h"
#include "output/files/file_rules.h"
#include "output/files/file_service.h"

namespace sslsniff {

/// Where one output goes: standard output, a file, a FIFO, a device, or a row of files. The one place that
/// knows how files are created (PrivateFile), divided (FileRow) and opened again. What is written before
/// open() is kept until then.
class OutputFile final : public OutputStream {
  public:
    struct Options {
        std::string path;  ///< "-" is standard output
        std::string user;  ///< who writes it, for messages: "-o json:x"
        RotationOptions rotation;
        bool append = false;  ///< to what files hold that are there already, instead of emptying them
    };
    /// Borrows `rules` and `patience`, which outlive it; `patience` may be null.
    OutputFile(Options options, FileRules& rules, Patience* patience);
    ~OutputFile() override;

    /// Whether open() will work, as far as that can be told while nothing is changed. Opens a FIFO, and waits
    /// for its reader.
    Result<void> check(Timestamp now);
    /// Creates or empties the file; `now` is for its name. check() came before.
    Result<void> open(Timestamp now);

    void write(ByteView bytes) override;
    /// Does nothing before open().
    Result<void> flush() override;

    /// What begins and ends each file; borrowed, may be null.
    void set_format(FileFormat* format) { format_ = format; }
    /// Something of time `now` will be written: begins another file when it belongs there. False: nothing
    /// more is to be written, since there was an error, or as many files as were wanted are full.
    bool advance_to(Timestamp now);

    /// A file by a name, which can be renamed while it is written and then created anew.
    bool can_reopen() const { return stream_ && is_regular_; }
    /// Goes on in a new file of the same name when somebody has taken the file that is written away from
    /// there, as log rotation does. After an error it goes on in the old one.
    Result<void> reopen();

    /// open() has worked: what is written goes to the system with the next flush().
    bool is_open() const { return stream_ != nullptr; }
    bool is_closed_reader() const { return stream_ && stream_->is_closed_reader(); }
    bool has_failed() const { return error_.has_value() || (stream_ && stream_->has_failed()); }
    /// Bytes, in all files.
    std::uint64_t written() const { return written_; }
    /// As many files as were wanted are full.
    bool is_finished() const { return row_.is_finished(); }
    bool is_terminal() const;
    /// How wide the terminal is by now; 0 when it is none.
    std::size_t terminal_columns() const;

  private:
    bool is_stdout() const { return options_.path == "-"; }
    OutputRow as_row() const { return {options_.path, options_.user, options_.append}; }
    Result<OpenedFile> open_named(const std::string& name);
    bool has_its_name() const;
    Result<void> await_reader(const std::string& name);
    void change_to(OpenedFile file, std::string name);
    Result<void> begin_next(Timestamp now);

    Options options_;
    FileRules& rules_;
    Patience* patience_;
    FileFormat* format_ = nullptr;
    FileRow row_;
    std::uint32_t row_number_ = 0;  ///< of the grant for what follows the first file
    UniqueFd special_;              ///< a FIFO or device that check() opened
    bool is_regular_ = false;
    std::string name_;                          ///< of the current file
    std::optional<FileRules::Identity> claim_;  ///< on the current file
    std::unique_ptr<FdOutputStream> stream_;    ///< none before open()
    Bytes before_open_;
    std::uint64_t size_ = 0;  ///< of the current file, with what is buffered
    std::uint64_t written_ = 0;
    std::optional<Error> error_;
};

}  // namespace sslsniff
