#include "output/otlp/otlp_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <random>
#include <utility>

#include "base/text.h"
#include "model/wall_clock.h"
#include "output/otlp/gzip.h"
#include "output/otlp/metrics_encoding.h"
#include "output/otlp/otlp_settings.h"

namespace sslsniff {
namespace {

/// How long a span waits for others.
constexpr std::chrono::seconds kBatchTime{1};
/// Spans of a recording that may wait.
constexpr std::uint64_t kMostWaiting = 16 * SpanBatch::kMostSpans;

ResourceAttributes host_attributes(const std::string& host_name, ResourceAttributes of_user) {
    const auto is_host = [](const auto& pair) { return pair.first == "host.name"; };
    if (!host_name.empty() && std::ranges::none_of(of_user, is_host)) {
        of_user.emplace_back("host.name", host_name);
    }
    return of_user;
}

}  // namespace

OtlpOutput::OtlpOutput(Parts parts, const SpanIds& ids)
    : parts_(std::move(parts)),
      maker_(ids),
      batch_(host_attributes(parts_.host_name, parts_.settings.resource)) {}

Result<void> OtlpOutput::check(Timestamp /*now*/) {
    if (const auto url = parse_collector_url(parts_.url); !url) {
        return std::unexpected(url.error());
    }
    if (const auto curl = CurlLibrary::load(); !curl) {
        return std::unexpected(curl.error());
    }
    auto tls = read_tls_files(parts_.settings);
    if (!tls) {
        return std::unexpected(tls.error());
    }
    tls_ = *std::move(tls);
    if (!parts_.settings.spool.empty()) {
        spool_.emplace(parts_.settings.spool, parts_.settings.max_spool, *parts_.rules);
        if (auto checked = spool_->check(); !checked) {
            return fail(ErrorKind::output, "--spool: " + checked.error().message);
        }
    }
    return {};
}

Result<void> OtlpOutput::open(Timestamp now) {
    const auto url = parse_collector_url(parts_.url);
    const auto curl = CurlLibrary::load();
    if (!url || !curl) {
        return std::unexpected(url ? curl.error() : url.error());
    }
    if (spool_) {
        if (auto opened = spool_->open(); !opened) {
            return fail(ErrorKind::output, "--spool: " + opened.error().message);
        }
    }
    queue_.emplace(spool_ ? &*spool_ : nullptr);
    if (!queue_->is_empty()) {
        remarks_.push_back(fmt::format("{} spans and points of an earlier run are in {}, and are sent first",
                                       queue_->items(), printable(parts_.settings.spool)));
    }
    collector_ = std::make_unique<CurlCollector>(*curl, *url, parts_.settings.headers, std::move(tls_));
    delivery_.emplace(*collector_, *queue_, parts_.seed);
    batch_sent_ = metrics_sent_ = Clock::now();
    opened_ = now;
    return {};
}

void OtlpOutput::on_transaction(const Transaction& transaction) {
    metrics_.on_transaction(transaction);
    add(transaction.connection.process, maker_.make(transaction));
}

void OtlpOutput::on_loss(const LossEvent& loss) {
    metrics_.on_loss(loss);
    add(own_, maker_.make(loss));
}

void OtlpOutput::add(const std::shared_ptr<const ProcessInfo>& process, const Span& span) {
    batch_.add(process, span);
    if (batch_.is_full() && delivery_) {
        wait_for_room();
        send_batch();
        delivery_->progress(Clock::now());
    }
}

void OtlpOutput::send_batch() {
    batch_sent_ = Clock::now();
    if (const std::uint64_t count = batch_.count(); count != 0) {
        delivery_->add({SpoolKind::traces, count, gzip(batch_.take())});
    }
}

void OtlpOutput::send_metrics() {
    metrics_sent_ = Clock::now();
    const auto [points, message] = encode_metrics(
        metrics_, {opened_, wall_clock()}, host_attributes(parts_.host_name, parts_.settings.resource));
    delivery_->add({SpoolKind::metrics, points, gzip(message)});
}

Result<bool> OtlpOutput::flush() {
    if (!delivery_) {
        return false;
    }
    const auto now = Clock::now();
    if (now - batch_sent_ >= kBatchTime) {
        send_batch();
    }
    if (parts_.settings.metrics.count() != 0 && now - metrics_sent_ >= parts_.settings.metrics) {
        send_metrics();
    }
    delivery_->progress(now);
    return batch_.count() == 0 && queue_->is_empty();
}

void OtlpOutput::wait_for_room() {
    constexpr std::chrono::seconds kPatience{30};
    const bool is_live = parts_.buffer && parts_.buffer();
    if (!is_live) {
        drain(kMostWaiting, kPatience);
    }
}

void OtlpOutput::drain(std::uint64_t items, Clock::duration patience) {
    constexpr std::chrono::milliseconds kStep{10};
    auto until = Clock::now() + patience;
    std::uint64_t settled = 0;
    for (auto counts = delivery_->counts(); counts.waiting > items && Clock::now() < until;
         counts = delivery_->counts()) {
        if (counts.delivered + counts.rejected != settled) {
            settled = counts.delivered + counts.rejected;
            until = Clock::now() + patience;
        }
        delivery_->progress(Clock::now());
        collector_->wait(kStep);
        if (items != 0 && parts_.patience != nullptr &&
            !parts_.patience->pause(std::chrono::milliseconds(0))) {
            return;  // the capture is to end, and then waits for the rest
        }
    }
}

Result<void> OtlpOutput::finish() {
    constexpr std::chrono::seconds kPatience{2};
    if (!delivery_) {
        return {};
    }
    send_batch();
    if (parts_.settings.metrics.count() != 0) {
        send_metrics();
    }
    delivery_->hurry();
    drain(0, kPatience);
    const DeliveryCounts counts = delivery_->counts();
    const std::uint64_t kept = queue_->spooled_items();
    if (kept != 0) {
        remarks_.push_back(
            fmt::format("{} spans and points were not sent yet: they are in {} for the next run", kept,
                        printable(parts_.settings.spool)));
    }
    const std::uint64_t lost = counts.lost() + counts.waiting - kept;
    if (lost == 0) {
        return {};
    }
    const std::string why = delivery_->last_remark();
    return fail(ErrorKind::output, fmt::format("{} of {} spans and points were not delivered to otlp:{}{}",
                                               lost, lost + kept + counts.delivered, printable(parts_.url),
                                               why.empty() ? "" : ": " + why));
}

std::vector<std::pair<std::string, std::uint64_t>> OtlpOutput::counts() const {
    const DeliveryCounts counts = delivery_ ? delivery_->counts() : DeliveryCounts();
    return {{"delivered", counts.delivered}, {"waiting", counts.waiting}, {"lost", counts.lost()}};
}

std::vector<std::string> OtlpOutput::take_remarks() {
    std::vector<std::string> remarks = std::exchange(remarks_, {});
    if (delivery_) {
        if (const std::string remark = delivery_->take_remark(); !remark.empty()) {
            const DeliveryCounts counts = delivery_->counts();
            remarks.push_back(fmt::format("otlp:{}: {} ({} spans and points wait, {} were lost so far)",
                                          printable(parts_.url), remark, counts.waiting, counts.lost()));
        }
    }
    return remarks;
}

Result<void> check_otlp_place(std::string_view place) {
    const auto url = parse_collector_url(place);
    return url ? Result<void>() : std::unexpected(url.error());
}

std::unique_ptr<Output> make_otlp_output(const OutputPlace& place, const OutputContext& context) {
    std::random_device random;
    std::array<std::uint32_t, 8> words{};
    std::ranges::generate(words, std::ref(random));
    std::seed_seq seed(words.begin(), words.end());
    std::array<char, 256> host{};
    static_cast<void>(::gethostname(host.data(), host.size() - 1));
    return std::make_unique<OtlpOutput>(OtlpOutput::Parts{.url = place.options.path,
                                                          .settings = context.settings.otlp,
                                                          .host_name = host.data(),
                                                          .rules = &place.rules,
                                                          .buffer = context.buffer,
                                                          .patience = place.patience,
                                                          .seed = random()},
                                        SpanIds(seed));
}

}  // namespace sslsniff
