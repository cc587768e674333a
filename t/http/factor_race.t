#!/usr/bin/perl

# A second factor that is turned on while somebody signs in with the password
# alone: whichever of both is first in the database, no session is left that
# began without a code.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Lock;
use Deals::Test::Totp;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit signin=off signup=off;
%%SITE%%
CONF

my $api = '/api/v1';
my %in = (name => 'ann', password => 'password of ann');
my $ann = $t->member('ann');

sub sessions { return $t->sql('SELECT count(*) FROM sessions') }

my $secret = $ann->post("$api/me/factor", json => { current =>
    $in{password} })->json->{secret};
my $own = sessions();

# --- the second factor is first -----------------------------------------------

# What turning it on does up to its end; the sign-in knows of none so far.
my $tx = Deals::Test::Lock->transaction($t,
    "SELECT FROM users WHERE name = 'ann' FOR NO KEY UPDATE;
    UPDATE user_factors SET confirmed_at = now(), asker_hash = NULL");
my ($waits, $r) = $tx->holds_up($t->client, POST => "$api/sessions",
    json => \%in);
ok $waits, 'signing in waits for a second factor that is being turned on';
is $r->status, 401, '  and the password alone is not good any more';
is sessions(), $own, '  no session has begun';
is $t->post("$api/sessions", cookies => 0, json => \%in)->json->{type},
    'urn:deals:problem:code-needed', '  the next one is asked for a code';
$r = $t->post("$api/sessions", cookies => 0, json => { %in, code =>
    totp($secret) });
is $r->status, 201, '  which is good';

# --- the sign-in is first -----------------------------------------------------

$t->sql('DELETE FROM user_factors');
$secret = $ann->post("$api/me/factor", json => { current => $in{password} })
    ->json->{secret};
my $length = $t->sql('SELECT length(token_hash) FROM sessions LIMIT 1');
$tx = Deals::Test::Lock->transaction($t,
    "SELECT FROM users WHERE name = 'ann' FOR SHARE;
    INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
    SELECT user_id, repeat('a', $length), now(), now(), now() + interval '1 day'
    FROM users WHERE name = 'ann'");
($waits, $r) = $tx->holds_up($ann, POST => "$api/me/factor/confirm",
    json => { code => totp($secret) });
ok $waits, 'turning it on waits for who signs in';
is $r->status, 200, '  is done';
is sessions(), 1, '  and ends the session that just began';
is $ann->get("$api/me")->status, 200, '  one\'s own goes on';

# --- both at once -------------------------------------------------------------

for my $round (1 .. 5) {
    $t->sql('DELETE FROM user_factors; DELETE FROM sessions');
    $ann->post("$api/sessions", json => \%in);
    $secret = $ann->post("$api/me/factor", json => { current =>
        $in{password} })->json->{secret};
    my @in = map { $t->client->begin(POST => "$api/sessions",
        json => \%in) } 1 .. 4;
    my $on = $ann->begin(POST => "$api/me/factor/confirm", json => { code =>
        totp($secret) });
    is $on->()->status, 200, 'on, while four sign in';
    $_->() for @in;
    is sessions(), 1, '  whose sessions are gone, or never began';
}

$t->finish;
