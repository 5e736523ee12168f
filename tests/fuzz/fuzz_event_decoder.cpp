// Feeds a sequence of records to the decoder: each begins with its length in two bytes.
#include <cstddef>
#include <cstdint>

#include "capture/kernel/event_decoder.h"

namespace {

class Reader : public sslsniff::EventConsumer {
  public:
    void on_event(const sslsniff::CaptureEvent& event) override {
        if (const auto* data = std::get_if<sslsniff::DataEvent>(&event)) {
            for (const char byte : data->bytes) {
                sum_ += static_cast<unsigned char>(byte);
            }
        }
        if (const auto* gap = std::get_if<sslsniff::GapEvent>(&event); gap != nullptr && gap->bytes == 0) {
            __builtin_trap();
        }
    }

  private:
    volatile unsigned sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    sslsniff::KernelSide kernel;
    sslsniff::EventDecoder decoder(sslsniff::Timestamp(std::chrono::seconds(1)), kernel);
    Reader reader;
    sslsniff::ByteView rest(reinterpret_cast<const char*>(data), size);
    while (rest.size() >= 2) {
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(rest[0])) << 8U |
                                   static_cast<unsigned char>(rest[1]);
        rest.remove_prefix(2);
        decoder.decode(rest.substr(0, length), reader);
        rest.remove_prefix(std::min(length, rest.size()));
    }
    return 0;
}
