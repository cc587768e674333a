#!/usr/bin/perl

# Backends that are away, slow, or come back: the right answer at once, other
# sites untouched, and service resumed without help.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Lock;

my $t = Deals::Test->new;
$t->stop_postgresql;
$t->stop_redis;
$t->nginx(<<'CONF');
%%UNLIMITED%%
deals_connect_timeout 2s;
deals_query_timeout 1s;
log_format times '$request_uri $status $deals_route $deals_status '
                 '$deals_db_time $deals_render_time';
access_log %%DIR%%/times.log times;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /other/ { return 200 "other\n"; }
}
server {
    listen 127.0.0.1:%%PORT:empty%%;
    deals_database "host=%%DIR%%/sockets port=5432 dbname=postgres user=deals password=worker-secret";
    deals_redis off;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:patient%%;
    deals_query_timeout 15s;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:queue%%;
    deals_pool_size 1;
    deals_queue_size 2;
    location / { deals; }
}
CONF

sub away {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $began = time;
    my $r = $t->get('/new');
    is $r->status, 503, "$what: a page";
    like $r->header('Content-Type'), qr{^text/html}, '  is one';
    like $r->body, qr{<h1>[^<]+</h1>.*</html>}s, '  a decent one';
    like $r->header('Retry-After'), qr/^[1-9]\d*$/, '  says when to try again';
    is $r->header('Cache-Control'), 'no-store', '  and is not kept';
    # Far before a client gives up.
    ok time - $began < 10, '  and comes soon';
    $r = $t->get('/api/v1/deals');
    is $r->status, 503, "$what: the API";
    is $r->header('Content-Type'), 'application/problem+json', '  by a problem';
    like $r->header('Retry-After'), qr/^[1-9]\d*$/, '  says when to try again';
    is $t->post('/login', form => { name => 'ann', password => 'x' })->status,
        503, "$what: a form";
    is $t->get('/other/')->body, "other\n", "$what: the rest of nginx";
    is $t->get('/static/x/style.css')->status, 200, "$what: files";
    is $t->get('/api/v1/openapi.json')->status, 200, "$what: the description";
    is $t->get('/nothing')->status, 404, "$what: nothing there";
}

sub back {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $began = time;
    ok $t->wait_until(sub { $t->get('/new')->status == 200 }, 12),
        "$what: it is there again";
    diag sprintf '%s: after %.1f s', $what, time - $began if $ENV{TEST_VERBOSE};
}

# --- never there -----------------------------------------------------------------

away('started without a database');
$t->start_postgresql;
back('the database comes');
my $ann = $t->member('ann');
ok $ann->{cookie}{deals}, 'signed up without Redis';
is $t->post('/login', form => { name => 'ann', password =>
    'password of ann' })->status, 303, 'signed in without Redis';
$t->start_redis;
is $t->post('/login', form => { name => 'ann', password =>
    'password of ann' })->status, 303, 'signed in with Redis';

# --- it goes, and comes ------------------------------------------------------------

my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
$t->stop_postgresql;
away('the database was stopped');
my $r = $ann->post("/deals/$id/-/vote", form => { value => 1 });
is $r->status, 503, 'a vote';
$r = $ann->get('/nothing');
is $r->status, 404, 'a member\'s wrong address';
$t->start_postgresql;
back('the database is started again');
is $ann->get('/api/v1/me')->status, 200, 'members are still signed in';

$t->signal('KILL', 'postgres');
$t->wait_until(sub { $t->get('/new')->status == 503 });
$t->stop_postgresql;
away('the database was killed');
$t->start_postgresql;
back('it recovers');

# Connections that are cut between two requests: a read is tried again, once, so
# all have ended when it comes. They are older than a second: a server that lets
# nobody stay counts as away.
for (1 .. 3) {
    sleep 2;
    $t->sql_as($t->database, "SELECT pg_terminate_backend(pid, 10000)
        FROM pg_stat_activity WHERE usename = 'deals'
        AND pid <> pg_backend_pid()");
    is $t->get('/new')->status, 200, 'a cut connection is not seen';
}

# --- slow -----------------------------------------------------------------------------

my $lock = Deals::Test::Lock->new($t, 'deals');
my $began = time;
$r = $t->get('/new');
my $took = time - $began;
is $r->status, 503, 'a statement that waits too long';
# As this server says: the default is five seconds.
ok $took > 0.8 && $took < 4.5, "  is given up in time ($took s)";
like $r->header('Retry-After'), qr/^[1-9]/, '  says when to try again';
is $t->get('/other/')->status, 200, '  and nothing else waits';

# Clients that go away while it waits.
for (1 .. 5) {
    my $s = $t->connect;
    print {$s} "GET /new HTTP/1.1\r\nHost: x\r\n\r\n";
    $s->flush;
    $t->wait_until(sub { $lock->waiting });
    close $s;
}
$lock->free;
back('the lock is gone');
like $t->log, qr/client prematurely closed connection/,
    'clients that went away were noticed';

# A short wait is no error.
$lock = Deals::Test::Lock->new($t, 'deals');
$lock->free_after(0.5);
is $t->client(port => $t->port('patient'))->get('/new')->status, 200,
    'a short wait';
$lock->free;

# --- stopped in its tracks ------------------------------------------------------------

my $postgres = $t->signal('CONT', 'postgres');
my @all = ($postgres, map { $_->[0] } $t->{servers}->processes('postgres'));
kill 'STOP', @all;
$began = time;
$r = $t->get('/new');
is $r->status, 503, 'a database that does not move';
ok time - $began < 10, '  is given up in time';
kill 'CONT', @all;
back('it moves again');

# --- too many at once ---------------------------------------------------------------------

my $q = $t->client(port => $t->port('queue'));
is $q->get('/new')->status, 200, 'a short queue';
$lock = Deals::Test::Lock->new($t, 'deals');
$lock->free_after(0.7);
my @waiting;
for (1 .. 400) {
    my $s = $q->connect;
    print {$s} "GET /new HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    $s->flush;
    push @waiting, $s;
}
my %status;
for my $s (@waiting) {
    local $/;
    $status{ (<$s> // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0 }++;
}
$lock->free;
is_deeply [grep { !/^(?:200|503)$/ } keys %status], [],
    'each was answered: ' . join ', ', map { "$status{$_} x $_" } sort keys %status;
back('after the rush');

# --- not our schema -------------------------------------------------------------------------

my $empty = $t->client(port => $t->port('empty'));
$r = $empty->get('/');
is $r->status, 503, 'a database without our tables';
like $r->body, qr{<h1>[^<]+</h1>}, '  has its page';
like $t->log, qr/\[error\].*deals: /, '  and a word in the log';

# --- the log of requests ------------------------------------------------------------------------

open my $f, '<', $t->dir . '/times.log' or die;
my @log = <$f>;
my $ok = join '', grep { m{^/new 200} } @log;
like $ok, qr{^/new 200 new ok \d+\.\d{3} \d+\.\d{3}$}m, 'a page in the log';
like join('', @log), qr{^/new 503 new unavailable }m, 'a database away';
like join('', @log), qr{^/new 503 new timeout }m, 'a database too slow';
like join('', @log), qr{^/other/ 200 - - - -$}m, 'what is none of ours';
like join('', @log), qr{^/nothing 404 - not-found }m, 'nothing';
like join('', @log), qr{^/static/x/style\.css 200 static ok - -$}m, 'a file';

$t->finish;
