#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/har/har_sink.h"
#include "output/json/json_sink.h"
#include "output/text/text_sink.h"

namespace sslsniff {

/// A transaction as it is shown when somebody looks at it.
struct KeptTransaction {
    std::vector<std::string> group;  ///< TopTable's
    Summary::Tone tone = Summary::Tone::normal;
    std::string line;                  ///< as text shows it
    std::vector<std::string> details;  ///< header fields and bodies, as of -vv
    std::string json;                  ///< its line of JSON (docs/json.md)
    std::string har;                   ///< its entry of an HTTP Archive; empty: it has no place there
};

using KeptPointer = std::shared_ptr<const KeptTransaction>;

/// The latest transactions, to look into: at most some thousand, and some megabytes. When more come than
/// anybody could look at, some of each second are kept, and errors rather than others.
class KeptTransactions {
  public:
    /// `text`: how times are shown; the lines are not coloured, and as long as they are.
    explicit KeptTransactions(TextOptions text);

    /// `facts` and `group` are the transaction's.
    void add(const Transaction& transaction, const Facts& facts, const std::vector<std::string>& group);
    /// The connection is over: what lines said of it is forgotten.
    void forget(const ConnectionRecord& record);
    /// Those whose groups begin with the values of `prefix`, the oldest first.
    std::vector<KeptPointer> with(std::span<const std::string> prefix) const;
    void clear();

  private:
    /// Takes what sinks write.
    class Catcher final : public OutputStream {
      public:
        void write(ByteView bytes) override { bytes_.append(bytes); }
        Result<void> flush() override { return {}; }
        Bytes take() { return std::exchange(bytes_, {}); }

      private:
        Bytes bytes_;
    };
    bool may_keep(Timestamp time, bool is_error);

    Catcher caught_;
    TextSink text_;
    JsonSink json_;
    HarSink har_{caught_};
    std::deque<KeptPointer> kept_;
    std::size_t bytes_ = 0;
    std::int64_t second_ = 0;
    unsigned kept_in_second_ = 0;
    unsigned errors_in_second_ = 0;
};

}  // namespace sslsniff
