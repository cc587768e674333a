#!/usr/bin/perl

# Reloading, leaving and crashing: nobody is dropped, nothing is left behind, and
# a module that nobody uses does nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Lock;

my $t = Deals::Test->new;

my $unused = <<'CONF';
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%BASE%%
    server { listen 127.0.0.1:%%PORT%%; location / { return 200 "idle\n"; } }
}
CONF

my $used = <<'CONF';
%%GLOBALS%%
worker_processes 2;
thread_pool default threads=2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_query_timeout 60s;
    deals_rate_limit signin=off signup=4/m post=off comment=off vote=off;
    deals_pool_size 2;
    server { listen 127.0.0.1:%%PORT%%; location / { deals; } }
    server { listen 127.0.0.1:%%PORT:two%%; location /x/ { deals; } }
}
CONF

sub connections {
    return $t->sql("SELECT count(*) FROM pg_stat_activity
                    WHERE usename = 'deals'");
}

# --- loaded, not used -----------------------------------------------------------

$t->nginx("%%GLOBALS%%\nevents {}\n");
ok $t->wait_until(sub { $t->workers }), 'without http{}';
$t->write_conf($unused);
$t->reload;
is $t->get('/')->body, "idle\n", 'loaded, not used';
is connections(), 0, '  no connection';
$t->write_conf($used);
$t->reload;
ok $t->wait_until(sub { $t->get('/')->status == 200
    && $t->get('/')->body =~ /<html/ }), 'used after a reload';
ok connections() > 0, '  with connections';

# --- reloads while people read, vote and sign in ------------------------------------

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
my @children;
for my $n (1 .. 4) {
    my $pid = fork // die;
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        my (%count, $bad);
        my $until = time + 6;
        my $i = 0;
        while (time < $until) {
            my $r = $n == 1 ? $ann->put("/api/v1/deals/$id/vote",
                                  json => { value => $i++ % 3 - 1 })
                  : $n == 2 ? $t->post('/login', form => { name => 'ann',
                                  password => 'password of ann' })
                  : $t->get($n == 3 ? "/deals/$id/a-deal" : '/api/v1/deals');
            $count{ $r->status }++;
            sleep 0.005;
        }
        open my $f, '>', $t->dir . "/client.$n";
        print {$f} join ' ', map { "$_=$count{$_}" } sort keys %count;
        close $f;
        require POSIX;
        POSIX::_exit(0);
    }
    push @children, $pid;
}
my $reloads = 0;
my $until = time + 5;
while (time < $until) {
    $t->reload;
    $reloads++;
    sleep 0.2;
}
waitpid $_, 0 for @children;
for my $n (1 .. 4) {
    open my $f, '<', $t->dir . "/client.$n";
    my $said = <$f> // '';
    my %count = map { split /=/ } split ' ', $said;
    is_deeply [sort keys %count], [$n == 2 ? 303 : 200],
        "client $n during $reloads reloads: $said";
}
ok $t->wait_until(sub { connections() <= 4 }),
    'old workers keep no connections: ' . connections();
unlike $t->log, qr/exited on signal|exited with code [^0]/, 'no worker died';

# --- a reload while somebody waits for the database -------------------------------------

for my $signal (qw(HUP QUIT)) {
    my $lock = Deals::Test::Lock->new($t, 'deals');
    my @s = map {
        my $s = $t->connect;
        print {$s} "GET /new HTTP/1.1\r\nHost: x\r\n\r\n";
        $s->flush;
        $s;
    } 1 .. 4;
    $t->wait_until(sub { $lock->waiting });
    $t->all_taken;
    my %old = map { $_ => 1 } $t->workers;
    $t->signal($signal);
    $lock->free_after(0.8);
    for my $s (@s) {
        local $/;
        like <$s>, qr{^HTTP/1\.1 200 .*</html>}s,
            "who waits for the database during $signal is answered";
    }
    $lock->free;
    ok $t->wait_until(sub { !grep { $old{$_} } $t->workers }),
        '  and then the old workers leave';
}
ok $t->wait_until(sub { !$t->{servers}->processes('nginx') }), 'all have left';
ok $t->wait_until(sub { connections() == 0 }), 'no connection is left';
$t->nginx($used);

# --- a client that stays on a connection of an old worker ----------------------------------

