/*
 * The table of commands.
 */

#include "cli/cli.h"

const cli_command  cli_commands[] = {
    { "migrate", "", "Brings the database's schema up to date",
      "Runs as the owner of the database, takes a lock, and may be run again\n"
      "at any time: what is done is not done twice. A schema newer than this\n"
      "program is refused. The workers' role is granted what it needs, and no\n"
      "more.\n",
      "aR", 0, 0, cli_migrate },
    { "demo", "", "Fills an empty database with a demo community",
      "Some 200 deals, 50 members, votes and threads, the same each time but\n"
      "for the start time, to which all dates are relative. A database that\n"
      "holds members or deals already is left alone (exit status 0). Prints a\n"
      "sign-in.\n",
      "dr", 0, 0, cli_demo },
    { "import", "FILE|-", "Stores deals of elsewhere, one JSON object a line",
      "FILE may be compressed with gzip; - is standard input. A record:\n"
      "\n"
      "  source, source_id    name the record; required, as are title and\n"
      "                       created_at\n"
      "  title                3 to 300 characters\n"
      "  url, description     an address; Markdown\n"
      "  author, merchant     names to show\n"
      "  price, list_price    {\"amount\":1999,\"currency\":\"USD\"}\n"
      "  created_at, starts_at, expires_at   as in 2026-01-31T12:00:00Z\n"
      "  tags                 [\"...\"]\n"
      "  up, down             votes cast there\n"
      "\n"
      "What is stored stays as it is, so an import can be run again, and goes\n"
      "on where it was interrupted. A record that had to be changed is reported\n"
      "with its line; so is one that is refused, and then the exit status is 1.\n",
      "dr", 1, 1, cli_import },
    { "verify", "", "Recomputes every counter and rank from the votes",
      "Lists each that differs; exit status 1 if any does. Changes nothing,\n"
      "and may run while the community is in use.\n",
      "dr", 0, 0, cli_verify },
    { "set", "[NAME [VALUE]]", "Shows or changes settings",
      "tau and epoch decide how fast deals cool down; changing one computes\n"
      "every rank anew. If that was interrupted, set the same value again: it\n"
      "goes on.\n",
      "dr", 0, 2, cli_set },
    { "user add", "NAME", "Makes an account",
      "NAME has 3 to 20 letters, digits, - and _.\n",
      "drRpb", 1, 1, cli_user_add },
    { "user passwd", "NAME", "Sets a password, ends the member's sessions", "",
      "drpb", 1, 1, cli_user_passwd },
    { "user reset", "NAME", "Makes a code that sets a new password, once",
      "Prints the code, and where to use it if DEALS_URL says where the site is.\n"
      "It is good for an hour; a code made before is not any more. Using it ends\n"
      "all of the member's sessions. Whoever has it can take the account over:\n"
      "hand it to its owner only.\n",
      "dr", 1, 1, cli_user_reset },
    { "user token", "NAME", "Makes an access token for a program of a member's",
      "Prints it; it is not shown again. It does what its scopes say, in the\n"
      "member's name, until it ends, is revoked, or the password is changed:\n"
      "\n"
      "  read    see what the member sees\n"
      "  vote    on deals and comments\n"
      "  write   post, change and delete the member's own deals and comments\n",
      "drlsn", 1, 1, cli_user_token },
    { "user tokens", "NAME", "Lists a member's access tokens",
      "A line each: id, scopes, end, when it was last used, label.\n",
      "dr", 1, 1, cli_user_tokens },
    { "user revoke", "NAME ID", "Ends an access token, by its id", "",
      "dr", 2, 2, cli_user_revoke },
    { "user list", "", "Lists the accounts: name, role, since when", "",
      "dr", 0, 0, cli_user_list },
    { "user role", "NAME ROLE", "Makes a member, moderator or admin of someone",
      "", "dr", 2, 2, cli_user_role },
    { "deal hide", "ID...", "Hides deals from everybody but their authors",
      "Moderators see them too.\n", "dr", 1, -1, cli_deal_hide },
    { "deal show", "ID...", "Shows hidden deals again", "", "dr", 1, -1,
      cli_deal_show },
    { 0 }
};
