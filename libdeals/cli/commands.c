/*
 * The table of commands.
 */

#include "cli/cli.h"

const cli_command  cli_commands[] = {
    { "migrate", "", "Brings the database's schema up to date",
      "Runs as the owner ($DEALS_DATABASE_ADMIN), takes a lock, and may be run\n"
      "again at any time: what is done is not done twice. A schema newer than\n"
      "this program is refused. The workers' role (--role, default: deals) is\n"
      "granted what it needs, and no more.\n",
      0, 0, cli_migrate },
    { "demo", "", "Fills an empty database with a demo community",
      "Some 200 deals, 50 members, votes and threads, the same each time but for\n"
      "the start time, to which all dates are relative. A database that already\n"
      "holds members or deals is left alone (exit status 0). Prints a sign-in.\n",
      0, 0, cli_demo },
    { "import", "FILE|-", "Stores deals of elsewhere, one JSON object a line",
      "FILE may be compressed with gzip; - is standard input. Fields: source,\n"
      "source_id, title, url, description, author, merchant, price, list_price\n"
      "({\"amount\":1999,\"currency\":\"USD\"}), created_at, starts_at, expires_at,\n"
      "tags, up, down. (source, source_id) identifies a record: what is stored\n"
      "already stays as it is, so an import can be run again. A record that had to\n"
      "be changed is reported with its line; so is one that is refused, and then\n"
      "the exit status is 1.\n",
      1, 1, cli_import },
    { "verify", "", "Recomputes every counter and rank from the votes",
      "Lists each that differs; exit status 1 if any does. Changes nothing, and\n"
      "may run while the community is in use.\n",
      0, 0, cli_verify },
    { "set", "[NAME [VALUE]]", "Shows or changes a setting",
      "tau and epoch decide how fast deals cool down; changing one computes every\n"
      "rank anew. An interrupted run goes on when the same value is set again.\n",
      0, 2, cli_set },
    { "user add", "NAME", "Makes an account",
      "Asks for the password, or reads it with --password-stdin. --role is member\n"
      "(default), moderator or admin.\n",
      1, 1, cli_user_add },
    { "user passwd", "NAME", "Sets a password; ends the member's sessions", "",
      1, 1, cli_user_passwd },
    { "user list", "", "Lists the accounts: name, role, since", "",
      0, 0, cli_user_list },
    { "user role", "NAME ROLE", "Makes a member, moderator or admin of someone",
      "", 2, 2, cli_user_role },
    { "deal hide", "ID...", "Hides deals from everybody but their authors",
      "Moderators still see them.\n", 1, -1, cli_deal_hide },
    { "deal show", "ID...", "Shows hidden deals again", "", 1, -1,
      cli_deal_show },
    { 0 }
};
