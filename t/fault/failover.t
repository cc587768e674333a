#!/usr/bin/perl

# A standby takes over: the primary dies in a storm of votes, comments and posts,
# for a while nobody is at its address, then a server that can only be read, then
# that one is promoted. Pages go on for everybody, writes are refused in time and
# without a storm of connections, service is back at once, and what was
# acknowledged is there: replication is synchronous. ROUNDS=20 for a long run.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Proxy;
use Deals::Test::Standby;
use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Storm;
use Deals::Test::Table;
use Deals::Test::Watch;

my $rounds = $ENV{ROUNDS} || 1;
my $workers = 2;

my $t = Deals::Test->new(settings => { jit => 'off', fsync => 'off',
    synchronous_commit => 'on', shared_buffers => '32MB',
    max_connections => 60, autovacuum_naptime => '10s' });
my $proxy = Deals::Test::Proxy->new(port => $t->port('proxy'),
    to => $t->dir . '/sockets/.s.PGSQL.5432');
$t->nginx(<<"CONF");
%%GLOBALS%%
worker_processes $workers;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "host=127.0.0.1 port=%%PORT:proxy%% dbname=deals
        user=deals password=worker-secret sslmode=disable";
    deals_redis %%REDIS%%;
    deals_cache zone=pages:8m;
    deals_query_timeout 3s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 100000;
    add_header X-Cache \$deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /other/ { return 200 "other\\n"; }
        location = /status { deals_status; }
    }
}
CONF

my @members = map {
    my $who = $t->member("member$_");
    $who->{member} = "member$_";
    $who;
} 1 .. 4;
my $ann = $members[0];
my @deals = map { $ann->post('/api/v1/deals', json => { title => "Deal $_" })
    ->json->{id} } 1 .. 5;
my $storm = Deals::Test::Storm->new($t, members => [@members[1 .. 3]],
    deals => \@deals);
my $writer = Deals::Test::Steady->new(like => $ann, again => 1, timeout => 10);
my $votes = 0;
my $still = Deals::Test::Standstill->new;
my ($pages, $failed, $refused, $slowest, $clean) = (0) x 5;

sub vote {
    my $id = $deals[$votes % @deals];
    return $writer->put("/api/v1/deals/$id/vote",
        json => { value => $votes++ % 2 ? 1 : -1 });
}

sub site { return $t->get('/status?format=json')->json->{sites}[0] }