my $s = $t->connect;
print {$s} "GET /api/v1/deals/$id HTTP/1.1\r\nHost: x\r\n\r\n";
$s->flush;
sysread $s, my $first, 65536;
like $first, qr{^HTTP/1\.1 200 }, 'a connection that is kept';
$t->reload;
ok $t->wait_until(sub { !sysread $s, my $rest, 1 }), '  is closed by a reload';

# --- counters outlive a reload ---------------------------------------------------------------

# A limit is one of a minute.
$t->stop_redis;
$t->within(60, 15);
my @status = map { $t->post('/api/v1/accounts', json => { name => "early$_",
    password => 'a long password' })->status } 1 .. 3;
$t->reload;
push @status, map { $t->post('/api/v1/accounts', json => { name => "later$_",
    password => 'a long password' })->status } 1 .. 6;
ok +(grep { $_ == 429 } @status) >= 4 && $status[0] == 201,
    "a limit counts on over a reload: @status";

# --- killed ------------------------------------------------------------------------------------

my @old = $t->workers;
kill 'KILL', @old;
$t->allow(qr/worker process \d+ exited on signal 9/);
ok $t->wait_until(sub { my @now = $t->workers;
    @now == 2 && !grep { my $p = $_; grep { $_ == $p } @old } @now }),
    'killed workers are replaced';
ok $t->wait_until(sub { $t->get('/')->status == 200 }), '  and answer';
is $t->post('/api/v1/accounts', json => { name => 'after', password =>
    'a long password' })->status =~ /^(?:201|429)$/ ? 1 : 0, 1,
    '  and still count';

# --- a worker that stays for a slow client keeps no connection ----------------------------------

# Whether others wait for the database at that moment or not.
for my $others (0, 8) {
    $t->get('/') for 1 .. 8;
    my $lock = $others && Deals::Test::Lock->new($t, 'deals');
    my @waiting = map {
        my $w = $t->connect;
        print {$w} "GET /new HTTP/1.1\r\nHost: x\r\n\r\n";
        $w->flush;
        $w;
    } 1 .. $others;
    my $slow = $t->connect;
    print {$slow} "POST /api/v1/deals HTTP/1.1\r\nHost: x\r\nAuthorization:"
        . " Bearer $ann->{cookie}{deals}\r\nContent-Type: application/json\r\n"
        . "Connection: close\r\nContent-Length: 18\r\n\r\n{";
    $slow->flush;
    $t->wait_until(sub { $lock->waiting }) if $lock;
    $t->all_taken;
    my %old = map { $_ => 1 } $t->workers;
    $t->write_conf($unused);
    $t->signal('HUP');
    # A path for which the old workers need no database.
    ok $t->wait_until(sub { $t->get('/nothing')->body eq "idle\n" }),
        "a slow client, $others others";
    $lock->free if $lock;
    for my $w (@waiting) {
        local $/;
        like <$w>, qr{^HTTP/1\.1 200 }, '  who waits is answered';
    }
    ok $t->wait_until(sub { connections() == 0 }), '  it holds no connection';
    ok $t->wait_until(sub { 1 == grep { $old{$_} } $t->workers }),
        '  its worker is there, alone';
    print {$slow} '"title":"Slowly"}';
    $slow->flush;
    {
        local $/;
        like <$slow>, qr{^HTTP/1\.1 201 }, '  and answers';
    }
    ok $t->wait_until(sub { !grep { $old{$_} } $t->workers }), '  and leaves';
    ok $t->wait_until(sub { connections() == 0 }), '  without connections';
    $t->write_conf($used);
    $t->reload;
    $t->wait_until(sub { $t->get('/')->body =~ /<html/ });
}

# --- out of use again ------------------------------------------------------------------------------

$t->write_conf($unused);
$t->reload;
ok $t->wait_until(sub { $t->get('/')->body eq "idle\n" }), 'out of use again';
ok $t->wait_until(sub { connections() == 0 }), '  without connections';

# --- broken configurations change nothing ------------------------------------------------------------

$t->write_conf($used);
$t->reload;
$t->wait_until(sub { $t->get('/')->body =~ /<html/ });
$t->allow(qr/"deals" needs a location/);
$t->write_conf($used =~ s{location / \{}{location /x \{}r);
$t->signal('HUP');
ok $t->wait_until(sub { $t->log =~ /"deals" needs a location/ }), 'a mistake';
is $t->get('/')->status, 200, '  changes nothing';

$t->finish;
