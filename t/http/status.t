#!/usr/bin/perl

# deals_status: what it counts, seen from any worker, and in which formats; who may
# see it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep);
use Deals::Test;
use Deals::Test::Lock;
use Deals::Test::Prometheus;

my $t = Deals::Test->new;
my $dir = $t->dir;
my $SITE = "deals\@$dir/sockets";

open my $f, '>', "$dir/passwords" or die;
print {$f} "op:{PLAIN}sesame\n";
close $f or die;

sub report { my ($c, $more) = @_; return ($c // $t)->get("/status?format=json")->json }

sub metrics {
    my ($path, $client) = @_;
    my $r = ($client // $t)->get($path // '/status?format=prometheus');
    my $m = Deals::Test::Prometheus->parse($r->body);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is join("\n", $m->mistakes), '', 'what Prometheus takes';
    return $m;
}

# --- nothing to report -----------------------------------------------------------

$t->nginx(<<'CONF');
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%BASE%%
    server { listen 127.0.0.1:%%PORT%%; location = /status { deals_status; } }
}
CONF

my $r = $t->get('/status');
is $r->status, 200, 'without any mount';
like $r->body, qr/\Adeals \d+\.\d+\.\d+, nginx.*\n\nworker /s, '  text';
unlike $r->body, qr/site|cache|rate/, '  of nothing';
is_deeply report()->{sites}, [], '  JSON';
is_deeply report()->{caches}, [], '  of nothing';
is report()->{rate_limits}, undef, '  at all';
is scalar @{ report()->{workers} }, 1, '  but a worker';
is_deeply [metrics()->families], [qw(deals_build_info deals_start_time_seconds
    deals_configuration deals_worker_info deals_worker_start_time_seconds)],
    '  Prometheus';
$t->stop_nginx;

# --- two workers -----------------------------------------------------------------

my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
thread_pool default threads=2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_query_timeout 60s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=3/m;
    deals_cache zone=pages:1m;
    deals_cache "zone=a\"b<i>\\c:128k";
    log_format pid "$pid $status $uri";
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        access_log %%DIR%%/pid.log pid;
        location / { deals; }
        location /small/ { deals; deals_cache "a\"b<i>\\c"; }
        location = /status { deals_status; }
        location = /here { deals_status; allow 127.0.0.1; deny all; }
        location = /denied { deals_status; deny all; }
        location = /staff {
            deals_status;
            auth_basic "staff"; auth_basic_user_file %%DIR%%/passwords;
        }
        location = /limited { deals_status; limit_except GET { deny all; } }
        location = /excepted {
            deals_status;
            limit_except GET { allow 127.0.0.1; deny all; }
        }
        location = /if { deals_status; if ($arg_x) { set $y 1; } }
        location /inside/ { deals; location = /inside/status { deals_status; } }
    }
    server {
        listen 127.0.0.1:%%PORT:away%%;
        deals_database "host=/nowhere user=deals password=hush dbname='q\"<b>\\\\d'";
        deals_redis off;
        deals_pool_size 3;
        deals_queue_size 7;
        location / { deals; deals_cache off; }
    }
    server {
        listen 127.0.0.1:%%PORT:other%%;
        deals_query_timeout 800ms;
        location / { deals; deals_cache off; }
    }
}
CONF
$t->nginx($conf);
ok $t->wait_until(sub { @{ report()->{workers} } == 2 }), 'two workers';

my $ann = $t->member('ann');
my $bob = $t->member('bob');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
is $bob->put("/api/v1/deals/$id/vote", json => { value => $_ })->status, 200,
    'a vote' for 1, -1, 1;
# More, if the minute ends just now, or Redis is late to count one.
my $votes = 3;
for (1 .. 5) {
    $r = $bob->put("/api/v1/deals/$id/vote", json => { value => 1 });
    last if $r->status != 200;
    $votes++;
}
is $r->status, 429, 'one too many';
is $t->get('/nothing')->status, 404, 'not found' for 1 .. 3;
is $t->post('/api/v1/deals', json => { title => 'A deal' })->status, 401,
    'not signed in';
is $ann->post('/api/v1/deals', json => {})->status, 422, 'invalid';
is $ann->post('/api/v1/deals', type => 'application/json', body => '{')->status,
    400, 'malformed';
is $t->put('/login')->status, 405, 'a wrong method';
is $t->get('/')->status, 200, 'a page' for 1 .. 20;

sub site {
    my ($report, $name) = @_;
    my ($site) = grep { $_->{site} eq $name } @{ $report->{sites} };
    return $site // die "no site $name";
}

# ok: two members, a deal, votes, twenty pages
my %want = (ok => 23 + $votes, 'rate-limited' => 1, 'not-found' => 3,
            unauthenticated => 1, invalid => 1, malformed => 1,
            'method-not-allowed' => 1);

