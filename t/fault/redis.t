#!/usr/bin/perl

# Redis frozen, killed, flushed, far away, cut off, talking nonsense, away for
# good: pages and writes go on for everybody, nobody waits noticeably longer,
# nothing is lost, and limits still count. redis_tls.t does this over TLS.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Certificates;
use Deals::Test::Proxy;
use Deals::Test::Storm;
use Deals::Test::Watch;

our ($tls, $more);
our $t = Deals::Test->new;
our $certs = $tls && Deals::Test::Certificates->new($t)
    ->make('redis', names => ['DNS:localhost']);
our $proxy = Deals::Test::Proxy->new(port => $t->port('proxy'),
    to => $tls ? '127.0.0.1:' . $certs->redis('redis')
               : $t->dir . '/sockets/redis.sock');
my $address = '127.0.0.1:' . $t->port('proxy');
$address = 'rediss://localhost:' . $t->port('proxy')
    . '?ssl_trusted_certificate=' . $certs->file('ca.pem') if $tls;
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%%";
    deals_redis %%ADDRESS%%;
    deals_cache zone=pages:8m;
    deals_query_timeout 5s;
    deals_rate_limit signin=100000/m signup=100000/m post=100000/m
                     comment=100000/m vote=100000/m;
    keepalive_requests 100000;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /other/ { return 200 "other\n"; }
    }
    server {
        listen 127.0.0.1:%%PORT:limited%%;
        deals_rate_limit vote=4/m;
        location / { deals; }
    }
}
CONF
$conf =~ s/%%ADDRESS%%/$address/;
$t->nginx($conf);

my @members = map {
    my $who = $t->member("member$_");
    $who->{member} = "member$_";
    $who;
} 1 .. 3;
my ($ann, $bob, $carol) = @members;
my @deals = map { $ann->post('/api/v1/deals', json => { title => "Deal $_" })
    ->json->{id} } 1 .. 5;
my $storm = Deals::Test::Storm->new($t, members => [$ann, $bob],
    deals => \@deals);
my $usual;

# Does something to Redis for so many seconds while all go on.
sub disaster {
    my ($what, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $who (@members) {
        $who->get('/') for 1 .. 6;
    }
    my $logged = length $t->log;
    my $before = $storm->{acknowledged};
    $storm->begin;
    my $watch = Deals::Test::Watch->new($t,
        anonymous => { path => '/', pause => 0.02 },
        uncached  => { path => '/users/member1', pause => 0.02 },
        member    => { path => '/', like => $carol, pause => 0.02,
                       each => sub { $_[0]->body =~ /\bmember3\b/
                                         ? undef : 'not as herself' } },
        vote      => { path => "/api/v1/deals/$deals[0]/vote", pause => 0.02,
                       like => $carol, json => { value => 1 } },
    );
    sleep 0.3;
    $o{begin}->() if $o{begin};
    my $limited = $o{limits} // 1 ? limited() : undef;
    sleep $o{seconds};
    ($o{end} || sub { $proxy->mode('pass') })->();
    sleep 0.3;
    my $seen = $watch->end;
    $storm->end;

    for my $who (sort keys %$seen) {
        is_deeply $seen->{$who}{odd}, [], "$what: $who is answered";
        next if !$usual;
        my $limit = $usual->{$who}{p99} + 0.1;
        # What a busy machine adds is added to few.
        cmp_ok $seen->{$who}{p99}, '<', $limit + 0.05, '  without a wait';
        cmp_ok $seen->{$who}{slowest}, '<', $limit + 0.5, '  at any time';
    }
    is_deeply [$storm->wrong], [], "$what: nothing is lost: "
        . ($storm->{acknowledged} - $before);
    cmp_ok $limited, '>=', 5, '  limits count' if defined $limited;
    # What was refused to whom is told each time; what failed is not.
    my @words = grep { /\[(?:error|warn|crit)\]/ && !/ deals event=/ }
        split /\n/, substr $t->log, $logged;
    cmp_ok scalar @words, '<', 20, '  and the log says so, not each request';
    diag sprintf '%s: %s; %d lines', $what, join('; ', map {
        my $s = $seen->{$_};
        sprintf '%s %d %.2f %.2f', $_, $s->{n}, $s->{p99}, $s->{slowest}
    } sort keys %$seen), scalar @words if $ENV{TEST_VERBOSE};
    $usual //= $seen;
}

# 4 votes a minute, and at most as many of the next one, for each who counts: of
# the two workers and Redis; how many of 30 are too many?
sub limited {
    my $client = $t->client(port => $t->port('limited'),
        cookie => { %{ $carol->{cookie} } });
    my %status;
    $status{ $client->put("/api/v1/deals/$deals[1]/vote",
        json => { value => 1 })->status }++ for 1 .. 30;
    is join(' ', grep { !/^(?:200|429)$/ } sort keys %status), '',
        'votes are counted or refused';
    return $status{429} // 0;
}

disaster('as usual', seconds => 2, end => sub { });

disaster('frozen', seconds => 4,
    begin => sub { $t->signal('STOP', 'redis-server') },
    end   => sub { $t->signal('CONT', 'redis-server') });

disaster('killed', seconds => 1,
    begin => sub { $t->signal('KILL', 'redis-server') },
    end   => sub {
        $t->stop_redis;
        $t->start_redis;
        $certs->redis('redis') if $tls;
    });

disaster('flushed', seconds => 0.5, limits => 0,
    begin => sub {
        for (1 .. 5) {
            redis('FLUSHALL');
            sleep 0.1;
        }
    },
    end => sub { }) if !$tls;

disaster('full', seconds => 1,
    begin => sub { redis('CONFIG SET maxmemory 1') },
    end   => sub { redis('CONFIG SET maxmemory 0') }) if !$tls;

sub redis {
    my ($command) = @_;
    my $r = $t->command(['redis-cli', '-s', $t->dir . '/sockets/redis.sock',
        split ' ', $command]);
    $r->{code} == 0 or die "redis-cli: $r->{err}";
    return $r->{out};
}

disaster('garbage', seconds => 1.5,
    begin => sub { $proxy->mode('garbage') });

disaster('a cable is cut', seconds => 1.5,
    begin => sub { $proxy->mode('hole') });

disaster('far away', seconds => 1,
    begin => sub { $proxy->mode('delay', 200) });

disaster('a byte at a time', seconds => 1,
    begin => sub { $proxy->mode('dribble', 1) });

disaster('resets', seconds => 1, begin => sub { $proxy->mode('reset') });

disaster('half closed', seconds => 1, begin => sub { $proxy->mode('half') });

$more->() if $more;

$t->wait_until(sub { (redis('CLIENT LIST') =~ tr/\n//) > 2 });
$t->stop_redis;
$t->stop_nginx;
$t->nginx($conf);
disaster('away for good', seconds => 1, end => sub { });

is $t->deals('verify')->{code}, 0, 'all counters are right';
$t->finish;
