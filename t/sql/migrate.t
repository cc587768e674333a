# deals migrate: twice, by several at once, on a schema that is newer, after a
# failure; and what the workers' role may and may not do.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;

use Deals::Test;

my $t = Deals::Test->new(database => 'empty', redis => 0);
my @files = bsd_glob($t->root . '/sql/migrations/*.sql');
my $latest = @files;
my $versions = 'SELECT version, name FROM schema_version ORDER BY 1';

# Several at once on an empty database: each ends well, and each migration was
# done once.
my @pids;
for my $i (1 .. 4) {
    my $pid = fork // die;
    if (!$pid) {
        $ENV{DEALS_DATABASE_ADMIN} = $t->database_admin;
        open(STDOUT, '>', $t->dir . "/migrate.$i");
        open(STDERR, '>&', \*STDOUT);
        exec("$t->{build}/deals", 'migrate') or POSIX::_exit(127);
    }
    push @pids, $pid;
}
for my $i (1 .. 4) {
    waitpid $pids[ $i - 1 ], 0;
    is $?, 0, "concurrent run $i" or diag do {
        local (@ARGV, $/) = $t->dir . "/migrate.$i"; <> };
}
is_deeply [ $t->sql($versions) ],
    [ map { m{/(\d+)_(\w+)\.sql\z}; $1 + 0 . "|$2" } @files ],
    'every migration once';

my $dump = sub {
    my $r = $t->command([ 'pg_dump', '--schema-only', $t->database_admin ]);
    is $r->{code}, 0, 'dumped' or diag $r->{err};
    return $r->{out} =~ s/^\\(?:un)?restrict .*\n//mgr;
};
my $schema = $dump->();
is $t->deals('migrate')->{code}, 0, 'again';
is $dump->(), $schema, 'changes nothing';

# A newer one is left alone.
$t->sql("INSERT INTO schema_version (version, name) VALUES (999, 'future')");
my $r = $t->deals('migrate');
isnt $r->{code}, 0, 'a newer schema is refused';
like $r->{err}, qr/version 999, newer than the $latest of this/, 'and why';
$t->sql('DELETE FROM schema_version WHERE version = 999');

# One that can't be done: what was done before it stays, it leaves nothing.
$t->sql("DROP FUNCTION deals_deal_import; DROP TABLE import_keys");
$t->sql('DROP TABLE user_networks, password_resets, user_factors,'
    . ' user_recovery_codes, user_tickets;'
    . ' ALTER TABLE sessions DROP COLUMN label, DROP COLUMN scopes');
$t->sql("DROP INDEX deal_stats_start; DROP TABLE creations");
$t->sql('DROP FUNCTION deals_vote_alone, deals_comment_vote_alone');
$t->sql("DELETE FROM schema_version WHERE version >= 6");
$t->sql('CREATE FUNCTION deals_deal_import(' . ("int8, text, text, text, text,"
    . " text, text, text, int4, text, text, int8, text, int8, text, text[],"
    . " timestamptz, timestamptz, timestamptz, int4, int4")
    . ") RETURNS text LANGUAGE sql AS 'SELECT NULL'");
$r = $t->deals('migrate');
isnt $r->{code}, 0, 'a migration that fails';
like $r->{err}, qr/migration 0006_import, command 2: .*already exists/,
    'is named';
is $t->sql("SELECT to_regclass('import_keys')") // '', '',
    'and leaves nothing of itself';
is $t->sql('SELECT max(version) FROM schema_version'), 5, 'the others stay';
$t->sql('DROP FUNCTION deals_deal_import');
is $t->deals('migrate')->{code}, 0, 'mended, it goes on';
is $t->sql('SELECT max(version) FROM schema_version'), $latest, 'to the end';

# The workers' role.
my $as_worker = sub {
    my ($sql) = @_;
    return eval { $t->sql_as($t->database, $sql); 1 } ? '' : $@;
};
is $as_worker->("INSERT INTO merchants VALUES ('a', 'A')"), '', 'it inserts';
is $as_worker->("UPDATE merchants SET name = 'B'"), '', 'updates';
is $as_worker->('SELECT max(version) FROM schema_version'), '', 'reads';
is $as_worker->("SELECT * FROM deals_vote('{1}', '{1}', '{1}', '{now}')"), '',
    'calls';
is $as_worker->('DELETE FROM merchants'), '', 'and deletes';
for my $ddl ('CREATE TABLE x (i int4)', 'CREATE TEMP TABLE x (i int4)',
             'ALTER TABLE deals ADD x int4', 'DROP TABLE votes',
             'CREATE INDEX ON deals (title)', 'TRUNCATE votes',
             'CREATE FUNCTION f() RETURNS int4 LANGUAGE sql AS \'SELECT 1\'',
             'CREATE OR REPLACE FUNCTION deals_day(p_time timestamptz)'
                 . ' RETURNS int4 LANGUAGE sql AS \'SELECT 1\'',
             'CREATE SCHEMA x', 'CREATE TRIGGER x BEFORE INSERT ON votes'
                 . ' EXECUTE FUNCTION f()',
             "INSERT INTO schema_version (version, name) VALUES (7, 'x')",
             'DELETE FROM schema_version')
{
    like $as_worker->($ddl), qr/permission denied|must be owner/, $ddl;
}
# What a later migration makes is the role's at once: workers of before and
# after run side by side.
$t->sql('CREATE TABLE later (i int4)');
is $as_worker->('INSERT INTO later VALUES (1)'), '', 'a later table too';

# No database behind it.
$r = $t->deals('migrate', { env => { DEALS_DATABASE_ADMIN =>
                                     'host=/nowhere dbname=x' } });
isnt $r->{code}, 0, 'no server';
like $r->{err}, qr/\S/, 'says something';

my $latin = $t->database_admin =~ s/dbname=\S+/dbname=latin/r;
SKIP: {
    my $made = eval { $t->sql("CREATE DATABASE latin ENCODING 'SQL_ASCII'"
                              . " TEMPLATE template0 LC_COLLATE 'C'"
                              . " LC_CTYPE 'C'"); 1 };
    skip 'the owner makes no databases', 2 if !$made || $latin !~ /latin/;
    $r = $t->deals('migrate', { env => { DEALS_DATABASE_ADMIN => $latin } });
    isnt $r->{code}, 0, 'another encoding is refused';
    like $r->{err}, qr/SQL_ASCII/, 'and named';
}

$t->finish;
