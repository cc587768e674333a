#!/usr/bin/perl

# The counters of deals_status outlive workers: reloaded, killed, too many of them;
# and backends that go and come.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Prometheus;

my $t = Deals::Test->new;
my $dir = $t->dir;
my $SITE = "deals\@$dir/sockets";

sub conf {
    my ($workers, $more, $server) = @_;
    return <<"CONF";
%%GLOBALS%%
worker_processes $workers;
events { worker_connections 256; }
http {
    %%HTTP%%
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    log_format pid "\$pid \$uri \$status";
    $more
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        access_log %%DIR%%/pid.log pid;
        $server
    }
}
CONF
}

my $CACHE = 'deals_cache zone=pages:1m;';
my $BOTH = 'location / { deals; } location = /status { deals_status; }';

sub report { $t->get('/status?format=json')->json }
sub metrics {
    my $m = Deals::Test::Prometheus->parse(
        $t->get('/status?format=prometheus')->body);
    die join "\n", $m->mistakes if $m->mistakes;
    return $m;
}
sub site { my ($s) = grep { $_->{site} eq $SITE } @{ $_[0]{sites} }; $s }
sub ok_requests { site(report())->{all}{requests}{ok} }

# What has gone backwards between two scrapes.
sub backwards {
    my ($before, $after) = map { $_->counters } @_;
    return grep { !defined $after->{$_} || $after->{$_} < $before->{$_} }
           sort keys %$before;
}

$t->nginx(conf(2, $CACHE, $BOTH));
ok $t->wait_until(sub { @{ report()->{workers} } == 2 }), 'two workers';
my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};

# --- whoever answers ---------------------------------------------------------------

is $t->get('/')->status, 200, 'a page' for 1 .. 28;
ok $t->wait_until(sub { ok_requests() == 30 }), 'all are counted';
my (%said, %by);
$t->wait_until(sub {
    $said{ ok_requests() }++;
    open my $f, '<', "$dir/pid.log" or die;
    %by = map { /^(\d+) \/status/ ? ($1 => 1) : () } <$f>;
    keys %by == 2;
});
is keys %by, 2, 'each worker was asked';
is_deeply [keys %said], [30], '  and told of all';

# --- reloads ---------------------------------------------------------------------------

my $before = metrics();
my $first = report();
$t->reload;
ok $t->wait_until(sub { my $r = report(); @{ $r->{workers} } == 2
    && !grep { $_->{configuration} != 2 } @{ $r->{workers} } }), 'a reload';
my $after = metrics();
is_deeply [backwards($before, $after)], [], 'no counter went backwards';
my $r = report();
is $r->{configuration}, 2, 'the second configuration';
is $r->{since}, $first->{since}, '  counted since the same time';
is_deeply [sort map { $_->{pid} } @{ $r->{workers} }], [sort $t->workers],
    '  other processes';
is site($r)->{all}{requests}{ok}, 30, '  all requests are still counted';
is site($r)->{gone}{requests}{ok}, 30, '  of workers that are gone';
is_deeply [map { $_->{requests}{ok} } @{ site($r)->{workers} }], [0, 0],
    '  not of those that are there';
is site($r)->{all}{calls}, site($r)->{gone}{calls}, '  calls too';
ok site($r)->{all}{calls} >= 3, '  the last ones also';
is site($r)->{all}{connections},
    eval { my $n = 0; $n += $_->{connections} for @{ site($r)->{workers} }; $n },
    '  what is now is of those that are there';

my @clients = map {
    my $n = $_;
    my $pid = fork // die;
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        my $count = 0;
        my $until = time + 5;
        while (time < $until) {
            my $r = $n == 1 ? $ann->put("/api/v1/deals/$id/vote",
                json => { value => $count % 3 - 1 }) : $t->get('/');
            $count++ if $r->status == 200;
            sleep 0.004;
        }
        open my $f, '>', "$dir/count.$n";
        print {$f} $count;
        close $f;
        require POSIX;
        POSIX::_exit(0);
    }
    $pid;
} 1 .. 2;

my ($reloads, $scrapes, %series, @bad) = (0, 0);
my $last = metrics();
my $until = time + 4.5;
while (time < $until) {
    $t->signal('HUP') if $scrapes % 10 == 0 && ++$reloads;
    sleep 0.03;
    my $now = metrics();
    push @bad, backwards($last, $now);
    $series{ $_->{labels}{worker} }++ for $now->samples('deals_calls_total');
    $last = $now;
    $scrapes++;
}
waitpid $_, 0 for @clients;
is_deeply \@bad, [], "nothing went backwards in $reloads reloads, $scrapes scrapes";
my $sum = 30;
for my $n (1 .. 2) {
    open my $f, '<', "$dir/count.$n" or die;
    $sum += <$f>;
}
ok $t->wait_until(sub { ok_requests() == $sum }), "each of $sum was counted once"
    or diag ok_requests();
