#include "protocols/sql/statement.h"

#include <gtest/gtest.h>

namespace sslsniff::sql {
namespace {

std::string hidden(std::string text) {
    hide_secrets(text);
    return text;
}

TEST(SqlStatement, Operation) {
    EXPECT_EQ(operation_of("select 1"), "SELECT");
    EXPECT_EQ(operation_of("  -- a comment\n /* another */ Insert into t values (1)"), "INSERT");
    EXPECT_EQ(operation_of("WITH a AS (DELETE FROM x RETURNING *), b AS (SELECT 1) UPDATE t SET y = 1"),
              "UPDATE");
    EXPECT_EQ(operation_of("((SELECT 1) UNION (SELECT 2))"), "SELECT");
    EXPECT_EQ(operation_of(""), "");
    EXPECT_EQ(operation_of("'"), "");
}

TEST(SqlStatement, Target) {
    EXPECT_EQ(target_of("SELECT a.b, 'FROM x' FROM shop . orders AS o"), "shop.orders");
    EXPECT_EQ(target_of("select * from (select 1 from \"Users\") x"), "\"Users\"");
    EXPECT_EQ(target_of("INSERT INTO `t` VALUES (1)"), "`t`");
    EXPECT_EQ(target_of("UPDATE ONLY accounts SET x = 1"), "accounts");
    EXPECT_EQ(target_of("CREATE TABLE IF NOT EXISTS a.b (c int)"), "a.b");
    EXPECT_EQ(target_of("COPY t FROM STDIN"), "t");
    EXPECT_EQ(target_of("COPY (SELECT 1) TO STDOUT"), "");
    EXPECT_EQ(target_of("BEGIN"), "");
    EXPECT_EQ(target_of("DELETE FROM t"), "t");
}

TEST(SqlStatement, HidesPasswords) {
    EXPECT_EQ(hidden("CREATE ROLE a LOGIN PASSWORD 'x''y'"), "CREATE ROLE a LOGIN PASSWORD '***'");
    EXPECT_EQ(hidden("SELECT * FROM u WHERE password = 'x' AND id = '7'"),
              "SELECT * FROM u WHERE password = '***' AND id = '7'");
    EXPECT_EQ(hidden("CREATE USER 'a'@'%' IDENTIFIED BY 'x' REQUIRE SUBJECT 'y'"),
              "CREATE USER 'a'@'%' IDENTIFIED BY '***' REQUIRE SUBJECT 'y'");
    EXPECT_EQ(hidden("ALTER USER a IDENTIFIED WITH mysql_native_password AS '*AB'"),
              "ALTER USER a IDENTIFIED WITH mysql_native_password AS '***'");
    EXPECT_EQ(hidden("SET PASSWORD FOR 'bob'@'%' = PASSWORD('x')"),
              "SET PASSWORD FOR 'bob'@'%' = PASSWORD('***')");
    EXPECT_EQ(hidden("CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='x'"),
              "CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='***'");
    EXPECT_EQ(hidden("CREATE SUBSCRIPTION s CONNECTION 'host=a password=x dbname=d' PUBLICATION p"),
              "CREATE SUBSCRIPTION s CONNECTION 'host=a password=*** dbname=d' PUBLICATION p");
    EXPECT_EQ(hidden("SELECT dblink('postgresql://bob:x@db/shop', 'SELECT 1')"),
              "SELECT dblink('postgresql://bob:***@db/shop', 'SELECT 1')");
    EXPECT_EQ(hidden("ALTER USER a PASSWORD $$x$$"), "ALTER USER a PASSWORD $$***$$");
    EXPECT_EQ(hidden("ALTER USER a PASSWORD 'cut"), "ALTER USER a PASSWORD '***");
    EXPECT_EQ(hidden("SELECT 'a passage' FROM t WHERE x = $1"), "SELECT 'a passage' FROM t WHERE x = $1");
}

}  // namespace
}  // namespace sslsniff::sql
