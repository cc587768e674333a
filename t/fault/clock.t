#!/usr/bin/perl

# The wall clock is set back and forth by hours while nginx runs: votes count in
# the order in which they were cast, nothing acknowledged is lost, pages are
# neither kept for ever nor made anew each time, members stay signed in, nobody
# is locked out, and deadlines are those of the clock on the wall of nobody.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Clock;
use Deals::Test::Lock;
use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Storm;

my ($HOUR, $TIMEOUT) = (3600, 2);
my $still = Deals::Test::Standstill->new;

my $t = Deals::Test->new;
my $clock = Deals::Test::Clock->new($t);
$clock->nginx(<<"CONF");
%%GLOBALS%%
worker_processes 2;
env LD_PRELOAD;
env CLOCK_FILE;
env ASAN_OPTIONS;
env UBSAN_OPTIONS;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%%";
    deals_cache zone=pages:8m;
    deals_cache zone=alone:4m;
    deals_query_timeout ${TIMEOUT}s;
    keepalive_requests 100000;
    add_header X-Process \$pid always;
    add_header X-Cache \$deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%%;
        deals_redis %%REDIS%%;
        deals_rate_limit signin=off signup=off post=off comment=off vote=off;
        location / { deals; }
        location = /now { return 200 "\$msec"; }
    }
    server {
        listen 127.0.0.1:%%PORT:alone%%;
        deals_database "%%DATABASE%% application_name=alone";
        deals_rate_limit signin=off signup=off post=off comment=off vote=3/m;
        location / { deals; deals_cache alone; }
    }
}
CONF

my @members = map {
    my $who = $t->member("member$_");
    $who->{member} = "member$_";
    $who;
} 1 .. 4;
my $ann = $members[0];
my @deals = map { $ann->post('/api/v1/deals',
    json => { title => "Deal $_" })->json->{id} } 1 .. 4;
my $alone = Deals::Test::Steady->new(port => $t->port('alone'), again => 1);

# As seen by nginx, which looks when something happens.
sub set {
    my ($ahead) = @_;
    $clock->ahead($ahead);
    return $t->wait_until(sub {
        abs($t->get('/now')->body - $clock->now) < 3 });
}

ok set(-$HOUR), 'the clock can be set';
ok set(0), '  and set again';

# --- votes cast after it went back ----------------------------------------------

# The first of two workers stays, the second begins when it is an hour earlier.
sub votes {
    my ($what, $id, $comment) = @_;
    my $path = "/api/v1/deals/$id/" . ($comment ? "comments/$comment/" : '')
        . 'vote';
    my (%by, @bad);
    for my $n (1 .. 40) {
        my $value = $n % 3 - 1;
        my $r = $ann->put($path, json => { value => $value });
        $by{ $r->header('X-Process') }++;
        push @bad, "$n: " . $r->status . ' ' . $r->body
            if $r->status != 200 || $r->json->{my_vote} != $value;
    }
    is_deeply \@bad, [], "$what: each vote counts";
    return keys %by;
}

my $comment = $ann->post("/api/v1/deals/$deals[0]/comments",
    json => { body => 'I was here.' })->json->{id};
votes('before', $deals[0]);
set(-$HOUR);
votes('an hour back', $deals[0]);
votes('  on a comment', $deals[0], $comment);
my ($victim) = $t->workers;
kill 'KILL', $victim;
$t->allow(qr/worker process \d+ exited on signal 9/);
ok $t->wait_until(sub { my @now = $t->workers;
    @now == 2 && !grep { $_ == $victim } @now }), 'a worker begins then';
my %both;
ok $t->wait_until(sub {
    $both{$_}++ for votes('  by both', $deals[0]);
    keys %both == 2;
}), '  namely both';
$t->reload;
votes('  by new ones', $deals[0]);
votes('  on a comment', $deals[0], $comment);
set(0);
votes('and forth', $deals[0]);

# --- what is posted, kept and shown -------------------------------------------------

