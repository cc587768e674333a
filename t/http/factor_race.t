#!/usr/bin/perl

# A second factor that is turned on while somebody signs in with the password
# alone: whichever of both is first in the database, no session is left that
# began without a code.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Handle;
use IPC::Open2;
use Deals::Test;
use Deals::Test::Totp;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit signin=off signup=off;
%%SITE%%
CONF

my $api = '/api/v1';
my %in = (name => 'ann', password => 'password of ann');
my $ann = $t->member('ann');

# A transaction of somebody else, which stays open until `end`.
sub transaction {
    my ($sql) = @_;
    my $pid = open2(my $out, my $in, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1',
        $t->database_admin);
    $in->autoflush;
    print {$in} "BEGIN; $sql;\n\\echo done\n";
    my $line;
    do { $line = <$out> // die 'psql ended' } until $line =~ /^done/;
    return { pid => $pid, in => $in };
}

sub end {
    my ($tx) = @_;
    print { $tx->{in} } "COMMIT;\n";
    close $tx->{in};
    waitpid $tx->{pid}, 0;
    is $?, 0, '  the other transaction is there';
}

sub waits {
    return $t->wait_until(sub {
        $t->sql('SELECT count(*) FROM pg_locks WHERE NOT granted') });
}

# A request whose answer is fetched later.
sub ask {
    my ($path, $body, $token) = @_;
    my $json = JSON::PP->new->canonical->encode($body);
    my $s = $t->connect;
    print {$s} "POST $api$path HTTP/1.1\r\nHost: localhost\r\n"
        . "Sec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        . ($token ? "Authorization: Bearer $token\r\n" : '')
        . "Content-Type: application/json\r\nContent-Length: "
        . length($json) . "\r\n\r\n$json";
    $s->flush;
    return $s;
}

sub answer {
    my ($s) = @_;
    local $/;
    return Deals::Test::Response->parse(<$s>, 'POST');
}

sub sessions { return $t->sql('SELECT count(*) FROM sessions') }

my $secret = $ann->post("$api/me/factor", json => { current =>
    $in{password} })->json->{secret};
my $own = sessions();

# --- the second factor is first -----------------------------------------------

# What turning it on does up to its end; the sign-in knows of none so far.
my $tx = transaction("SELECT FROM users WHERE name = 'ann' FOR NO KEY UPDATE;
    UPDATE user_factors SET confirmed_at = now(), asker_hash = NULL");
my $s = ask('/sessions', \%in);
ok waits(), 'signing in waits for a second factor that is being turned on';
end($tx);
is answer($s)->status, 401, '  and the password alone is not good any more';
is sessions(), $own, '  no session has begun';
is $t->post("$api/sessions", cookies => 0, json => \%in)->json->{type},
    'urn:deals:problem:code-needed', '  the next one is asked for a code';
$s = $t->post("$api/sessions", cookies => 0, json => { %in, code =>
    totp($secret) });
is $s->status, 201, '  which is good';

# --- the sign-in is first -----------------------------------------------------

$t->sql('DELETE FROM user_factors');
$secret = $ann->post("$api/me/factor", json => { current => $in{password} })
    ->json->{secret};
my $length = $t->sql('SELECT length(token_hash) FROM sessions LIMIT 1');
$tx = transaction("SELECT FROM users WHERE name = 'ann' FOR SHARE;
    INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
    SELECT user_id, repeat('a', $length), now(), now(), now() + interval '1 day'
    FROM users WHERE name = 'ann'");
$s = ask('/me/factor/confirm', { code => totp($secret) },
    $ann->{cookie}{deals});
ok waits(), 'turning it on waits for who signs in';
end($tx);
is answer($s)->status, 200, '  is done';
is sessions(), 1, '  and ends the session that just began';
is $ann->get("$api/me")->status, 200, '  one\'s own goes on';

# --- both at once -------------------------------------------------------------

for my $round (1 .. 5) {
    $t->sql('DELETE FROM user_factors; DELETE FROM sessions');
    $ann->post("$api/sessions", json => \%in);
    $secret = $ann->post("$api/me/factor", json => { current =>
        $in{password} })->json->{secret};
    my @in = map { ask('/sessions', \%in) } 1 .. 4;
    my $on = ask('/me/factor/confirm', { code => totp($secret) },
        $ann->{cookie}{deals});
    is answer($on)->status, 200, 'on, while four sign in';
    answer($_) for @in;
    is sessions(), 1, '  whose sessions are gone, or never began';
}

$t->finish;
