#!/usr/bin/perl

# A password that is changed while somebody signs in with the old one: whichever
# of both is first in the database, no session is left that the old one began.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Lock;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_query_timeout 60s;
deals_rate_limit signin=3/m signup=off;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:free%%;
    deals_rate_limit signin=off;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my $ann = $t->member('ann');
my $free = $t->client(port => $t->port('free'));

sub signs_in {
    return $free->post("$api/sessions", cookies => 0, json => { name => 'ann',
        password => $_[0] });
}

sub sessions { return $t->sql('SELECT count(*) FROM sessions') }

my $old = 'password of ann';
my $other = $t->client;
$other->post("$api/accounts", json => { name => 'spare', password =>
    'quite another one' });
my ($spare) = $t->sql("SELECT password_hash FROM users WHERE name = 'spare'");
$t->sql("DELETE FROM users WHERE name = 'spare'");

# --- the change is first --------------------------------------------------------

my $tx = Deals::Test::Lock->transaction($t, "UPDATE users
    SET password_hash = '$spare' WHERE name = 'ann'; DELETE FROM sessions");
my ($waits, $r) = $tx->holds_up($free, POST => "$api/sessions", cookies => 0,
    json => { name => 'ann', password => $old });
ok $waits, 'signing in waits for a change of the password';
is $r->status, 401, '  and the old one is not good any more';
is $r->json->{detail}, signs_in('no')->json->{detail},
    '  which looks as any wrong password does';
is sessions(), 0, '  no session is left';
is $t->sql('SELECT count(*) FROM user_networks WHERE seen_at > now()'), 0,
    '  nor a network learnt';
is signs_in('quite another one')->status, 201, '  the new one is good';

# --- the sign-in is first -------------------------------------------------------

# All ways to a new password: what signing in does up to its end, then the way,
# which has to wait for it.
my $insert = "SELECT FROM users WHERE name = 'ann' FOR SHARE;
    INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
    SELECT user_id, repeat('a', 64), now(), now(), now() + interval '1 day'
    FROM users WHERE name = 'ann'";
my $length = $t->sql('SELECT length(token_hash) FROM sessions LIMIT 1');
$insert =~ s/64/$length/;

my $now = 'quite another one';
my $token = signs_in($now)->json->{token};
$tx = Deals::Test::Lock->transaction($t, $insert);
($waits, $r) = $tx->holds_up($free, PUT => "$api/me/password", cookies => 0,
    bearer => $token, json => { current => $now,
        password => 'the second password' });
ok $waits, 'a change waits for who signs in';
is $r->status, 204, '  is made';
is sessions(), 1, '  and ends the session that just began';
is $free->get("$api/me", bearer => $token)->status, 200, '  one\'s own goes on';

my $code = (split /\n/, $t->deals('user', 'reset', 'ann')->{out})[0];
$tx = Deals::Test::Lock->transaction($t, $insert);
($waits, $r) = $tx->holds_up($free, POST => "$api/password-resets", cookies => 0,
    json => { token => $code, password => 'the third password' });
ok $waits, 'a reset waits for who signs in';
is $r->status, 204, '  is made';
is sessions(), 0, '  and ends all sessions';

$tx = Deals::Test::Lock->transaction($t, $insert);
my $pid = fork // die;
if (!$pid) {
    open STDIN, '-|', 'echo', 'the fourth password';
    $ENV{DEALS_DATABASE} = $t->database;
    $ENV{DEALS_REDIS} = $t->redis;
    exec "$t->{build}/deals", qw(user passwd ann --password-stdin)
        or POSIX::_exit(127);
}
ok $t->wait_until(sub { $tx->waiting }), 'the operator waits for who signs in';
$tx->free;
waitpid $pid, 0;
is $? >> 8, 0, '  sets a password';
is sessions(), 0, '  and ends all sessions';
is signs_in('the fourth password')->status, 201, '  the new one is good';

# --- a token is made meanwhile --------------------------------------------------

$now = 'the fourth password';
$token = signs_in($now)->json->{token};
my %made = (label => 'Mine', scopes => ['write'], days => 30,
    current => $now);
$tx = Deals::Test::Lock->transaction($t, "UPDATE users SET password_hash = password_hash
    WHERE name = 'ann'; DELETE FROM sessions");
($waits, $r) = $tx->holds_up($free, POST => "$api/tokens", cookies => 0,
    bearer => $token, json => \%made);
ok $waits, 'who makes an access token waits for a change of the password';
is $r->status, 401, '  which ended the session that makes it';
is sessions(), 0, '  and none is left';
$token = signs_in($now)->json->{token};
is $free->post("$api/tokens", bearer => $token, json => \%made)->status, 201,
    '  a session that goes on makes one';
$insert =~ s/expires_at\)/expires_at, label, scopes)/;
$insert =~ s/interval '1 day'/interval '1 day', 'Mine', 4/;
$tx = Deals::Test::Lock->transaction($t, $insert);
($waits, $r) = $tx->holds_up($free, PUT => "$api/me/password", cookies => 0,
    bearer => $token, json => { current => $now,
        password => 'not quite the fifth' });
ok $waits, 'a change waits for a token';
is $r->status, 204, '  is made';
is sessions(), 1, '  and ends all tokens';
is $t->deals('user', 'passwd', 'ann', '--password-stdin',
    { input => "$now\n" })->{code}, 0, '  back';
is signs_in($now)->status, 201, '  to what it was';

# --- networks -------------------------------------------------------------------

# Who knew the old password is no more at home than any stranger.
sub networks {
    return $t->sql("SELECT count(*) FROM user_networks JOIN users
        USING (user_id) WHERE name = 'ann'");
}
sub from {
    my ($from, $password) = @_;
    return $t->client(port => $t->port('free'), from => $from)
        ->post("$api/sessions", json => { name => 'ann',
                                          password => $password });
}
my $home = from('127.0.0.30', 'the fourth password')->json->{token};
from("127.0.0.$_", 'the fourth password') for 31 .. 33;
is networks(), 5, 'networks of a member';
is $t->client(port => $t->port('free'), from => '127.0.0.30')->put(
    "$api/me/password", bearer => $home, json => {
        current => 'the fourth password', password => 'the fifth password' })
    ->status, 204, 'a change';
is networks(), 1, '  leaves the one that it came from';
from('127.0.0.31', 'the fifth password');
is networks(), 2, 'another';
is $t->deals('user', 'passwd', 'ann', '--password-stdin',
    { input => "the sixth password\n" })->{code}, 0, 'the operator';
is networks(), 0, '  forgets them all';

$t->finish;