sub requests {
    my %n = %{ site(report(), $SITE)->{all}{requests} };
    return { map { ($_ => $n{$_}) } grep { $n{$_} } keys %n };
}

$t->wait_until(sub { eq_hash(requests(), \%want) });
is_deeply requests(), \%want, 'requests are counted by how they ended';

my $report = report();
my $site = site($report, $SITE);
is @{ $site->{workers} }, 2, 'in both workers';
my %pids = map { $_->{pid} => 1 } @{ $report->{workers} };
is_deeply [sort keys %pids], [sort $t->workers], '  whose pids are told';
my %lines;
open $f, '<', "$dir/pid.log" or die;
while (<$f>) {
    my ($pid, $status, $uri) = split;
    $lines{$pid}{$status}++ if $uri !~ /status/;
}
for my $w (@{ $report->{workers} }) {
    my ($own) = grep { $_->{worker} == $w->{worker} } @{ $site->{workers} };
    is $own->{requests}{ok}, ($lines{ $w->{pid} }{200} // 0)
        + ($lines{ $w->{pid} }{201} // 0), '  each has its own';
    like $w->{started}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, '  and its time';
    ok $w->{uptime_seconds} < 60, '  of life';
    is $w->{configuration}, 1, '  and configuration';
}

# What contexts know is told within a fifth of a second.
ok $t->wait_until(sub {
    site(report(), $SITE)->{all}{batched_calls} == $votes }),
    'votes are counted';
$site = site(report(), $SITE);
is $site->{all}{batches}, $votes, '  and batches';
is_deeply $site->{all}{batch_sizes},
    { 1 => $votes, '2-10' => 0, '11-100' => 0, '101-500' => 0 }, '  by size';
ok $t->wait_until(sub { site(report(), $SITE)->{all}{calls} >= 8 }), 'calls';
is $site->{all}{$_}, 0, "no $_" for qw(timeouts refused reconnects waiting);
is $site->{all}{connections_limit}, 10, 'each may have three connections, and two';
is $site->{all}{waiting_limit}, 2000, '  a thousand may wait';
my ($busy) = grep { $_->{connections} } @{ $site->{workers} };
is $busy->{database}{up}, JSON::PP::true, 'the database is up';
like $busy->{database}{since}, qr/^\d{4}-/, '  since then';
is $busy->{database}{breaker}, 'closed', '  and asked';
ok $t->wait_until(sub { grep { $_->{redis}{up} }
    @{ site(report(), $SITE)->{workers} } }),
    'Redis too, for a worker that asked it';

my ($pages) = grep { $_->{zone} eq 'pages' } @{ report()->{caches} };
is $pages->{all}{hit} + $pages->{all}{miss} + $pages->{all}{updating}, 20,
    'the cache had twenty pages';
ok $pages->{all}{miss} >= 1 && $pages->{all}{hit} >= 17, '  most of them ready';
is $pages->{all}{bypass}, 11 + $votes, '  and no part in the rest';
is $pages->{entries}, 1, '  of one entry';
ok $pages->{used_bytes} > 4096 && $pages->{used_bytes} < $pages->{size_bytes}
    && $pages->{size_bytes} < 1024 * 1024, '  in some bytes';
is $pages->{broken}, JSON::PP::false, '  it works';
is $pages->{all}{$_}, 0, "  no $_" for qw(stale evictions fills_in_flight);

my ($small) = grep { $_->{zone} eq 'a"b<i>\c' } @{ report()->{caches} };
ok $small, 'a strange name is itself in JSON';
is $t->get("/small/api/v1/deals?limit=$_")->status, 200, 'another page'
    for 1 .. 100;
ok $t->wait_until(sub {
    ($small) = grep { $_->{zone} eq 'a"b<i>\c' } @{ report()->{caches} };
    $small->{all}{miss} == 100;
}), 'a zone too small for all';
is $small->{all}{evictions}, 100 - $small->{entries}, '  gives up the oldest';
ok $small->{entries} > 5 && $small->{entries} < 100, '  and keeps some';

# --- somebody waits ----------------------------------------------------------------

my $lock = Deals::Test::Lock->new($t, 'deals');
my @s = map {
    my $s = $t->connect;
    print {$s} "GET /top?window=$_ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    $s->flush;
    $s;
} qw(day week month);
ok $t->wait_until(sub { site(report(), $SITE)->{all}{in_flight} == 3 }),
    'calls under way';
($pages) = grep { $_->{zone} eq 'pages' } @{ report()->{caches} };
is $pages->{all}{fills_in_flight}, 3, '  and pages that are made';
close $s[0];
ok $t->wait_until(sub { (requests()->{aborted} // 0) == 1 }),
    'one goes away';
$lock->free;
for my $s (@s[1, 2]) {
    local $/;
    like <$s>, qr{^HTTP/1\.1 200 }, 'one is answered';
}
ok $t->wait_until(sub {
    ($pages) = grep { $_->{zone} eq 'pages' } @{ report()->{caches} };
    $pages->{all}{fills_in_flight} == 0
        && site(report(), $SITE)->{all}{in_flight} == 0;
}), 'and then nothing is under way';

$lock = Deals::Test::Lock->new($t, 'deals');
my $other = $t->client(port => $t->port('other'));
is $other->get('/')->status, 503, 'who waits too long';
$lock->free;
my ($second) = grep { $_->{site} eq "$SITE#2" } @{ report()->{sites} };
ok $second, 'the same database with other settings has a name of its own';
ok $t->wait_until(sub {
    site(report(), "$SITE#2")->{all}{requests}{timeout} == 1
        && site(report(), "$SITE#2")->{all}{timeouts} == 1;
}), '  and counts for itself';

# --- a database that is away, with a strange name -------------------------------------

my $NAME = 'q"<b>\d@/nowhere';
my $away = $t->client(port => $t->port('away'));
is $away->get('/')->status, 503, 'a database that is away' for 1 .. 4;
sub away { return grep { $_->{database}{since} } @{ site(report(), $NAME)->{workers} } }
ok $t->wait_until(sub {
    my @w = away();
    @w && !grep { $_->{database}{breaker} ne 'open' } @w;
}), 'is known to be';
for my $w (away()) {
    is $w->{database}{up}, JSON::PP::false, '  down';
    is $w->{redis}, undef, '  without Redis';
}
is site(report(), $NAME)->{all}{requests}{unavailable}, 4, '  requests';
ok site(report(), $NAME)->{all}{refused} >= 1, '  some refused at once';
is site(report(), $NAME)->{all}{waiting_limit}, 14, '  few may wait';
my @down = $t->log =~ /database: not available/g;
is @down, scalar away(), '  which each worker says once';

my $m = metrics();
is $m->sum('deals_breaker_open', site => $NAME), scalar away(),
    'Prometheus knows it by its name';
is $m->sum('deals_database_up', site => $NAME), 0, '  as down';
is scalar(() = $m->samples('deals_redis_up', site => $NAME)), 0,
    '  without Redis';
is $m->sum('deals_connections_limit', site => $NAME), 10, '  with its pool';
like $t->get('/status?format=prometheus')->body,
    qr/site="q\\"<b>\\\\d\@\/nowhere"/, '  and it is escaped';
like $t->get('/status')->body, qr/^site q"<b>\\d\@\/nowhere$/m,
    'text has it as it is';
unlike join('', map { $t->get("/status?format=$_")->body } qw(text json prometheus)),
    qr/hush|worker-secret|password/, 'nobody tells a password';

# --- the formats say the same ---------------------------------------------------------

$report = report();
$m = metrics();
for my $s (@{ $report->{sites} }) {
    my $n = $s->{site};
    my $all = $s->{all};
    is $m->sum("deals_${_}_total", site => $n), $all->{$_}, "$n: $_"
        for qw(calls reconnects);
    is $m->sum('deals_calls_refused_total', site => $n), $all->{refused}, '  refused';
    is $m->sum('deals_call_timeouts_total', site => $n), $all->{timeouts},
        '  timeouts';
    is $m->sum('deals_batch_size_count', site => $n), $all->{batches}, '  batches';
    is $m->sum('deals_batch_size_sum', site => $n), $all->{batched_calls},
        '  what was in them';
    is $m->sum('deals_requests_total', site => $n, outcome => $_),
        $all->{requests}{$_}, "  requests $_" for sort keys %{ $all->{requests} };
}
for my $z (@{ $report->{caches} }) {
    my $n = $z->{zone};
    is $m->sum('deals_cache_requests_total', zone => $n, status => $_),
        $z->{all}{$_}, "zone $n: $_" for qw(hit miss stale updating bypass);
    is $m->sum('deals_cache_evictions_total', zone => $n), $z->{all}{evictions},
        '  evictions';
    is $m->sum('deals_cache_entries', zone => $n), $z->{entries}, '  entries';
    is $m->sum('deals_cache_size_bytes', zone => $n), $z->{size_bytes}, '  size';
}
is_deeply [sort map { $_->{labels}{pid} } $m->samples('deals_worker_info')],
    [sort $t->workers], 'pids';
is $m->sum('deals_build_info', version => $report->{version},
    nginx => $report->{nginx}), 1, 'versions';
is $m->sum('deals_rate_limit_counters'), $report->{rate_limits}{counters},
    'counters of rate limits';

my $text = $t->get('/status')->body;
like $text, qr/^ +all +\d+ +\d+ +\d+ +\d+ +\d+ +$site->{all}{calls}\b/m,
    'text has the calls' if $site->{all}{calls} == site(report(), $SITE)->{all}{calls};
for my $table (grep { /^ *worker/ } split /\n\n/, $text) {
    my @lines = split /\n/, $table;
    my %width = map { length($_) => 1 } @lines;
    is keys %width, 1, 'a table is aligned' or diag $table;
}
unlike $text, qr/[ \t]$/m, 'no spaces at the ends of lines';

# --- which format, and how -------------------------------------------------------------

my %type = (text => 'text/plain; charset=utf-8', json => 'application/json',
            prometheus => 'text/plain; version=0.0.4; charset=utf-8');
for my $format (sort keys %type) {
    my $get = $t->get("/status?x=1&format=$format");
    is $get->status, 200, $format;
    is $get->header('Content-Type'), $type{$format}, '  its type';
    is $get->header('Cache-Control'), 'no-store', '  is not kept';
    is $get->header('Vary'), 'Accept', '  varies';
    is $get->header('Content-Length'), length $get->body, '  has a length';
    my $head = $t->head("/status?format=$format");
    is $head->status, 200, '  HEAD';
    is $head->body, '', '    no body';
    is $head->header('Content-Type'), $type{$format}, '    its type';
    ok $head->header('Content-Length') > 100, '    a length';
}

my @accept = (
    text => undef, text => '*/*', text => 'image/png', text => '',
    text => 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    text => 'text/plain', text => 'text/*;q=0.3', text => ',,;q=1',
    json => 'application/json', json => 'APPLICATION/JSON; charset=utf-8',
    json => 'application/json, text/plain, */*',
    json => 'text/plain;q=0.5, application/json',
    json => 'application/json;q=0.2,text/plain;q=0.1',
    text => 'application/json;q=0, */*;q=0.1',
    text => 'application/json;q=x', text => 'application/jsonp',
    prometheus => 'text/plain;version=0.0.4',
    prometheus => 'text/plain; version=0.0.4; q=0.5, */*; q=0.1',
    prometheus => 'application/openmetrics-text;version=1.0.0,'
        . 'application/openmetrics-text;version=0.0.1;q=0.75,'
        . 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    prometheus => 'application/openmetrics-text;version=1.0.0;escaping='
        . 'allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,'
        . 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,'
        . 'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    prometheus => 'application/vnd.google.protobuf;proto=io.prometheus.client.'
        . 'MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3',
);
while (my ($format, $accept) = splice @accept, 0, 2) {
    is $t->get('/status', headers => { Accept => $accept })->header('Content-Type'),
        $type{$format}, "$format for Accept: " . ($accept // 'nothing');
}
is $t->get('/status?format=json', headers => { Accept => 'text/plain' })
    ->header('Content-Type'), $type{json}, 'the address wins';

for my $bad (qw(xml JSONP openmetrics %3Cb%3E), '', 'x' x 500, "\xff<script>") {
    my $r = $t->get("/status?format=$bad");
    is $r->status, 400, 'an unknown format';
    like $r->body, qr/format "[!-~]{0,40}": write \?format=text, \?format=json or/,
        '  is named';
    is $r->header('Content-Type'), $type{text}, '  as text';
    is $r->header('X-Content-Type-Options'), 'nosniff', '  that is nothing else';
    is $r->header('Cache-Control'), 'no-store', '  not kept either';
}
like $t->get('/status?format=xml')->body, qr/"xml"/, 'namely';

for my $method (qw(POST PUT PATCH DELETE OPTIONS PROPFIND)) {
    my $r = $t->request($method, '/status', body => 'x=1');
    is $r->status, 405, $method;
    is $r->header('Allow'), 'GET, HEAD', '  says what it takes';
    is $r->header('Cache-Control'), 'no-store', '  and is not kept';
}
my $both = $t->raw("GET /status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    . "HEAD /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
is scalar(() = $both =~ m{^HTTP/1\.1 200}mg), 2, 'a body, and another request';

# --- who may see it --------------------------------------------------------------------

is $t->get('/here')->status, 200, 'allow';
is $t->get('/denied')->status, 403, 'deny';
is $t->get('/staff')->status, 401, 'auth_basic';
is $t->get('/staff', headers => { Authorization => 'Basic b3A6c2VzYW1l' })->status,
    200, '  with the password';
is $t->get('/limited')->status, 200, 'limit_except';
is $t->post('/limited')->status, 403, '  denies';
is $t->post('/excepted')->status, 405, '  or not';
like $t->get('/if?x=1')->body, qr/\Adeals /, 'through an "if"';
like $t->get('/inside/status')->body, qr/\Adeals /, 'inside of a mount';

$t->finish;
