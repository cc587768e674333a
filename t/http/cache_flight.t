#!/usr/bin/perl

# One request fills an entry and the others wait: a thousand at once, over
# workers; a filler that goes away or dies; a database that is slow or away.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use IO::Select;
use Deals::Test;
use Deals::Test::Lock;

my $t = Deals::Test->new;
my $template = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 2048; }
http {
    %%HTTP%%
    log_format cache '$request_uri $status $deals_cache_status '
                     '$deals_db_time $pid';
    access_log %%DIR%%/cache.log cache;
    deals_cache zone=pages:4m;
    deals_query_timeout 30s;
    deals_pool_size 1;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:hasty%% reuseport;
        deals_query_timeout 3s;
        location / { deals; }
    }
}
CONF
$t->nginx($template);

sub status { return $_[0]->header('X-Cache') // '' }

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
# Until the node has heard of Redis what is kept lasts a second, not ten.
$t->wait_until(sub { $t->get("/deals/$id/a-deal"); sleep 1.2;
    status($t->get("/deals/$id/a-deal")) eq 'HIT' }) or diag 'does not last';

# Opens sockets that ask for a path; reads all answers.
sub ask {
    my ($n, $path, $port) = @_;
    my $client = $t->client(port => $t->port($port));
    return map {
        my $s = $client->connect;
        print {$s} "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        $s->flush;
        $s;
    } 1 .. $n;
}

sub answers {
    my (%count, @body);
    for my $s (@_) {
        local $/;
        my $all = <$s> // '';
        my ($status) = $all =~ m{^HTTP/1\.1 (\d+)};
        my ($cache) = $all =~ /^X-Cache: (\w+)/m;
        $count{ ($status // 'none') . ' ' . ($cache // '') }++;
        push @body, $all =~ s/.*?\r\n\r\n//sr;
    }
    return (\%count, \@body);
}

sub said { return map { [split] } split /\n/, Deals::Test::read_file(
           $t->dir . '/cache.log') }

# --- a thousand at once ------------------------------------------------------------

my $lock = Deals::Test::Lock->new($t, 'deals');
my @s = ask(1000, '/new');
ok $t->wait_until(sub { $lock->waiting }), 'the database is asked';
sleep 0.3;
is $lock->waiting, 1, '  once';
$lock->free;
my ($count, $body) = answers(@s);
is_deeply $count, { '200 MISS' => 1, '200 HIT' => 999 },
    'of a thousand at once one asks it' or diag explain $count;
my %different = map { $_ => 1 } @$body;
is keys %different, 1, '  and all get the same';
my @asked = grep { $_->[0] eq '/new' && $_->[3] ne '-' } said();
is @asked, 1, '  one statement in the log';
my %pid = map { $_->[4] => 1 } grep { $_->[0] eq '/new' } said();
is keys %pid, 2, '  in both workers';

# --- who fills goes away --------------------------------------------------------------

$lock = Deals::Test::Lock->new($t, 'deals');
my ($first) = ask(1, '/top');
$t->wait_until(sub { $lock->waiting });
@s = ask(50, '/top');
sleep 0.1;
close $first;
ok $t->wait_until(sub { grep { "@$_[0, 1]" eq '/top 499' } said() }),
    'who fills goes away';
$lock->free;
($count) = answers(@s);
is_deeply $count, { '200 MISS' => 1, '200 HIT' => 49 },
    'a filler that leaves is replaced' or diag explain $count;

# --- the filler's worker is killed ------------------------------------------------------

sub sockets {
    return scalar grep { (readlink $_ // '') =~ /^socket:/ } glob "/proc/$_[0]/fd/*";
}

$lock = Deals::Test::Lock->new($t, 'deals');
my @workers = $t->workers;
my $idle = sockets($workers[0]);
($first) = ask(1, '/top?window=week');
$t->wait_until(sub { $lock->waiting });
@s = ask(60, '/top?window=week');
$t->allow(qr/exited on signal 9/);
ok $t->wait_until(sub { sockets($workers[0]) >= $idle + 5 }),
    'a worker has some of them';
kill 'KILL', $workers[0];
sleep 0.3;
$lock->free;
($count) = answers(@s);
my $lost = delete $count->{'none '} // 0;
ok $lost < 60 && $lost > 0, "a killed worker loses its own: $lost of 60";
cmp_ok $count->{'200 MISS'} // 0, '<=', 1, '  at most one of the others fills';
is +(grep { !/^200 (?:MISS|HIT)$/ } keys %$count), 0, '  and all others get it'
    or diag explain $count;
ok $t->wait_until(sub { $t->workers == 2 }), '  and it is replaced';
$t->wait_until(sub { $t->get('/')->status == 200 });
close $first;

# --- a database that does not move: waiters have a deadline ---------------------------------

$t->get('/api/v1/users/ann');
$lock = Deals::Test::Lock->new($t, 'deals');
my $start = time;
@s = ask(20, '/api/v1/deals?sort=new&limit=7', 'hasty');
($count) = answers(@s);
my $took = time - $start;
is +(grep { !/^50[34] MISS$/ } keys %$count), 0,
    'no bytes, no database: an error for all' or diag explain $count;
# One after the other, or by the time of the other server, they took far longer.
ok $took > 2.5 && $took < 6, sprintf '  after their deadline (%.1f s)', $took;
$lock->free;

# --- the database is away: what was shown before is better than nothing -----------------------

$t->wait_until(sub { $t->get('/new')->status == 200 });
my $good = $t->get("/deals/$id/a-deal");
is $good->status, 200, 'a page';
$t->stop_postgresql;
$ann->{headers} = [];
my $r = $t->wait_until(sub { my $r = $t->get("/deals/$id/a-deal");
    status($r) eq 'STALE' ? $r : 0 }, 14);
ok $r, 'the database is away: the page is stale';
is $r && $r->status, 200, '  but comes';
is $r && $r->body, $good->body, '  as it was';
is $r && $r->header('ETag'), $good->header('ETag'), '  with its tag';
is $t->get("/deals/$id/a-deal", headers =>
    { 'If-None-Match' => $good->header('ETag') })->status, 304, '  and its 304';
my %n;
$n{ $_->status . ' ' . status($_) }++
    for map { $t->get("/deals/$id/a-deal") } 1 .. 30;
is_deeply \%n, { '200 STALE' => 30 }, '  each time' or diag explain \%n;
is $t->get('/api/v1/deals?limit=9')->status, 503, 'what was never shown: 503';
is $ann->get("/deals/$id/a-deal")->status, 503, 'who is signed in: 503';
$t->start_postgresql;
ok $t->wait_until(sub { status($t->get("/deals/$id/a-deal")) eq 'MISS' }),
    'it is back: the page is fresh';
is status($t->get("/deals/$id/a-deal")), 'HIT', '  and then from the cache';
ok $t->wait_until(sub { !grep { $ann->get('/api/v1/me')->status != 200 }
    1 .. 12 }, 20), '  in all workers';

# --- while a page is refreshed for votes others get the former one ------------------------------

$t->get('/api/v1/deals');
sleep 1.1;
$t->get('/api/v1/deals');
$ann->put("/api/v1/deals/$id/vote", json => { value => -1 });
sleep 1.1;
$lock = Deals::Test::Lock->new($t, 'deals');
($first) = ask(1, '/api/v1/deals');
$t->wait_until(sub { $lock->waiting });
@s = ask(20, '/api/v1/deals');
($count) = answers(@s);
is_deeply $count, { '200 UPDATING' => 20 }, 'a soft refresh holds up nobody'
    or diag explain $count;
$lock->free;
($count) = answers($first);
is_deeply $count, { '200 MISS' => 1 }, '  but one';

# --- but a write does ------------------------------------------------------------------------------

$t->get('/new');
$lock = Deals::Test::Lock->new($t, 'deals');
my $writer = fork // die;
if (!$writer) {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    $ann->post('/api/v1/deals', json => { title => 'Another deal' });
    POSIX::_exit(0);
}
$t->wait_until(sub { $lock->waiting });
is status($t->get('/new')), 'HIT', 'before a write is done the page is good';
$lock->free;
waitpid $writer, 0;
like $t->get('/new')->body, qr/Another deal/, 'and after it never again';

$t->finish;