cmp_ok keys %series, '<=', 2 + 2 * $reloads, 'slots are used again: '
    . keys %series;
ok $t->wait_until(sub { @{ report()->{workers} } == 2 }), 'the old workers are gone';
is_deeply [map { $_->{worker} } @{ report()->{workers} }],
    [sort { $a <=> $b } map { $_->{worker} } @{ report()->{workers} }],
    '  in order';

$t->reload;
ok $t->wait_until(sub { my $r = report(); @{ $r->{workers} } == 2
    && !grep { $_->{configuration} != $r->{configuration} } @{ $r->{workers} } }),
    'workers in slots that others had';
is $t->get('/')->status, 200, '  a page' for 1 .. 3;
ok $t->wait_until(sub { ok_requests() == $sum + 3 }), '  is counted';
$r = site(report());
is $r->{gone}{requests}{ok}, $sum, '  apart from what others counted there';
is $r->{workers}[0]{requests}{ok} + $r->{workers}[1]{requests}{ok}, 3, '  by its own';
$sum += 3;

# --- killed -------------------------------------------------------------------------------

for my $round (1 .. 3) {
    is $t->get('/')->status, 200, 'a page' for 1 .. 5;
    $sum += 5;
    $t->wait_until(sub { ok_requests() == $sum });
    $before = metrics();
    my $old = report();
    my $victim = $old->{workers}[$round % 2];
    kill 'KILL', $victim->{pid};
    ok $t->wait_until(sub { my $now = eval { report() };
        $now && @{ $now->{workers} } == 2
            && !grep { $_->{pid} == $victim->{pid} } @{ $now->{workers} } }),
        'a worker is killed, another takes its place';
    my ($heir) = grep { my $w = $_;
        !grep { $_->{pid} == $w->{pid} } @{ $old->{workers} } }
        @{ report()->{workers} };
    cmp_ok $heir->{worker}, '<=', $victim->{worker}, '  and its slot, or one before';
    is_deeply [backwards($before, metrics())], [], '  nothing went backwards';
    is ok_requests(), $sum, '  no request is forgotten';
}
$t->allow(qr/worker process \d+ exited on signal 9/);

# --- backends that go and come ----------------------------------------------------------------

sub backend {
    my ($name, $what) = @_;
    return map { $_->{$name}{$what} }
           grep { $_->{$name}{since} } @{ site(report())->{workers} };
}

sub touch_all {
    $t->get("/api/v1/deals/1$_") for 1 .. 8;
    return 1;
}

ok $t->wait_until(sub { touch_all() && backend('database', 'up') == 2
    && !grep { !$_ } backend('database', 'up') }), 'PostgreSQL is up';
my $logged = length $t->log;
$t->stop_postgresql;
my $went = time;
ok $t->wait_until(sub { touch_all();
    2 == grep { $_ eq 'open' } backend('database', 'breaker') }),
    'PostgreSQL goes: breakers open';
is scalar(grep { $_ } backend('database', 'up')), 0, '  it is down';
touch_all() for 1 .. 5;
my $log = substr $t->log, $logged;
is scalar(() = $log =~ /database: not available/g), 2, '  each worker says it once';
like $t->get('/status')->body, qr/ down +\d{4}-\S+ +open /, '  text';
is metrics()->sum('deals_breaker_open'), 2, '  Prometheus';
ok $t->wait_until(sub { site(report())->{all}{refused} > 20 }),
    '  calls were refused';
ok site(report())->{all}{requests}{unavailable} > 20, '  and requests';
$logged = length $t->log;
$t->start_postgresql;
ok $t->wait_until(sub { 2 == grep { $_ eq 'closed' } backend('database', 'breaker') }),
    'it comes, nobody asks: breakers close';
$t->wait_until(sub { $log = substr $t->log, $logged;
    2 == (() = $log =~ /database: available again/g) });
is scalar(() = $log =~ /database: available again/g), 2, '  each worker says it once';
cmp_ok scalar(() = $log =~ /^.*$/mg), '<', 20, '  and little else';
ok $t->wait_until(sub { site(report())->{all}{reconnects} >= 2 }),
    '  connections were made anew';

my $value = 0;
sub vote {
    $value = 1 - $value;
    return $ann->put("/api/v1/deals/$id/vote", json => { value => $value });
}
ok $t->wait_until(sub { vote(); grep { $_ } backend('redis', 'up') }),
    'Redis is up';
$logged = length $t->log;
$t->stop_redis;
ok $t->wait_until(sub { !grep { $_ } backend('redis', 'up') }), '  goes';
is vote()->status, 200, '  votes go on' for 1 .. 10;
is metrics()->sum('deals_redis_up'), 0, '  Prometheus';
$log = substr $t->log, $logged;
my %said_by;
$said_by{$_}++ for $log =~ /(\d+)#\d+: deals: redis: not available/g;
cmp_ok $_, '<=', 2, '  a worker says it once of each connection' for values %said_by;
$t->start_redis;
ok $t->wait_until(sub { grep { $_ } backend('redis', 'up') }), '  comes';

