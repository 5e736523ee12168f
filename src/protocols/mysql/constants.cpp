#include "protocols/mysql/constants.h"

#include "model/names.h"

namespace sslsniff::mysql {
namespace {

constexpr Names<Command, 26> kCommandNames{{
    {Command::quit, "COM_QUIT"},
    {Command::init_db, "COM_INIT_DB"},
    {Command::query, "COM_QUERY"},
    {Command::field_list, "COM_FIELD_LIST"},
    {Command::create_db, "COM_CREATE_DB"},
    {Command::drop_db, "COM_DROP_DB"},
    {Command::refresh, "COM_REFRESH"},
    {Command::shutdown, "COM_SHUTDOWN"},
    {Command::statistics, "COM_STATISTICS"},
    {Command::process_info, "COM_PROCESS_INFO"},
    {Command::process_kill, "COM_PROCESS_KILL"},
    {Command::debug, "COM_DEBUG"},
    {Command::ping, "COM_PING"},
    {Command::change_user, "COM_CHANGE_USER"},
    {Command::binlog_dump, "COM_BINLOG_DUMP"},
    {Command::register_slave, "COM_REGISTER_SLAVE"},
    {Command::stmt_prepare, "COM_STMT_PREPARE"},
    {Command::stmt_execute, "COM_STMT_EXECUTE"},
    {Command::stmt_send_long_data, "COM_STMT_SEND_LONG_DATA"},
    {Command::stmt_close, "COM_STMT_CLOSE"},
    {Command::stmt_reset, "COM_STMT_RESET"},
    {Command::set_option, "COM_SET_OPTION"},
    {Command::stmt_fetch, "COM_STMT_FETCH"},
    {Command::binlog_dump_gtid, "COM_BINLOG_DUMP_GTID"},
    {Command::reset_connection, "COM_RESET_CONNECTION"},
    {Command::stmt_bulk_execute, "COM_STMT_BULK_EXECUTE"},
}};

}  // namespace

std::string_view command_name(Command command) {
    const std::string_view name = name_of(kCommandNames, command);
    return name == "?" ? std::string_view() : name;
}

}  // namespace sslsniff::mysql
