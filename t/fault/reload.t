#!/usr/bin/perl

# Reloads under load, with other zones, pools and databases, without the module's
# lines, without the module itself, and back: no request is dropped, no connection
# and no memory is left over, old workers end. The same for an upgrade in place.
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

my $rounds = $ENV{ROUNDS} || 0;
$rounds = 25 if $rounds < 25;           # twice around, after the first time
my $t = Deals::Test->new;

# Of twelve configurations one has none of the module's lines, and one does not
# load it either. nginx finds no file then (404), and takes none (405).
my %without = (4 => 'its lines', 9 => 'the module');
$rounds++ if $without{ $rounds % 12 };          # it is there in the end

# What changes from one reload to the next. The environment is that of the
# sanitizers, for the new nginx of an upgrade.
sub conf {
    my ($n) = @_;
    my $without = $without{ $n % 12 } // '';
    my $zone = (4, 8, 6)[$n % 3];
    my $pool = 1 + $n % 3;
    my $name = $n % 2 ? 'one' : 'two';
    my $other = $n % 4 ? '' : 'application_name=other';
    my $redis = $n % 5 ? 'deals_redis %%REDIS%%;' : '';
    my $rarely = $n % 4 == 3 ? 'location / { return 200 "plain\n"; }'
                             : 'location / { deals; }';
    my $conf = <<"CONF";
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
    root "%%DIR%%/no-files";
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
        location /other/ { return 200 "other\\n"; }
    }
    server {
        listen 127.0.0.1:%%PORT:other%%;
        location / { return 200 "other\\n"; }
    }
    server {
        listen 127.0.0.1:%%PORT:rarely%%;
        $rarely
    }
}
CONF
    $conf = $t->fill($conf);
    $conf =~ s/\bdeals(?:_\w+ [^;]*)?;//g if $without;
    $conf =~ s/^load_module .*\n//m if $without eq 'the module';
    return $conf;
}

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

# Who may answer: the module, nginx alone, or both, while workers take turns. The
# number is another each time.
my $turn = 0;
my $answers = $t->dir . '/answers';

sub answers {
    open my $f, '>', "$answers.new" or die "$answers: $!\n";
    print {$f} ++$turn, " @_";
    close $f;
    rename "$answers.new", $answers or die "$answers: $!\n";
}

sub who_answers {
    open my $f, '<', $answers or die "$answers: $!\n";
    return scalar <$f>;
}

# What is odd about an answer, to a request that was under way meanwhile.
sub is_theirs {
    my ($like) = @_;
    return state => \&who_answers, judge => sub {
        my ($r, $before, $after) = @_;
        my $who = $r->status == 200 && $r->body =~ $like ? 'module'
            : $r->status =~ /^40[45]$/ && $r->body =~ m{<hr><center>nginx}
              && !$r->header('Content-Security-Policy') ? 'nginx' : 'nobody';
        return if "$before $after" =~ /\b$who\b/;
        my ($from, $to) = map { /^(\d+)/ } $before, $after;
        # The one between may have passed meanwhile.
        return if $who ne 'nobody' && $to - $from > 1;
        return "$before, $after: " . $r->status . ' ' . substr $r->body, 0, 80;
    };
}

sub is_loaded {
    my ($pid) = @_;
    open my $f, '<', "/proc/$pid/maps" or return 0;
    return scalar(grep { /ngx_http_deals_module/ } <$f>) > 0;
}

sub watch {
    my ($ann, $id) = @_;
    my $hers = qr/>\@?ann</;
    return Deals::Test::Watch->new($t,
        other     => { path => '/other/' },
        site      => { path => '/', port => $t->port('other') },
        anonymous => { path => '/', is_theirs(qr/A deal/) },
        uncached  => { path => '/users/ann', is_theirs(qr/\bann\b/) },
        member    => { path => '/', like => $ann, is_theirs($hers) },
        deal      => { path => "/deals/$id/a-deal", like => $ann,
                       is_theirs($hers) },
        vote      => { path => "/api/v1/deals/$id/vote", like => $ann,
                       json => { value => 1 }, is_theirs(qr/"my_vote":1/) },
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

answers('module');
$t->nginx(conf(1));
my $main = $t->{servers}->main_process('nginx');
my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};

# --- reloads -----------------------------------------------------------------

# The same configurations again and again: what one costs the others must not.
# A leak adds up; the first few are not counted.
my (@kb, @fds);
my $watch = watch($ann, $id);
my ($stayed, $left, $without, $who) = (0, 0, 0, 'module');
for my $n (1 .. $rounds) {
    my $now = $without{ $n % 12 } ? 'nginx' : 'module';
    my %old = map { $_ => 1 } $t->workers;
    answers('module', 'nginx') if $now ne $who;
    $t->write_conf(conf($n));
    $t->signal('HUP');
    my $ended = $t->wait_until(sub {
        my @now = $t->workers;
        @now == 2 && !grep { $old{$_} } @now }, 12);
    $stayed++ if !$ended;
    answers($who = $now) if $now ne $who;
    if ($now eq 'nginx') {
        $without++;
        $left++ if !$t->wait_until(sub { connections() == 0 })
            || is_loaded($main) != ($without{ $n % 12 } eq 'its lines');
    }
    # Each configuration has its own weight: of one in twelve.
    if ($n % 12 == 1) {
        my ($kb, $fds) = weight($main);
        push @kb, $kb;
        push @fds, $fds;
    }
    sleep 0.05 + rand 0.1;
}
my $seen = $watch->end;
all_well("$rounds reloads", $seen);
is $stayed, 0, 'old workers end';
is $left, 0, "$without times without the module: so are its connections, and it";
cmp_ok $seen->{$_}{status}{404} // 0, '>', 0, "  $_ was told so"
    for $without ? qw(anonymous uncached member deal) : ();
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
    $dropped += $s->{wrong};
}
Deals::Test::Table->row("$rounds reloads: zones, pools, databases change, "
    . "$without times the module's lines are gone",
    Deals::Test::Table->number($requests) . " requests, $dropped dropped",
    "old workers that stayed $stayed; main process $kb[1] KB, then $kb[-1] KB; "
    . "descriptors $fds[1], then $fds[-1]; connections " . connections());

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
ok $t->wait_until(sub { connections() == 0 }), '  with its connections';
$t->finish;
