#!/usr/bin/perl

# Two nodes, one database: what one writes the other shows within a second, by
# Redis; the command line too; without Redis within the time that pages live.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Node;
use Deals::Test::Standstill;

my $t = Deals::Test->new;

# The second node: another nginx with a zone of its own.
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
$t->nginx($conf);
my $two = Deals::Test::Node->new($t, $conf =~ s/%%PORT%%/%%PORT:two%%/r);

my $one = $t->client;
my $other = $t->client(port => $t->port('two'));
sub status { return $_[0]->header('X-Cache') // '' }

my $ann = $t->member('ann');
sub post { return $ann->post('/api/v1/deals', json => { title => $_[0] })
                      ->json->{id} }
my $id = post('first');
$t->wait_until(sub { $other->get('/')->status == 200 });
ok $t->wait_until(sub { $other->get('/new'); sleep 1.5;
    status($other->get('/new')) eq 'HIT' }), 'its pages last';

# Writes here; how long until the other node shows what it should: a second, and
# another one for a busy machine; when it stands still does not count. Who did not
# hear of it shows it when ten are over that what is kept is good for.
my $soon = 2 * Deals::Test::patience();
my $still = Deals::Test::Standstill->new;
sub seen {
    my ($what, $path, $write, $like) = @_;
    # Kept there, and not to be read again in a moment, for its time is over.
    $other->get($path) for 1 .. 8;
    ok $t->wait_until(sub { status($other->get($path)) eq 'HIT' }),
        "$what: kept there";
    $write->();
    my $start = time;
    my $r = $t->wait_until(sub { $other->get($path)->body =~ $like }, 14);
    my $took = $still->since($start);
    ok $r && $took < $soon, sprintf '  seen after %.2f s', $took;
}

seen('a new deal', '/', sub { post('posted here') }, qr/posted here/);
seen('in lists of the API', '/api/v1/deals?sort=new', sub { post('and this') },
    qr/and this/);
seen('a change', "/api/v1/deals/$id", sub { $ann->patch("/api/v1/deals/$id",
    json => { title => 'second' }) }, qr/second/);
seen('a comment', "/deals/$id/second", sub { $ann->post(
    "/api/v1/deals/$id/comments", json => { body => 'hear hear' }) },
    qr/hear hear/);
sleep 1;
seen('a vote', "/api/v1/deals/$id", sub { $ann->put("/api/v1/deals/$id/vote",
    json => { value => -1 }) }, qr/"score":-1/);
seen('hidden on the command line', '/api/v1/deals', sub {
    my $r = $t->deals('deal', 'hide', $id);
    is $r->{code}, 0, '  deals deal hide' or diag $r->{err};
}, qr/^(?!.*"second")/s);
my $import = '{"source":"reddit","source_id":"1","title":"from elsewhere",'
    . '"created_at":"2026-01-01T00:00:00Z"}';
seen('imported', '/top?window=all', sub {
    my $r = $t->deals('import', '-', { input => "$import\n" });
    is $r->{code}, 0, '  deals import' or diag $r->{err}, $r->{out};
}, qr/from elsewhere/);

# An access token that the other node knows, in each worker, is revoked here.
{
    my $made = $ann->post('/api/v1/tokens', json => { label => 'x', scopes =>
        ['read', 'vote'], current => 'password of ann' })->json;
    my $me = sub { $other->get('/api/v1/me', bearer => $made->{token})->status };
    my $all = sub { my %seen = map { $me->() => 1 } 1 .. 12;
        join ' ', sort keys %seen };
    is $all->(), '200', 'an access token on the other node';
    is $ann->delete("/api/v1/tokens/$made->{id}")->status, 204, '  revoked here';
    my $start = time;
    ok $t->wait_until(sub { $all->() eq '401' }), '  is good no more there';
    my $took = $still->since($start);
    ok $took < $soon, sprintf '  after %.2f s', $took;
    is $all->(), '401', '  for any of its workers';
    is $other->put("/api/v1/deals/$id/vote", bearer => $made->{token},
        json => { value => 1 })->status, 401, '  nor does it vote';
}

# Own changes do not come back.
$one->get('/new') for 1 .. 6;
post('echo');
$one->get('/new') for 1 .. 6;
sleep 0.2;
is status($one->get('/new')), 'HIT', 'a node does not hear itself';

# A connection to Redis that was away: anything may have changed. Alone, a node
# keeps what it has for a second, and what it kept before for three.
$t->wait_until(sub { $other->get('/new')->body =~ /echo/ });
$t->stop_redis;
post('unheard');
my $start = time;
ok $t->wait_until(sub { $other->get('/new')->body =~ /unheard/ }, 14),
    'without Redis it is found out';
my $late = $still->since($start);
ok $late < 6, sprintf '  soon enough: %.1f s', $late;
$other->get('/new') for 1 .. 4;
$start = time;
post('alone');
$t->wait_until(sub { $other->get('/new')->body =~ /alone/ }, 14);
my $took = $still->since($start);
ok $took < $soon, sprintf '  and later within a second: %.1f s', $took;
$t->start_redis;
ok $t->wait_until(sub { $other->get('/new'); sleep 1.5;
    status($other->get('/new')) eq 'HIT' }, 20), 'it is back';
seen('again', '/', sub { post('heard') }, qr/heard/);

# Nonsense in the channel harms nobody.
my $redis = $t->{servers}->redis_socket;
for my $message ('', 'x', '0 1:', '0 99999:1', '0 1:99999999999999999999',
                 '0 ' . '1:2 ' x 500, "\0\1", 'ffffffffffffffffffff 1:1') {
    $t->command(['redis-cli', '-s', $redis, 'PUBLISH', 'deals:changed:0',
        $message]);
}
is $other->get('/')->status, 200, 'nonsense in the channel';

ok $two->quit, 'the second node leaves';
my $log = $two->log;
unlike $log, qr/\[alert\]|\[emerg\]|exited on signal/, '  with a clean log';
$t->finish;