# Asks for changes and pages for so many seconds.
sub while_away {
    my ($what, $seconds) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($began, $slowest, $n, @odd) = (time, 0, 0);
    do {
        for my $ask (\&vote, sub { $writer->post('/api/v1/deals',
                                       json => { title => 'Meanwhile' }) },
                     sub { $writer->post('/api/v1/sessions', json => {
                               name => 'member1',
                               password => 'password of member1' }) })
        {
            my $r = $ask->();
            $n++;
            my $took = $still->without(@$writer{qw(began took)});
            $slowest = $took if $took > $slowest;
            push @odd, $r->status . ' ' . $r->body
                if $r->status != 503
                || ($r->header('Retry-After') // '') !~ /^[1-9]\d*$/;
        }
        for my $path ('/', "/deals/$deals[0]/deal-1") {
            my $r = $writer->get($path);
            push @odd, "$path: " . $r->status if $r->status != 200;
        }
    } while (time - $began < $seconds);
    is_deeply \@odd, [], "$what: $n changes are refused, pages come";
    cmp_ok $slowest, '<', 1, '  within a second';
    return $n;
}

# Until all workers take changes: seconds.
sub resumes {
    my $began = time;
    for my $ask (\&vote, (sub { $t->put("/api/v1/deals/$deals[0]/vote",
        json => { value => 1 }, headers => { Authorization =>
            "Bearer $ann->{cookie}{deals}" }) }) x 8)
    {
        until ($ask->()->status == 200) {
            return 99 if time - $began > 20;
            sleep 0.02;
        }
    }
    return $still->since($began);
}

for my $round (1 .. $rounds) {
    my $standby = Deals::Test::Standby->new($t);
    # Whose last visit was too long ago to go unnoted.
    my $guest = $t->member("guest$round");
    $t->sql("UPDATE sessions SET seen_at = now() - interval '1 hour' WHERE user_id
        = (SELECT user_id FROM users WHERE name = 'guest$round')");
    for my $path ('/', "/deals/$deals[0]/deal-1") {
        $_->get($path) for map { ($_) x 8 } $ann, $t;
    }
    my $logged = length $t->log;
    my $before = $storm->{acknowledged};
    $storm->begin;
    my $watch = Deals::Test::Watch->new($t,
        other     => { path => '/other/' },
        anonymous => { path => '/' },
        member    => { path => '/', like => $ann, each => sub {
            $_[0]->body =~ /\bmember1\b/ ? undef : 'not as member1' } },
        deal      => { path => "/deals/$deals[0]/deal-1", like => $ann },
    );
    sleep 0.5;

    $standby->crash($t);
    # A second of patience, in which changes wait; the storm waits too.
    $t->wait_until(sub { vote()->status == 503 });
    $refused += while_away("round $round, nobody is there", 1);

    $proxy->to($standby->socket);
    my ($began, $connected) = (time, $standby->connections);
    ok $t->wait_until(sub { $t->get('/users/member1');
        $workers == grep { $_->{database}{read_only} }
            @{ site()->{workers} } }), '  all workers find the standby';
    $refused += while_away('it can only be read', 2);
    is $t->get('/users/member2')->status, 200, '  what is not kept is read';
    like $guest->get('/users/member2')->body, qr/\bguest$round\b/,
        '  by members who were not here for long, too';
    # A few of each worker at first, then one a second, give or take.
    my $limit = $workers * (5 + 2 * (time - $began));
    cmp_ok $standby->connections - $connected, '<', $limit,
        sprintf '  with %d connections', $standby->connections - $connected;

    $standby->promote($t);
    # Without what asking takes by itself, just now.
    my ($resumed, $plain) = (resumes(), resumes());
    $resumed -= $plain if $plain < $resumed;
    cmp_ok $resumed, '<', 2, sprintf 'promoted: back after %.2f s', $resumed;
    $slowest = $resumed if $resumed > $slowest;
    ok $t->wait_until(sub { !grep { $_->{database}{read_only} }
        @{ site()->{workers} } }), '  no worker takes it for a standby';

    sleep 0.3;
    $storm->end;
    my $seen = $watch->end;
    for my $who (sort keys %$seen) {
        is_deeply $seen->{$who}{odd}, [], "  $who: $seen->{$who}{n} pages";
        $pages += $seen->{$who}{n};
        $failed += $seen->{$who}{n} - ($seen->{$who}{status}{200} // 0);
        cmp_ok $seen->{$who}{slowest}, '<', 4, '  in time';
        next if $who !~ /^(?:anonymous|member)$/;
        cmp_ok $seen->{$who}{cache}{STALE} // 0, '>', 10, '  some of them stale';
    }
    is_deeply [$storm->wrong], [], '  all that was acknowledged is there, once: '
        . ($storm->{acknowledged} - $before);
    my $verify = $t->deals('verify')->{code};
    is $verify, 0, '  and all counters are right';
    $clean++ if $verify == 0;
    my $log = substr $t->log, $logged;
    for my $what ('takes no changes', 'takes changes again', 'not available:',
                  'available again')
    {
        my $times = () = $log =~ /database: $what/g;
        cmp_ok $times, '<=', 2 * $workers, "  the log says $times times: $what";
    }
    diag join '; ', map {
        my $cache = $seen->{$_}{cache};
        join ' ', $_, map { "$_=$cache->{$_}" } sort keys %$cache;
    } sort keys %$seen if $ENV{TEST_VERBOSE};
}

Deals::Test::Table->row("$rounds failovers: the primary dies (kill -9), a"
    . ' standby can only be read, and is promoted', Deals::Test::Table->number($pages)
    . " pages, $failed failed; " . $storm->requests . '; ' .
    Deals::Test::Table->number($refused) . ' other changes refused',
    $storm->found . ", `deals verify` clean after $clean of $rounds rounds; "
    . sprintf 'service after at most %.2f s', $slowest);
is_deeply $storm->{odd}, [], 'no other answers than these';
is_deeply $storm->{late}, [], 'none came late';
cmp_ok $storm->{again}, '>', 0, 'some asked again';
unlike $t->log, qr/exited on signal|exited with code [^0]/, 'no worker died';
$t->finish;
