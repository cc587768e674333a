#!/usr/bin/perl

# kill -9 in a storm of votes, comments and posts: of a worker, of Redis, of a
# backend of PostgreSQL, of PostgreSQL itself. What was acknowledged is there
# afterwards, nothing is there twice, all counters are right, and who got no
# answer asked again without harm. ROUNDS=1000 for a long run.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use List::Util qw(shuffle);
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Storm;
use Deals::Test::Table;

my $rounds = $ENV{ROUNDS} || 6;

# A commit is one when it is with the kernel: this is about processes that die,
# not machines.
my $t = Deals::Test->new(settings => { jit => 'off', fsync => 'off',
    synchronous_commit => 'on', shared_buffers => '32MB',
    max_connections => 60, autovacuum_naptime => '10s' });
$t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:8m;
    deals_query_timeout 3s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 100000;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
$t->allow(qr/worker process \d+ exited on signal 9/);

my @members = map {
    my $who = $t->member("member$_");
    $who->{member} = "member$_";
    $who;
} 1 .. 6;
my @deals = map { $members[0]->post('/api/v1/deals',
    json => { title => "Deal $_" })->json->{id} } 1 .. 5;
my $storm = Deals::Test::Storm->new($t, members => \@members,
    deals => \@deals);

sub of {
    my ($name) = @_;
    return map { $_->[0] } $t->{servers}->processes($name);
}

sub recoveries {
    return scalar(() = Deals::Test::read_file($t->dir . '/postgresql.log')
        =~ /all server processes terminated; reinitializing/g);
}

my %kill = (
    worker => sub {
        my @workers = $t->workers;
        kill 'KILL', $workers[rand @workers];
    },
    redis => sub {
        $t->signal('KILL', 'redis-server');
        $t->wait_until(sub { !of('redis-server') });
        sleep rand 0.1;
        $t->start_redis;
    },
    backend => sub {
        # All others are killed by the postmaster, and it recovers: who connects
        # before it knows is ended too.
        my @pids = $t->sql("SELECT pid FROM pg_stat_activity
                            WHERE usename = 'deals'") or return;
        my $recoveries = recoveries();
        kill 'KILL', $pids[rand @pids] or return;
        $t->wait_until(sub { recoveries() > $recoveries
            && eval { $t->sql('SELECT 1') } });
    },
    postgresql => sub {
        $t->signal('KILL', 'postgres');
        # Its children end by themselves or are ended.
        $t->stop_postgresql;
        sleep rand 0.2;
        $t->start_postgresql;
    },
);

my %killed;
my $clean = 0;
for my $round (1 .. $rounds) {
    my $before = $storm->{acknowledged};
    $storm->begin;
    for my $who (shuffle sort keys %kill) {
        sleep 0.05 + rand 0.25;
        $kill{$who}->();
        $killed{$who}++;
    }
    sleep 0.1;
    $storm->end;
    my @wrong = $storm->wrong;
    is_deeply \@wrong, [], "round $round: all that was acknowledged is there,"
        . ' once: ' . ($storm->{acknowledged} - $before);
    # Who gets no answer in time says 3.
    my $verify;
    $t->wait_until(sub { ($verify = $t->deals('verify'))->{code} != 3 });
    is $verify->{code}, 0, '  and all counters are right'
        or diag $verify->{out}, $verify->{err};
    $clean++ if $verify->{code} == 0;
    last if @wrong;
}
is_deeply $storm->{odd}, [], 'no other answers than these';
is_deeply $storm->{late}, [], 'none came late';
cmp_ok $storm->{again}, '>', 0, 'some asked again';
Deals::Test::Table->row("kill -9 of $killed{worker} workers, $killed{backend}"
    . " backends, $killed{postgresql} times PostgreSQL, $killed{redis} times Redis",
    $storm->requests, $storm->found
    . ", `deals verify` clean after $clean of $killed{worker} rounds");

my @pids = $t->workers;
ok $t->wait_until(sub { $t->get('/')->status == 200 }), 'pages come';
is_deeply [$t->workers], \@pids, 'no worker died by itself';
$t->finish;
