#pragma once

#include <cstdint>

#include "capture/datagram_tls/datagram_tls_stage.h"
#include "capture/kernel/binding_delay.h"
#include "capture/kernel/midstream_classifier.h"
#include "model/event.h"

namespace sslsniff {

/// What may keep captured events for a while on their way: DatagramTlsStage and MidstreamClassifier, where
/// cleartext is captured, then BindingDelay, where sockets are found by their ciphertext.
class EventStages {
  public:
    /// `show_cleartext`: whether anything but TLS is handed on. Else the arguments of MidstreamClassifier.
    EventStages(KernelSide& kernel, bool show_undecoded, bool show_cleartext)
        : datagram_tls_({.encrypted = show_undecoded, .others = show_cleartext, .ciphertext = false}),
          classifier_(kernel, show_undecoded) {}

    /// Which stages there are; until then none.
    void use(bool doubt, bool delay) {
        use_classifier_ = doubt;
        use_delay_ = delay;
    }

    /// Calls `produce` with the consumer before the first stage; what comes out behind the last goes to
    /// `next`.
    template <class Produce>
    auto run(EventConsumer& next, Produce produce) {
        Through delayed(delay_, next);
        EventConsumer& bound = use_delay_ ? static_cast<EventConsumer&>(delayed) : next;
        Through judged(classifier_, bound);
        Through recognised(datagram_tls_, judged);
        return produce(use_classifier_ ? static_cast<EventConsumer&>(recognised) : bound);
    }

    /// BindingDelay::on_probes().
    void on_probes(std::uint32_t pid, Timestamp now) { delay_.on_probes(pid, now); }

    /// Delivers what has waited too long at `now`.
    void expire(Timestamp now, EventConsumer& next) {
        Through delayed(delay_, next);
        classifier_.expire(now, use_delay_ ? static_cast<EventConsumer&>(delayed) : next);
        delay_.expire(now, next);
    }

    /// Delivers everything.
    void flush(EventConsumer& next) {
        Through delayed(delay_, next);
        Through judged(classifier_, delayed);
        datagram_tls_.flush(judged);
        classifier_.flush(delayed);
        delay_.flush(next);
    }

  private:
    template <class Stage>
    class Through final : public EventConsumer {
      public:
        Through(Stage& stage, EventConsumer& next) : stage_(stage), next_(next) {}
        void on_event(const CaptureEvent& event) override { stage_.pass(event, next_); }

      private:
        Stage& stage_;
        EventConsumer& next_;
    };

    DatagramTlsStage datagram_tls_;
    MidstreamClassifier classifier_;
    BindingDelay delay_;
    bool use_classifier_ = false;
    bool use_delay_ = false;
};

}  // namespace sslsniff
