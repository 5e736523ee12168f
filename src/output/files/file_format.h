#pragma once

namespace sslsniff {

/// A format whose files begin or end with something of their own, so that each can be read by itself.
class FileFormat {
  public:
    FileFormat() = default;
    FileFormat(const FileFormat&) = delete;
    FileFormat& operator=(const FileFormat&) = delete;
    virtual ~FileFormat() = default;

    /// The file written so far is complete after this.
    virtual void end_file() = 0;
    /// What is written from here on goes to the next file.
    virtual void begin_file() = 0;
};

}  // namespace sslsniff
