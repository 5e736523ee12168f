#include "capture/pcap/fragments.h"

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxPacketSize = 65'535;
constexpr std::size_t kMaxPartials = 4096;

void append_address(std::string& out, const IpAddress& address) {
    out.append(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size());
}

}  // namespace

std::optional<IpPacket> FragmentTable::add(const IpPacket& fragment) {
    const std::string key = key_of(fragment);
    const auto [found, added] = partials_.try_emplace(key);
    Partial& partial = found->second;
    if (added) {
        partial.serial = ++serial_;
        order_.emplace_back(key, partial.serial);
    }
    const std::size_t before = partial.cost();
    const bool sound = insert(partial, fragment);
    held_ += partial.cost() - before;
    if (!sound) {
        forget(found);
        return std::nullopt;
    }
    if (!is_whole(partial)) {
        make_room();
        return std::nullopt;
    }
    whole_.clear();
    for (const auto& [offset, piece] : partial.pieces) {
        whole_ += piece;
    }
    IpPacket packet = fragment;
    packet.protocol = partial.protocol;
    packet.payload = whole_;
    packet.length = whole_.size();
    packet.fragment.reset();
    forget(found);
    return packet;
}

std::string FragmentTable::key_of(const IpPacket& fragment) {
    std::string key;
    append_address(key, fragment.source);
    append_address(key, fragment.destination);
    append_be(key, fragment.domain);
    append_be(key, fragment.fragment->identification);
    key += static_cast<char>(fragment.source.family == IpAddress::Family::v4 ? fragment.protocol : 0);
    return key;
}

/// False when the fragment contradicts those before, or was cut by the capture.
bool FragmentTable::insert(Partial& partial, const IpPacket& fragment) {
    const std::size_t begin = fragment.fragment->offset;
    const std::size_t end = begin + fragment.length;
    if (fragment.payload.size() != fragment.length || end > kMaxPacketSize || fragment.length == 0) {
        return false;
    }
    const auto next = partial.pieces.lower_bound(begin);
    if (next != partial.pieces.end() && next->first == begin && next->second == fragment.payload) {
        return true;  // the same one again
    }
    const bool overlaps_next = next != partial.pieces.end() && next->first < end;
    const bool overlaps_previous =
        next != partial.pieces.begin() && std::prev(next)->first + std::prev(next)->second.size() > begin;
    const bool beyond_end = partial.length && end > *partial.length;
    if (overlaps_next || overlaps_previous || beyond_end) {
        return false;
    }
    if (!fragment.fragment->more) {
        if (partial.length || next != partial.pieces.end()) {
            return false;
        }
        partial.length = end;
    }
    if (begin == 0) {
        partial.protocol = fragment.protocol;
    }
    partial.held += fragment.length;
    partial.pieces.emplace_hint(next, begin, fragment.payload);
    return true;
}

bool FragmentTable::is_whole(const Partial& partial) {
    // Without overlaps, as many bytes as the packet has are the packet.
    return partial.length && partial.held == *partial.length;
}

void FragmentTable::forget(Partials::iterator which) {
    held_ -= which->second.cost();
    partials_.erase(which);
}

void FragmentTable::make_room() {
    while (!order_.empty() && (held_ > kMaxHeld || order_.size() > kMaxPartials)) {
        const auto found = partials_.find(order_.front().first);
        if (found != partials_.end() && found->second.serial == order_.front().second) {
            forget(found);
        }
        order_.pop_front();
    }
}

}  // namespace sslsniff