# Of each process they grow, whatever the time.
my (%last, %seen, @twice, @less);
sub post {
    my ($title, %more) = @_;
    my $r = $ann->post('/api/v1/deals', json => { title => $title, %more });
    is $r->status, 201, "$title is posted" if $r->status != 201;
    my ($id, $pid) = ($r->json->{id}, $r->header('X-Process'));
    push @twice, $id if $seen{$id}++;
    push @less, "$id after $last{$pid}" if $id <= ($last{$pid} // 0);
    $last{$pid} = $id;
    return $id;
}

my $ALL = '/api/v1/deals?sort=new&limit=100';

# Before the ten seconds are over that pages are kept where nothing else ends them.
sub shows {
    my ($who, $path, $what, $not) = @_;
    return $t->wait_until(sub {
        my $r = $who->get($path);
        $r->status == 200 && ($r->body =~ /\Q$what\E/ xor $not);
    }, 6);
}

my $n = 0;
for my $hours (-1, 2, -5, 0.5, 0) {
    my $what = sprintf '%+g hours', $hours;
    set($hours * $HOUR);
    my $session = $ann->get('/api/v1/me');
    is $session->status, 200, "$what: members stay signed in";
    my $title = 'Posted at number ' . ++$n;
    my $id = post($title);
    post("$title, $_") for 1 .. 5;
    for my $path ('/', '/new', '/top', "/deals/$id/posted-at-number-$n") {
        ok shows($t, $path, $title), "  a new deal is on $path";
        ok shows($alone, $path, $title), '  on another node too';
    }
    # Nobody tells of this: it is seen when what is kept is not kept any more.
    $t->sql("UPDATE deals SET title = 'Renamed $n' WHERE deal_id = $id");
    ok shows($alone, '/new', "Renamed $n"), '  pages are not kept for ever';
    my $hits = grep { ($alone->get('/new')->header('X-Cache') // '') eq 'HIT' }
        1 .. 40;
    cmp_ok $hits, '>=', 20, "  but kept: $hits hits of 40";
    my $who = $t->client;
    my $in = $who->post('/api/v1/sessions', json => { name => 'member2',
        password => 'password of member2' });
    is $in->status, 201, '  members sign in';
    my ($token) = $in->json->{token};
    set(0);
    is $t->get('/api/v1/me', bearer => $token)->status, 200,
        '  and are signed in when it is right again';
    is $who->delete('/api/v1/sessions/current')->status, 204, '  and sign out';
    is $t->get('/api/v1/me', bearer => $token)->status, 401, '  for good';
}
is_deeply \@twice, [], 'no number is given twice';
is_deeply \@less, [], '  and those of a process grow';

# What was posted before the clock went back over midnight.
set(23.9 * $HOUR);
post('From tomorrow');
set(0);
ok shows($alone, $_, 'From tomorrow'), "$_ shows deals of tomorrow"
    for '/', '/new', '/top', '/api/v1/deals?sort=top&window=week';

# An offer ends when it ends, as often as it does.
post('Ends soon', expires_at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
    gmtime(time + $HOUR / 2)));
for my $round (1, 2) {
    ok shows($alone, $ALL, 'Ends soon'), 'an offer is there';
    set($HOUR);
    ok shows($alone, $ALL, 'Ends soon', 1), '  until its end';
    set(0);
}
ok shows($alone, $ALL, 'Ends soon'), '  which is to come once more';

# A key of an hour ago, and of one to come.
my %key = (headers => { 'Idempotency-Key' => 'once' });
my $once = $ann->post('/api/v1/deals', json => { title => 'Once' }, %key);
for my $to (-$HOUR, 2 * $HOUR, 0) {
    set($to);
    my $r = $ann->post('/api/v1/deals', json => { title => 'Once' }, %key);
    is_deeply [$r->status, $r->json->{id}], [201, $once->json->{id}],
        'what was made is not made again';
}

# --- how often, and how long -----------------------------------------------------

sub vote_alone {
    return $t->client(port => $t->port('alone'), cookie => $ann->{cookie})
        ->put("/api/v1/deals/$deals[0]/vote", json => { value => 1 });
}

sub vote_on {
    return $ann->put("/api/v1/deals/$_[0]/vote", json => { value => 0 });
}

my $refused = $t->wait_until(sub { my $r = vote_alone();
    $r->status == 429 && $r });
ok $refused, 'too many votes';
cmp_ok $refused->header('Retry-After'), '<=', 60, '  within a minute';
for my $to (-$HOUR, $HOUR, -2 * $HOUR) {
    set($to);
    my $r = vote_alone();
    is $r->status, 200, "  another hour, another chance";
    $refused = $t->wait_until(sub { my $r = vote_alone();
        $r->status == 429 && $r });
    cmp_ok $refused->header('Retry-After'), '<=', 60, '  and another limit';
    set($to + 61);
    is vote_alone()->status, 200, '  for a minute';
}
set(0);

sub locked {
    my ($what, $to) = @_;
    my $lock = Deals::Test::Lock->new($t, 'users');
    my $setter = fork // die "fork: $!\n";
    if (!$setter) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        sleep 0.5;
        $clock->ahead($to);
        POSIX::_exit(0);
    }
    my $c = Deals::Test::Steady->new(port => $t->port, timeout => 10);
    my $r = $c->get("/users/nobody$what");
    waitpid $setter, 0;
    $clock->ahead($to);
    is $r->status, 503, "$what meanwhile: a deadline";
    cmp_ok $still->without(@$c{qw(began took)}), '<', $TIMEOUT + 1,
        '  not later';
    cmp_ok $c->{took}, '>', $TIMEOUT - 0.2, '  nor sooner';
    $lock->free;
    set(0);
}

locked('back', -$HOUR);
locked('forth', $HOUR);

# Who waits for a database does not wait for an hour to come again.
for my $to (-$HOUR, 2 * $HOUR) {
    $t->stop_postgresql;
    ok $t->wait_until(sub { vote_alone()->status == 503 }), 'PostgreSQL goes';
    $clock->ahead($to);
    $t->start_postgresql;
    my $began = time;
    ok $t->wait_until(sub { vote_on($deals[1])->status == 200 }), '  and comes';
    cmp_ok $still->since($began), '<', 2, '  for users too';
    ok $t->wait_until(sub { 10 == grep { $_->status == 200 }
        map { vote_on($deals[1]) } 1 .. 10 }), '  of each worker';
}
set(0);

# Redis too: what it keeps ends by its own clock.
for my $to ($HOUR, -$HOUR) {
    $t->stop_redis;
    $clock->ahead($to);
    post('Without Redis ' . ++$n);
    ok shows($alone, $ALL, "Without Redis $n"), 'without Redis';
    $t->start_redis;
    post("With Redis again $n");
    ok shows($t, $ALL, "With Redis again $n"), '  pages go on';
}
set(0);

# --- a storm ------------------------------------------------------------------

my $storm = Deals::Test::Storm->new($t, members => \@members, deals => \@deals);
my @jumps = map { $_ * $HOUR } 1, -1, 3, -2, -5, -5.5, 0;
for my $round (1 .. $ENV{ROUNDS} || 2) {
    $storm->begin;
    for my $to (@jumps) {
        $clock->ahead(int $to + rand 50);
        sleep 0.2 + rand 0.2;
    }
    $storm->end;
    is_deeply [$storm->wrong], [], "round $round: what was acknowledged is"
        . " there, $storm->{acknowledged} so far";
}
is_deeply $storm->{odd}, [], 'no other answers than these';
is_deeply $storm->{late}, [], 'none came late';

is $t->deals('verify')->{code}, 0, 'all counters are right';
is scalar($t->workers), 2, 'two workers';
unlike $t->log, qr/exited on signal (?!9)/, '  of which none died by itself';
$t->finish;
