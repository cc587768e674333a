#!/usr/bin/perl

# The zone itself: too small for all there is, killed workers, reloads, another
# size, out of use; and its directive.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;

my $t = Deals::Test->new;
sub conf {
    my ($zone, %o) = @_;
    return <<"CONF";
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    $zone
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache \$deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; @{[$o{location} // '']} }
    }
}
CONF
}

sub status { return $_[0]->header('X-Cache') // '' }

# --- the directive ---------------------------------------------------------------------

for (
    ['deals_cache zone=x:1m;', '', 0, qr/^$/],
    ['deals_cache zone=x:1m; deals_cache zone=y:1m; deals_cache y;', '', 0,
        qr/^$/],
    ['deals_cache zone=x:1m; deals_cache off;', 'deals_cache x;', 0, qr/^$/],
    ['deals_cache zone=x:100k;', '', 1, qr/"x" is too small.*128k/],
    ['deals_cache zone=x;', '', 1, qr/write a name and a size/],
    ['deals_cache zone=:1m;', '', 1, qr/write a name and a size/],
    ['deals_cache zone=x:1y;', '', 1, qr/write a name and a size/],
    ['deals_cache zone=x:1m; deals_cache zone=x:1m;', '', 1, qr/"x" twice/],
    ['deals_cache zone=deals_rate:1m;', '', 1, qr/deals_rate/],
    ['deals_cache 10m=x;', '', 1, qr/invalid value "10m=x"/],
    ['', 'deals_cache x;', 1, qr/zone "x", which nobody makes.*http in .*:\d+/],
    ['deals_cache zone=x:1m;', 'deals_cache y;', 1, qr/zone "y", which nobody/],
    ['', 'deals_cache zone=x:1m;', 1, qr/makes a zone and stands in http/],
    ['', 'deals_cache off; deals_cache off;', 1, qr/duplicate/],
    ['deals_cache;', '', 1, qr/invalid number of arguments/],
) {
    my ($http, $location, $code, $says) = @$_;
    my ($got, $said) = $t->try_nginx(conf($http, location => $location));
    is $got, $code, "$http $location";
    like $said, $says, '  says why' if $code;
    is $said, '', '  says nothing' if !$code;
}

# --- a small zone: what was not used for long goes, and all is answered ------------------

$t->nginx(conf('deals_cache zone=pages:128k;'));
my $ann = $t->member('ann');
my @ids = map { $ann->post('/api/v1/deals', json => { title => "Deal number $_",
    description => "Words. " x 700 })->json->{id} } 1 .. 60;
$t->wait_until(sub { $t->get('/new'); sleep 1.2;
    status($t->get('/new')) eq 'HIT' });

my (%n, $wrong);
for my $round (1 .. 3) {
    for my $i (0 .. $#ids) {
        my $r = $t->get("/deals/$ids[$i]/deal-number-" . ($i + 1));
        $n{ $r->status . ' ' . status($r) }++;
        $wrong++ if $r->body !~ /Deal number @{[$i + 1]}</;
        $r = $t->get('/api/v1/users/ann');
        $n{ 'often ' . status($r) }++;
    }
}
is +(grep { !/^(?:200|often) (?:MISS|HIT)$/ } keys %n), 0,
    'more pages than there is room for: all come' or diag explain \%n;
is $wrong, undef, '  each the right one';
ok $n{'200 MISS'} > 100, "  most of them fresh: $n{'200 MISS'}";
ok $n{'often HIT'} > 5 * $n{'often MISS'}, '  what is used often stays: '
    . "$n{'often HIT'} hits, $n{'often MISS'} misses";
unlike $t->log, qr/no memory/, '  and nobody complains';
# A page that is larger than the zone.
$ann->post("/api/v1/deals/$ids[0]/comments", json => { body => 'x ' x 9000 })
    for 1 .. 5;
for (1 .. 3) {
    my $r = $t->get("/deals/$ids[0]/deal-number-1");
    is $r->status, 200, 'a page larger than the zone';
    ok length $r->body > 90_000, '  comes whole';
}
my $many = $t->get('/api/v1/deals?limit=100');
is scalar @{ $many->json->{deals} }, 60, 'so does a long list';
is_deeply [map { $t->get("/deals/1/x$_")->status } 1 .. 400], [(404) x 400],
    'addresses of nothing';
$t->get('/new');
is status($t->get('/api/v1/users/ann')) =~ /HIT|MISS/ ? 1 : 0, 1, 'it lives';

# --- reloads ------------------------------------------------------------------------------

sub hits { my ($path) = @_; $t->get($path); return status($t->get($path)) }

sub hit {
    my ($path) = @_;
    my $status;
    $t->wait_until(sub { ($status = hits($path)) eq 'HIT' });
    return $status;
}

$t->write_conf(conf('deals_cache zone=pages:2m;'));
$t->reload;
ok $t->wait_until(sub { $t->get('/new')->status == 200 }), 'another size';
is hit('/new'), 'HIT', '  works';
$t->wait_until(sub { $t->get('/top'); sleep 1.2; status($t->get('/top')) eq
    'HIT' });
$t->reload for 1 .. 3;
# A worker that has just reached Redis cannot know what it missed.
is hit('/new'), 'HIT', 'the same size';
$t->write_conf(conf('deals_cache zone=other:2m;'));
$t->reload;
is hit('/new'), 'HIT', 'another name';
$t->write_conf(conf(''));
$t->reload;
is hits('/new'), 'BYPASS', 'none';
$t->write_conf(conf('deals_cache zone=pages:2m;'));
$t->reload;
is hit('/new'), 'HIT', 'again one';

# Templates that changed are seen.
mkdir $t->dir . '/templates';
sub template { Deals::Test::write_file($t->dir . '/templates/hot.html',
    "<p>$_[0]</p>\n") }
my $own = conf('deals_cache zone=pages:2m;',
    location => 'deals_templates %%DIR%%/templates;');
for my $text ('one', 'two', 'three') {
    template($text);
    $t->write_conf($own);
    $t->reload;
    $t->get('/');
    like $t->get('/')->body, qr/<p>$text</, "templates: $text";
}
template('one');
$t->reload;
like $t->get('/')->body, qr/<p>one</, '  and one again';

# --- killed while it changes the zone: what is there may be half done ------------------------------

my $zone = 1024 * 1024 * 2;
$t->write_conf(conf('deals_cache zone=pages:2m;'));
$t->reload;
SKIP: {
    my @workers = $t->workers;
    my $from = mapping($workers[0], $zone);
    open my $mem, '+<', "/proc/$workers[0]/mem" or skip "no /proc/PID/mem: $!", 8;
    binmode $mem;
    ok $from, 'the zone in memory';
    hits($_) for '/', '/new', '/top';

    # The zone's own piece begins a page: nobody inside, its number, its seed.
    my $at;
    for (my $p = $from; $p < $from + 65536; $p += 4096) {
        sysseek $mem, $p, 0;
        sysread $mem, my $b, 24;
        my @q = unpack 'Q3', $b;
        $at = $p, last if $q[0] == 0 && $q[1] && $q[2] && $p > $from;
    }
    ok $at, 'and its beginning' or skip 'not found', 6;
    my $counters = 24 + 64 * 32 + 1024 * 16;
    sysseek $mem, $at + $counters + 16, 0;
    syswrite $mem, "\xa5" x ($from + $zone - $at - $counters - 16);
    sysseek $mem, $at, 0;
    syswrite $mem, pack 'Q', 99999;
    is $t->get("/deals/$ids[$_]/deal-number-" . ($_ + 1))->status, 200,
        'a zone left half done' for 7 .. 10;
    like $t->log, qr/process 99999 died while it changed cache zone "pages"/,
        '  is told of';
    ok $t->wait_until(sub { hits('/') eq 'HIT' }), '  and starts anew';
}

sub mapping {
    my ($pid, $size) = @_;
    no warnings 'portable';             # addresses of 64 bits
    for (split /\n/, Deals::Test::read_file("/proc/$pid/maps")) {
        my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) rw-s/ or next;
        return hex $from if hex($to) - hex($from) == $size;
    }
    return;
}

