#pragma once

#include <cstdint>
#include <string_view>

/// Numbers of MySQL's client/server protocol 4.1 and later
/// (https://dev.mysql.com/doc/dev/mysql-server/8.4.4/PAGE_PROTOCOL.html), and of what MariaDB adds
/// (https://mariadb.com/kb/en/clientserver-protocol/).
namespace sslsniff::mysql {

// Capabilities (include/mysql_com.h).
inline constexpr std::uint32_t kClientMysql = 1U << 0U;  ///< CLIENT_LONG_PASSWORD; not set by both: MariaDB
inline constexpr std::uint32_t kConnectWithDb = 1U << 3U;
inline constexpr std::uint32_t kCompress = 1U << 5U;
inline constexpr std::uint32_t kProtocol41 = 1U << 9U;
inline constexpr std::uint32_t kSsl = 1U << 11U;
inline constexpr std::uint32_t kSecureConnection = 1U << 15U;
inline constexpr std::uint32_t kPluginAuth = 1U << 19U;
inline constexpr std::uint32_t kConnectAttributes = 1U << 20U;
inline constexpr std::uint32_t kLengthCodedAuth = 1U << 21U;
inline constexpr std::uint32_t kSessionTrack = 1U << 23U;
inline constexpr std::uint32_t kDeprecateEof = 1U << 24U;
inline constexpr std::uint32_t kOptionalMetadata = 1U << 25U;
inline constexpr std::uint32_t kZstd = 1U << 26U;
inline constexpr std::uint32_t kQueryAttributes = 1U << 27U;

// Status flags of OK and EOF (SERVER_STATUS_...).
inline constexpr std::uint16_t kInTransaction = 0x0001;
inline constexpr std::uint16_t kMoreResults = 0x0008;
inline constexpr std::uint16_t kCursorExists = 0x0040;
inline constexpr std::uint16_t kLastRowSent = 0x0080;
inline constexpr std::uint16_t kSessionStateChanged = 0x4000;

/// First byte of a client's packet number 0.
enum class Command : std::uint8_t {
    quit = 0x01,
    init_db = 0x02,
    query = 0x03,
    field_list = 0x04,
    create_db = 0x05,
    drop_db = 0x06,
    refresh = 0x07,
    shutdown = 0x08,
    statistics = 0x09,
    process_info = 0x0A,
    process_kill = 0x0C,
    debug = 0x0D,
    ping = 0x0E,
    change_user = 0x11,
    binlog_dump = 0x12,
    register_slave = 0x15,
    stmt_prepare = 0x16,
    stmt_execute = 0x17,
    stmt_send_long_data = 0x18,
    stmt_close = 0x19,
    stmt_reset = 0x1A,
    set_option = 0x1B,
    stmt_fetch = 0x1C,
    binlog_dump_gtid = 0x1E,
    reset_connection = 0x1F,
    stmt_bulk_execute = 0xFA,  ///< MariaDB
};
/// "COM_QUERY"; empty for what is no command.
std::string_view command_name(Command command);

// First bytes of a server's packets.
inline constexpr std::uint8_t kOk = 0x00;
inline constexpr std::uint8_t kMoreAuthData = 0x01;
inline constexpr std::uint8_t kLocalInfile = 0xFB;
inline constexpr std::uint8_t kEof = 0xFE;  ///< also of AuthSwitchRequest
inline constexpr std::uint8_t kErr = 0xFF;

inline constexpr std::size_t kHeader = 4;
inline constexpr std::uint32_t kMostInPacket = 0xFFFFFF;  ///< then the payload goes on in another packet

}  // namespace sslsniff::mysql
