#!/usr/bin/perl

# Reloads under load, with other zones, pools and databases, and with the
# module's lines removed and back: no request is dropped, no connection and no
# memory is left over, old workers end. The same for an upgrade in place.
# ROUNDS=100 reloads for a long run.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Table;
use Deals::Test::Watch;

my $rounds = $ENV{ROUNDS} || 20;
my $t = Deals::Test->new;

# What changes from one reload to the next. The environment is that of the
# sanitizers, for the new nginx of an upgrade.
sub conf {
    my ($n) = @_;
    my $zone = (4, 8, 6)[$n % 3];
    my $pool = 1 + $n % 3;
    my $name = $n % 2 ? 'one' : 'two';
    my $other = $n % 4 ? '' : 'application_name=other';
    my $redis = $n % 5 ? 'deals_redis %%REDIS%%;' : '';
    my $rarely = $n % 4 == 3 ? 'location / { return 200 "plain\n"; }'
                             : 'location / { deals; }';
    return <<"CONF";
%%GLOBALS%%
worker_processes 2;
worker_shutdown_timeout 10s;
env LD_PRELOAD;
env ASAN_OPTIONS;
env UBSAN_OPTIONS;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%% $other";
    $redis
    deals_cache zone=$name:${zone}m;
    deals_pool_size $pool;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 50;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
        location /other/ { return 200 "other\\n"; }
    }
    server {
        listen 127.0.0.1:%%PORT:rarely%%;
        $rarely
    }
}
CONF
}

my $without = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { return 200 "plain\n"; }
    }
    server { listen 127.0.0.1:%%PORT:rarely%%; return 200 "plain\n"; }
}
CONF

sub connections {
    return $t->sql("SELECT count(*) FROM pg_stat_activity
                    WHERE usename = 'deals'");
}

# Of a process: KB of memory that is no file's, whoever shares it since a fork
# (what it has for itself changes with the workers that are there); descriptors.
sub weight {
    my ($pid) = @_;
    my ($kb, $fds) = (0, 0);
    open my $f, '<', "/proc/$pid/smaps_rollup" or return (0, 0);
    while (<$f>) {
        $kb = $1 if /^Anonymous:\s+(\d+)/;
    }
    opendir my $d, "/proc/$pid/fd" or return ($kb, 0);
    $fds = grep { /^\d/ } readdir $d;
    return ($kb, $fds);
}

sub watch {
    my ($ann, $id) = @_;
    return Deals::Test::Watch->new($t,
        other     => { path => '/other/' },
        anonymous => { path => '/' },
        uncached  => { path => '/users/ann' },
        member    => { path => '/', like => $ann },
        deal      => { path => "/deals/$id/a-deal", like => $ann },
        vote      => { path => "/api/v1/deals/$id/vote", like => $ann,
                       json => { value => 1 } },
    );
}

sub all_well {
    my ($what, $seen) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $who (sort keys %$seen) {
        is_deeply $seen->{$who}{odd}, [],
            "$what: $seen->{$who}{n} requests of $who, none dropped";
        cmp_ok $seen->{$who}{slowest}, '<', 5, '  and none waited';
    }
    unlike $t->log, qr/exited on signal|exited with code [^0]/,
        "$what: no worker died";
}

$t->nginx(conf(1));
my $main = $t->{servers}->main_process('nginx');
my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};

# --- reloads -----------------------------------------------------------------

