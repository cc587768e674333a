#!/usr/bin/perl

# Hours in a nutshell: mixed traffic over servers of its own, with reloads and
# with databases that go and come. No answer is other than expected, and nothing
# that nginx holds grows: memory, descriptors, connections, shared zones.
#
# SECONDS: how long (make soak: 600). A first part with reloads warms up; what
# is measured is the rest, in which the workers stay the same.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Growth;
use Deals::Test::Traffic;

my $SECONDS = $ENV{SECONDS} || 24;
my $WARM = $SECONDS * ($SECONDS < 120 ? 0.4 : 0.25);
my $WORKERS = 3;

my $began = time;
my $t = Deals::Test->new;
my $pem = $t->dir . '/key.pem';
$t->command([qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj
    /CN=localhost -keyout), $pem, '-out', "$pem.crt"])->{code} == 0
    or die "openssl made no certificate\n";
system("cat $pem.crt >> $pem") == 0 or die "no certificate\n";
my $conf = <<"CONF";
%%GLOBALS%%
worker_processes $WORKERS;
worker_shutdown_timeout 10s;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:512k;
    deals_query_timeout 5s;
    deals_body_size 64k;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 500;
    gzip on;
    gzip_min_length 100;
    gzip_types application/json;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        listen 127.0.0.1:%%PORT:two%% ssl http2;
        ssl_certificate %%DIR%%/key.pem;
        ssl_certificate_key %%DIR%%/key.pem;
        location / { deals; }
        location = /deals_status { deals_status; }
    }
}
CONF
$t->nginx($conf);

my @members = map { $t->member("soak$_") } 1 .. 4;
my @deals = map { $members[$_ % 4]->post('/api/v1/deals', json => {
    title => "A deal $_", tags => ['soak'] })->json->{id} } 1 .. 30;
my $traffic = Deals::Test::Traffic->new($t, members => \@members,
    deals => \@deals, http2 => 'https://127.0.0.1:' . $t->port('two'));
my ($reloads, $outages) = (0, 0);

sub outage {
    $traffic->away;
    if ($outages++ % 2) {
        $t->stop_redis;
        sleep 0.5 + rand;
        $t->start_redis;
    } else {
        $t->stop_postgresql;
        sleep 0.5 + rand;
        $t->start_postgresql;
    }
    $traffic->back;
}

# Descriptors of each worker when nobody asks, without its connections to
# PostgreSQL: one that had little to do has not opened all of them.
sub at_rest {
    my $before = '';
    my @rest;
    $t->wait_until(sub {
        my $report = $t->get('/deals_status?format=json')->json;
        my %pid = map { $_->{worker} => $_->{pid} } @{ $report->{workers} };
        my %open;
        $open{ $pid{ $_->{worker} } } += $_->{connections}
            for map { @{ $_->{workers} } } @{ $report->{sites} };
        @rest = map { (Deals::Test::Growth::weight($_))[1] - $open{$_} }
            sort { $a <=> $b } $t->workers;
        my $same = "@rest" eq $before;
        $before = "@rest";
        sleep 0.5;
        return $same;
    });
    return @rest;
}

# --- a warm-up, with reloads ---------------------------------------------------

my $from = time;
$traffic->begin;
while (time - $from < $WARM) {
    sleep $WARM / 4;
    $t->reload;
    $reloads++;
    outage() if $reloads <= 2;
}
$traffic->end;
ok $t->wait_until(sub { $t->workers == $WORKERS }, 15), 'old workers end';
my @rest = at_rest();
my @workers = sort $t->workers;

# --- what is measured ----------------------------------------------------------

# New workers fill their caches first.
$traffic->begin;
my $fill = ($SECONDS - $WARM) * 0.2;
sleep($fill < 60 ? $fill : 60);
my $growth = Deals::Test::Growth->new($t, status => '/deals_status');
my $pause = $SECONDS < 120 ? 0.1 : $SECONDS / 120;
$from = time;
my $next = time + ($SECONDS - $WARM) * 0.2;
my $measured = ($SECONDS - $WARM) * 0.8;
until (time - $from > $measured
    && ($growth->looks >= 8 || time - $from > 3 * $measured))
{
    $growth->look;
    sleep $pause;
    next if time < $next;
    outage();
    sleep 2.5;          # until all is as it was
    $next = time + ($SECONDS < 120 ? $SECONDS / 4 : 60);
}
$traffic->end;

is_deeply [sort $t->workers], \@workers, 'the same workers as before';
is_deeply $traffic->{odd}, [], "$traffic->{asked} requests: no answer but the"
    . ' expected';
cmp_ok $growth->looks, '>=', 8, 'looked ' . $growth->looks . ' times';
is_deeply [$growth->grown], [], 'nothing grows';
my @then = at_rest();
my ($most) = sort { $b <=> $a } @rest;
is scalar(grep { $_ > $most + 2 } @then), 0,
    "no descriptor is left: of workers at rest @rest before, @then after";
$t->reload;
ok $t->wait_until(sub { $t->workers == $WORKERS }, 15), 'old workers end';
ok $t->wait_until(sub { $t->sql("SELECT count(*) FROM pg_stat_activity
    WHERE usename = 'deals'") <= $WORKERS * 5 }), '  with their connections';
my $verify = $t->deals('verify');
is $verify->{code}, 0, 'all counters are right' or diag $verify->{out};
unlike $t->log, qr/\[crit\]|exited on signal|exited with code [^0]/,
    'no worker died';
my $answers = join ', ', map { "$_ x $traffic->{answers}{$_}" }
    sort keys %{ $traffic->{answers} };
diag sprintf("%.1f minutes, %d workers, %d requests, %d unexpected answers, "
    . "%d reloads, %d outages\nanswers: %s\n", (time - $began) / 60,
    $WORKERS, $traffic->{asked}, scalar @{ $traffic->{odd} }, $reloads,
    $outages, $answers)
    . $growth->table if $ENV{SECONDS} || $ENV{TEST_VERBOSE}
        || !Test::More->builder->is_passing;
$t->finish;