# A primary that became a standby: it answers, and refuses each write.
sub send_away {
    $t->sql_as($t->database, q{SELECT count(pg_terminate_backend(pid))
        FROM pg_stat_activity WHERE usename = 'deals' AND pid <> pg_backend_pid()});
}
sleep 1;
$logged = length $t->log;
$t->sql('ALTER DATABASE deals SET default_transaction_read_only = on');
send_away();
is vote()->status, 503, 'a read-only database: 503' for 1 .. 20;
$log = substr $t->log, $logged;
ok $t->wait_until(sub { touch_all();
    2 == grep { $_ } backend('database', 'read_only') }), '  is known as that';
like $t->get('/status')->body, qr/ read-only +\d{4}-\S+ +closed /, '  text';
is metrics()->sum('deals_database_read_only'), 2, '  Prometheus';
$log = substr $t->log, $logged;
is scalar(() = $log =~ /database: takes no changes/g), 2, '  a worker says so';
for my $what (qr/database: not available/, qr/cannot execute .* read-only/,
              qr/database: available again/, qr/database: takes no changes/) {
    my %by;
    $by{$1}++ while $log =~ /^.*?(\d+)#\d+:.*?$what/mg;
    is scalar(grep { $_ > 1 } values %by), 0, "  a worker says once: $what";
}
$logged = length $t->log;
$t->sql('SET default_transaction_read_only = off;'
    . ' ALTER DATABASE deals RESET default_transaction_read_only');
send_away();
ok $t->wait_until(sub { vote()->status == 200 }), '  votes again';
ok $t->wait_until(sub { 2 == (() = substr($t->log, $logged)
    =~ /database: takes changes again/g) }), '  which each worker says';
ok $t->wait_until(sub { !grep { $_ } backend('database', 'read_only') }),
    '  and reports';

# --- another configuration ---------------------------------------------------------------------

$sum = ok_requests();
$t->write_conf(conf(1, "$CACHE deals_cache zone=more:256k;",
    "location /first/ { deals; deals_cache more; } $BOTH"));
$t->reload;
ok $t->wait_until(sub { my $r = report(); @{ $r->{caches} } == 2
    && @{ $r->{workers} } == 1 }), 'another zone, one worker less';
cmp_ok ok_requests(), '>=', $sum, '  what was counted stays';
# A worker that begins to hear of changes keeps nothing from before.
is $t->get('/first/')->status, 200, '  a page' for 1 .. 3;
my $asked = 3;
ok $t->wait_until(sub { my ($z) = grep { $_->{zone} eq 'more' }
    @{ report()->{caches} };
    return 1 if $z->{all}{miss} >= 1 && $z->{all}{hit} >= 2
        && $z->{all}{miss} + $z->{all}{hit} == $asked;
    $t->get('/first/');
    $asked++;
    return 0 }), '  of the new zone';

$t->write_conf(conf(1, '', 'location / { return 200 "idle\n"; }'));
$t->reload;
is $t->get('/')->body, "idle\n", 'without any of it';
$t->write_conf(conf(2, '', 'location = /status { deals_status; }'));
$t->reload;
ok $t->wait_until(sub { my $r = eval { report() };
    $r && !@{ $r->{sites} } && @{ $r->{workers} } == 2 }), 'a report alone';
$t->write_conf(conf(2, '', $BOTH));
$t->reload;
ok $t->wait_until(sub { my $r = eval { report() };
    $r && @{ $r->{sites} } == 1 }), 'with a mount again';
is $t->get('/')->status, 200, '  that works';
ok $t->wait_until(sub { ok_requests() == 1 }), '  and is counted';

# --- more workers than slots ---------------------------------------------------------------------

SKIP: {
    skip 'too much memory with a sanitizer', 5 if $ENV{DEALS_ASAN};
    skip 'valgrind takes minutes to begin as many', 5 if $ENV{DEALS_VALGRIND};
    $t->write_conf(conf(260, '', $BOTH));
    $t->signal('HUP');
    ok $t->wait_until(sub { $t->workers >= 260 }, 60), '260 workers';
    ok $t->wait_until(sub { $t->log =~ /counts for 256 workers at most/ }, 30),
        'too many: it is said';
    is $t->get('/')->status, 200, '  users get their pages' for 1 .. 20;
    is $t->get('/status')->status, 200, '  and operators their report' for 1 .. 20;
    my $slots = @{ report()->{workers} };
    ok $slots > 250 && $slots <= 256, "  of all but a few: $slots";
    $t->write_conf(conf(2, '', $BOTH));
    $t->signal('HUP');
    ok $t->wait_until(sub { my $r = eval { report() };
        $r && @{ $r->{workers} } == 2 && $t->workers == 2 }, 60),
        'and again two: they have slots';
    cmp_ok ok_requests(), '<=', 21, '  sums are what they were';
}

$t->finish;