# The same configurations again and again: what one costs the others must not.
# A leak adds up; the first few are not counted.
my (@kb, @fds);
my $watch = watch($ann, $id);
my $stayed = 0;
for my $n (1 .. $rounds) {
    $t->write_conf(conf($n));
    my %old = map { $_ => 1 } $t->workers;
    $t->signal('HUP');
    my $ended = $t->wait_until(sub {
        my @now = $t->workers;
        @now == 2 && !grep { $old{$_} } @now }, 12);
    $stayed++ if !$ended;
    # Each configuration has its own weight: of one in twelve.
    if ($n % 12 == 1 || $rounds < 36 && $n % 6 == 1) {
        my ($kb, $fds) = weight($main);
        push @kb, $kb;
        push @fds, $fds;
    }
    sleep 0.05 + rand 0.1;
}
my $seen = $watch->end;
all_well("$rounds reloads", $seen);
is $stayed, 0, 'old workers end';
ok $t->wait_until(sub { connections() <= 2 * 5 }),
    'connections are those of two workers: ' . connections();
SKIP: {
    skip 'AddressSanitizer keeps what was freed', 1 if $ENV{DEALS_ASAN};
    cmp_ok $kb[-1] - $kb[1], '<', 200, "no memory is left: @kb";
}
cmp_ok $fds[-1] - $fds[1], '<=', 4, "nor descriptors: @fds";
my ($requests, $dropped) = (0, 0);
for my $s (values %$seen) {
    $requests += $s->{n};
    $dropped += $s->{n} - ($s->{status}{200} // 0);
}
Deals::Test::Table->row("$rounds reloads: zones, pools, databases change",
    Deals::Test::Table->number($requests) . " requests, $dropped dropped",
    "old workers that stayed $stayed; main process $kb[1] KB, then $kb[-1] KB; "
    . "descriptors $fds[1], then $fds[-1]; connections " . connections());

# --- the module's lines removed, and back ------------------------------------

for my $time (1, 2) {
    $t->write_conf($without);
    $t->reload;
    ok $t->wait_until(sub { $t->get('/')->body eq "plain\n" }),
        'without the module\'s lines';
    ok $t->wait_until(sub { connections() == 0 }), '  without connections';
    $t->write_conf(conf($time));
    $t->reload;
    ok $t->wait_until(sub { $ann->get('/')->body =~ /\bann\b/ }), '  and back';
}

# --- an upgrade in place -----------------------------------------------------

sub masters {
    my %parent;
    for my $pid (map { $_->[0] } $t->{servers}->processes('nginx')) {
        open my $stat, '<', "/proc/$pid/stat" or next;
        ($parent{$pid}) = <$stat> =~ /\) \S (\d+)/;
    }
    my %is = map { $_ => 1 } values %parent;
    return grep { $is{$_} } sort { $a <=> $b } keys %parent;
}

# An nginx that is still its starter's child takes USR2 for a mistake.
$t->stop_nginx;
my $starter = fork // die "fork: $!\n";
if (!$starter) {
    $t->nginx(conf(1));
    POSIX::_exit(0);
}
waitpid $starter, 0;

# A process that is gone may still have a number.
sub is_there { return defined readlink "/proc/$_[0]/cwd" }

$watch = watch($ann, $id);
my $pid_file = $t->dir . '/nginx.pid';
my $old = $t->{servers}->main_process('nginx');
kill 'USR2', $old;
ok $t->wait_until(sub { -s $pid_file && -s "$pid_file.oldbin" }),
    'a new nginx beside the old one';
my $new = do { open my $f, '<', $pid_file or die; <$f> + 0 };
ok $t->wait_until(sub { scalar(masters()) == 2 }), '  with workers';
sleep 0.3;
kill 'QUIT', $old;
ok $t->wait_until(sub { !is_there($old) }, 12), '  takes over: the old one ends';
sleep 0.5;
all_well('an upgrade', $watch->end);
ok $t->wait_until(sub { connections() <= 2 * 5 }),
    'connections are those of two workers: ' . connections();
is $ann->get('/api/v1/me')->status, 200, 'members are still signed in';
is $t->deals('verify')->{code}, 0, 'all counters are right';

kill 'QUIT', $new;
ok $t->wait_until(sub { !is_there($new) && !$t->{servers}->processes('nginx') }, 12), 'and it leaves';
is connections(), 0, '  with its connections';
$t->finish;