# --- killed under load --------------------------------------------------------------------------------

# Connections of workers that were killed may outlive them for a while.
$t->stop_postgresql;
$t->start_postgresql(max_connections => 300);
$t->write_conf(conf('deals_cache zone=pages:128k;'));
$t->reload;
$t->wait_until(sub { $t->get("/deals/$ids[0]/deal-number-1")->status == 200 });
$t->allow(qr/exited on signal 9|shared memory zone "pages" was locked by/);
my @children;
for my $n (1 .. 4) {
    my $pid = fork // die;
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        my %count;
        my $until = time + 8 * Deals::Test::patience();
        srand $n;
        while (time < $until) {
            my $i = int rand @ids;
            my $r = eval { $t->get($n == 1 ? '/new'
                : "/deals/$ids[$i]/deal-number-" . ($i + 1)) };
            my $what = !$r ? 0 : $r->status;
            $what = 'wrong' if $what == 200 && ($r->body !~ m{</html>}
                || $n > 1 && $r->body !~ /Deal number @{[$i + 1]}</);
            $count{$what}++;
        }
        Deals::Test::write_file($t->dir . "/client.$n",
            join ' ', map { "$_=$count{$_}" } sort keys %count);
        POSIX::_exit(0);
    }
    push @children, $pid;
}
my $killed = 0;
my $until = time + 7 * Deals::Test::patience();
while (time < $until) {
    # A worker needs its time to begin, with valgrind seconds: there has to be one
    # that serves, and how many answers that makes is the machine's affair.
    $t->wait_until(sub { $t->get('/new')->status == 200 });
    my @w = $t->workers;
    kill 'KILL', $w[rand @w] and $killed++ if @w;
    sleep((0.03 + rand 0.1) * Deals::Test::patience());
}
waitpid $_, 0 for @children;
for my $n (1 .. 4) {
    my $said = Deals::Test::read_file($t->dir . "/client.$n");
    my %count = map { split /=/ } split ' ', $said;
    is +(grep { !/^(?:200|0)$/ } keys %count), 0,
        "client $n while $killed workers are killed: $said";
    ok $count{200} > ($ENV{DEALS_VALGRIND} ? 0 : $count{0} // 0),
        '  most are answered';
}
ok $t->wait_until(sub { $t->workers == 2 && $t->get('/new')->status == 200 }),
    'all is well afterwards';
is hit('/new'), 'HIT', '  with hits';
unlike $t->log, qr/exited on signal (?!9\b)\d+/, '  nobody died of anything else';

$t->finish;
