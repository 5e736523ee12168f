#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <utility>

#include "model/time.h"
#include "protocols/redis/matcher.h"
#include "protocols/redis/resp_reader.h"
#include "protocols/redis/resync.h"

namespace sslsniff::redis {

/// One direction: cuts it into values, finds the way back after a gap.
class StreamHalf {
  public:
    StreamHalf(RespReader::Grammar grammar, const RespLimits& limits)
        : reader_(grammar, limits), resync_(grammar) {}

    /// Hands each finished value to `on_value(TimedValue)`, which returns false to stop there; the bytes
    /// behind are left in `bytes`. False when the bytes are no RESP; then the search for RESP has begun.
    template <std::predicate<TimedValue> OnValue>
    bool feed(ByteView& bytes, Timestamp time, const OnValue& on_value) {
        Bytes found;
        if (resync_.searching()) {
            std::optional<Bytes> rest = resync_.find(bytes);
            if (!rest) {
                bytes = {};
                return true;
            }
            // What precedes the place found, this call's bytes included, is passed over.
            found = std::move(*rest);
            const std::size_t held = found.size() - std::min(found.size(), bytes.size());
            ByteView early = ByteView(found).substr(0, held);
            bytes.remove_prefix(bytes.size() - (found.size() - held));
            if (!cut(early, time, on_value)) {
                return false;
            }
        }
        return cut(bytes, time, on_value);
    }

    /// `bytes` are missing. False when the position in the stream is lost with them.
    bool skip(std::uint64_t bytes) { return !resync_.searching() && reader_.skip(bytes); }
    /// Begins the search for the next message; returns what was read of the current one.
    TimedValue lose() {
        TimedValue out = unfinished();
        resync_.lose();
        return out;
    }
    /// What was read of the current value.
    TimedValue unfinished() { return {reader_.abandon(), start_, last_}; }
    bool at_boundary() const { return reader_.at_boundary(); }
    bool searching() const { return resync_.searching(); }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return reader_.held() + resync_.held(); }
    /// Gives up what is kept of the value under way. False when there was nothing to lose.
    bool shed() { return reader_.shed(); }

  private:
    template <class OnValue>
    bool cut(ByteView& bytes, Timestamp time, const OnValue& on_value) {
        last_ = time;
        while (!bytes.empty()) {
            if (reader_.at_boundary()) {
                start_ = time;
            }
            switch (reader_.read(bytes)) {
                case RespReader::Result::need_more:
                    return true;
                case RespReader::Result::malformed:
                    return false;
                case RespReader::Result::value:
                    if (!on_value(TimedValue{reader_.take(), start_, time})) {
                        return true;
                    }
            }
        }
        return true;
    }

    RespReader reader_;
    Resync resync_;
    Timestamp start_;
    Timestamp last_;
};

}  // namespace sslsniff::redis
