#include "separation/messages.h"

#include <chrono>
#include <tuple>

#include "separation/wire.h"

namespace sslsniff::separation {
namespace {

/// The members of each type, in the order in which they are sent.
auto members(ConnectionId& v) {
    return std::tie(v.pid, v.start_time, v.handle, v.generation);
}
auto members(ProcessKey& v) {
    return std::tie(v.pid, v.start_time);
}
auto members(ContainerNames& v) {
    return std::tie(v.runtime, v.name, v.image, v.pod, v.pod_namespace);
}
auto members(ProcessInfo& v) {
    return std::tie(v.key, v.comm, v.exe, v.uid, v.container_id, v.container);
}
auto members(FileIdentity& v) {
    return std::tie(v.device, v.inode, v.name);
}
auto members(OutputRow& v) {
    return std::tie(v.path, v.user, v.append);
}
auto members(StreamEnds& v) {
    return std::tie(v.position[0], v.position[1], v.missing[0], v.missing[1]);
}
auto members(UncoveredTls& v) {
    return std::tie(v.library, v.reason);
}
auto members(KernelLoss& v) {
    return std::tie(v.cause, v.events, v.bytes);
}
auto members(CapturedLibrary& v) {
    return std::tie(v.name, v.place);
}
auto members(LibraryNamed& v) {
    return std::tie(v.number, v.name);
}
auto members(SocketProbesAttached& v) {
    return std::tie(v.pid, v.time);
}
auto members(Losses& v) {
    return std::tie(v.losses);
}
auto members(AttacherUse& v) {
    return std::tie(v.cpu_nanoseconds, v.resident_bytes);
}
auto members(Remark& v) {
    return std::tie(v.text);
}
auto members(Outcome& v) {
    return std::tie(v.done, v.kind, v.message);
}
auto members(Started& v) {
    return std::tie(v.outcome, v.ring_bytes, v.has_cleartext, v.has_ciphertext);
}
auto members(Truth& v) {
    return std::tie(v.value);
}
auto members(KernelEnds& v) {
    return std::tie(v.ends);
}
auto members(MapUse& v) {
    return std::tie(v.name, v.used, v.size);
}
auto members(Maps& v) {
    return std::tie(v.maps);
}
auto members(Names& v) {
    return std::tie(v.names);
}
auto members(File& v) {
    return std::tie(v.outcome, v.identity);
}
auto members(FolderFile& v) {
    return std::tie(v.error);
}
auto members(ask::Start& v) {
    return std::tie(v.command);
}
auto members(ask::GrantRow& v) {
    return std::tie(v.row);
}
auto members(ask::GrantFolder& /*v*/) {
    return std::tie();
}
auto members(ask::GrantClaim& v) {
    return std::tie(v.file, v.user);
}
auto members(ask::GrantNewFiles& /*v*/) {
    return std::tie();
}
auto members(ask::RemoveAtEnd& v) {
    return std::tie(v.name);
}
auto members(ask::Seal& /*v*/) {
    return std::tie();
}
auto members(ask::CatchUp& /*v*/) {
    return std::tie();
}
auto members(ask::AttachWanted& v) {
    return std::tie(v.record);
}
auto members(ask::TakeEnds& v) {
    return std::tie(v.id, v.generation);
}
auto members(ask::HasConnection& v) {
    return std::tie(v.id, v.generation);
}
auto members(ask::MarkBound& v) {
    return std::tie(v.generation, v.socket_cookie);
}
auto members(ask::ReleaseSocket& v) {
    return std::tie(v.socket_cookie);
}
auto members(ask::LeaveSocket& v) {
    return std::tie(v.socket_cookie);
}
auto members(ask::DescribeProcess& v) {
    return std::tie(v.process);
}
auto members(ask::ShowsSocketsByPayload& v) {
    return std::tie(v.pid);
}
auto members(ask::DescribeUncovered& v) {
    return std::tie(v.pid);
}
auto members(ask::Running& /*v*/) {
    return std::tie();
}
auto members(ask::Stop& /*v*/) {
    return std::tie();
}
auto members(ask::Restart& /*v*/) {
    return std::tie();
}
auto members(ask::CountMaps& /*v*/) {
    return std::tie();
}
auto members(ask::SignalCommand& v) {
    return std::tie(v.signal);
}
auto members(ask::OpenFile& v) {
    return std::tie(v.row, v.name);
}
auto members(ask::HasFile& v) {
    return std::tie(v.row, v.name, v.identity);
}
auto members(ask::ReleaseFile& v) {
    return std::tie(v.identity);
}
auto members(ask::CreateAnew& v) {
    return std::tie(v.path);
}
auto members(ask::InFolder& v) {
    return std::tie(v.what, v.folder, v.name);
}
auto members(ask::RenameInFolder& v) {
    return std::tie(v.folder, v.from, v.to);
}

/// The alternative with this number.
template <class Variant, std::size_t I = 0>
bool choose(std::size_t number, Variant& value) {
    if constexpr (I < std::variant_size_v<Variant>) {
        if (number == I) {
            value.template emplace<I>();
            return true;
        }
        return choose<Variant, I + 1>(number, value);
    } else {
        return false;
    }
}

}  // namespace

template <class Archive, class T>
    requires requires(T& value) { members(value); }
void archive(Archive& archive, T& value) {
    std::apply([&archive](auto&... parts) { archive(parts...); }, members(value));
}

template <class Archive>
void archive(Archive& archive, Timestamp& time) {
    std::int64_t nanoseconds = time.time_since_epoch().count();
    archive(nanoseconds);
    time = Timestamp(Duration(nanoseconds));
}

template <class Archive, class... Ts>
void archive(Archive& a, std::variant<Ts...>& value) {
    auto number = static_cast<std::uint8_t>(value.index());
    a(number);
    if constexpr (Archive::kReads) {
        if (!choose(number, value)) {
            a.fail();
            return;
        }
    }
    std::visit([&a](auto& chosen) { a(chosen); }, value);
}

namespace {

template <class T>
Bytes encode_any(T& value) {
    WireWriter writer;
    writer(value);
    return writer.take();
}

template <class T>
std::optional<T> decode_any(ByteView message) {
    T value;
    return WireReader(message).read(value) ? std::optional(std::move(value)) : std::nullopt;
}

}  // namespace

Bytes encode(Request request) {
    return encode_any(request);
}

Bytes encode(Reply reply) {
    return encode_any(reply);
}

std::optional<Request> decode_request(ByteView message) {
    return decode_any<Request>(message);
}

std::optional<Reply> decode_reply(ByteView message) {
    return decode_any<Reply>(message);
}

}  // namespace sslsniff::separation
