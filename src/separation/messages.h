#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "capture/event_source.h"
#include "capture/kernel/kernel_side.h"
#include "engine/live_session.h"
#include "output/files/file_rules.h"

namespace sslsniff::separation {

// What the two processes of a capture say to each other: the reader asks, the attacher answers and tells
// news. A request names its answer; those without one are not answered. Descriptors go beside a message,
// where a comment says so.

/// What became of a request.
struct Outcome {
    bool done = true;
    ErrorKind kind = ErrorKind::system;
    std::string message;

    static Outcome of(const Result<void>& result) {
        return result ? Outcome() : Outcome{false, result.error().kind, result.error().message};
    }
    Result<void> result() const { return done ? Result<void>() : fail(kind, message); }
};

struct Started {
    Outcome outcome;
    std::uint64_t ring_bytes = 0;
    bool has_cleartext = false;
    bool has_ciphertext = false;
};
struct Truth {
    bool value = false;
};
struct KernelEnds {
    std::optional<StreamEnds> ends;
};
struct Maps {
    std::vector<MapUse> maps;
};
struct Names {
    std::vector<std::string> names;
};
struct File {
    Outcome outcome;
    FileIdentity identity;
};
struct FolderFile {
    std::int32_t error = 0;  ///< errno; 0: done
};

namespace ask {

// Before the reader gives up its rights.

/// Attaches. The ring's descriptor comes with the answer.
struct Start {
    using Answer = Started;
    std::optional<std::int32_t> command;  ///< the held child
};
struct GrantRow {
    OutputRow row;
};
/// The folder's descriptor comes with it.
struct GrantFolder {};
struct GrantClaim {
    FileIdentity file;
    std::string user;
};
struct GrantNewFiles {};
/// Of the folder whose descriptor comes with it: it is removed when the attacher ends.
struct RemoveAtEnd {
    std::string name;
};
/// From here on nothing is granted, and the reader is not trusted.
struct Seal {
    using Answer = Outcome;
};

// KernelSide

struct CatchUp {
    using Answer = Truth;
};
struct AttachWanted {
    std::string record;
};
struct TakeEnds {
    using Answer = KernelEnds;
    ConnectionId id;
    std::uint64_t generation = 0;
};
struct HasConnection {
    using Answer = Truth;
    ConnectionId id;
    std::uint64_t generation = 0;
};
struct MarkBound {
    std::uint64_t generation = 0;
    std::uint64_t socket_cookie = 0;
};
struct ReleaseSocket {
    std::uint64_t socket_cookie = 0;
};
struct LeaveSocket {
    std::uint64_t socket_cookie = 0;
};
struct DescribeProcess {
    using Answer = ProcessInfo;
    ProcessInfo process;
};
struct ShowsSocketsByPayload {
    using Answer = Truth;
    std::uint32_t pid = 0;
};
struct DescribeUncovered {
    using Answer = UncoveredTls;
    std::uint32_t pid = 0;
};

// LiveSession

struct Running {
    using Answer = Names;
};
struct Stop {
    using Answer = Outcome;
};
/// Attaches again, behind Stop.
struct Restart {
    using Answer = Started;
};
struct CountMaps {
    using Answer = Maps;
};
/// To the command that the capture has started.
struct SignalCommand {
    std::int32_t signal = 0;
};

// FileService. A file's descriptor comes with the answer.

struct OpenFile {
    using Answer = File;
    std::uint32_t row = 0;
    std::string name;
};
struct HasFile {
    using Answer = Truth;
    std::uint32_t row = 0;
    std::string name;
    FileIdentity identity;
};
struct ReleaseFile {
    FileIdentity identity;
};
struct CreateAnew {
    using Answer = File;
    std::string path;
};
struct InFolder {
    using Answer = FolderFile;
    enum class What : std::uint8_t { create, append_to, read, remove };
    What what = What::create;
    std::uint32_t folder = 0;
    std::string name;
};
struct RenameInFolder {
    using Answer = FolderFile;
    std::uint32_t folder = 0;
    std::string from;
    std::string to;
};

}  // namespace ask

using Request =
    std::variant<ask::Start, ask::GrantRow, ask::GrantFolder, ask::GrantClaim, ask::GrantNewFiles,
                 ask::RemoveAtEnd, ask::Seal, ask::CatchUp, ask::AttachWanted, ask::TakeEnds,
                 ask::HasConnection, ask::MarkBound, ask::ReleaseSocket, ask::LeaveSocket,
                 ask::DescribeProcess, ask::ShowsSocketsByPayload, ask::DescribeUncovered, ask::Running,
                 ask::Stop, ask::Restart, ask::CountMaps, ask::SignalCommand, ask::OpenFile, ask::HasFile,
                 ask::ReleaseFile, ask::CreateAnew, ask::InFolder, ask::RenameInFolder>;

/// All that was lost so far.
struct Losses {
    std::vector<KernelLoss> losses;
};
struct Remark {
    std::string text;
};
using News = std::variant<LibraryNamed, SocketProbesAttached, Losses, AttacherUse, CapturedLibrary, Remark>;

/// What an attacher sends.
using Answer = std::variant<Started, Truth, KernelEnds, Names, Maps, File, FolderFile, Outcome, ProcessInfo,
                            UncoveredTls>;
using Reply = std::variant<Answer, News>;

/// Longest message; a longer one is not sent.
inline constexpr std::size_t kLongestMessage = 64U * 1024U;

Bytes encode(Request request);
Bytes encode(Reply reply);
/// Nothing when it is no such message. Hostile input costs no more than its length.
std::optional<Request> decode_request(ByteView message);
std::optional<Reply> decode_reply(ByteView message);

}  // namespace sslsniff::separation
