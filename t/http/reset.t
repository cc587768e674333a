#!/usr/bin/perl

# A password that was forgotten: the operator makes a code, it sets a new one,
# once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
deals_rate_limit signin=off signup=off;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signin=3/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my ($old, $new, $newer) = ('password of ann', 'a new one <b>', 'a newer one');
my $ann = $t->member('ann');
my $bob = $t->member('bob');

sub code {
    my ($name, %env) = @_;
    my $r = $t->deals('user', 'reset', $name, { env => { DEALS_URL => '', %env } });
    is $r->{code}, 0, "a code for $name" or diag $r->{err};
    return (split /\n/, $r->{out})[0];
}

sub reset_by_api {
    my ($token, $password) = @_;
    return $t->post("$api/password-resets", json => { token => $token,
                                                      password => $password });
}

sub signs_in {
    my ($name, $password) = @_;
    return $t->post("$api/sessions", json => { name => $name,
                                               password => $password })->status;
}

# --- the command ----------------------------------------------------------------

my $r = $t->deals('user', 'reset', 'nobody');
is $r->{code}, 1, 'nobody has no code';
like $r->{err}, qr/no member/, '  and why';
is $t->deals('user', 'reset')->{code}, 2, 'whose?';
$r = $t->deals('user', 'reset', 'ANN',
               { env => { DEALS_URL => 'https://deals.example' } });
like $r->{out}, qr{^(\d+\.[\w-]{32})\nhttps://deals\.example/reset\#\1\n\z},
    'a code, and a link that no log sees';
my $first = (split /\n/, $r->{out})[0];
my $token = code('ann');
isnt $token, $first, 'another one each time';
my ($secret) = $token =~ /\.(.*)/;
unlike join(' ', $t->sql('SELECT * FROM password_resets')), qr/\Q$secret\E/,
    'it is stored as a hash';
is $ann->get("$api/me")->status, 200, 'until it is used nothing ends';
is signs_in('ann', $old), 201, '  and the old password is good';

# --- by the API -------------------------------------------------------------------

for my $bad ([$first, $new, 'token'], ['', $new, 'token'], ['x', $new, 'token'],
             ["$token ", $new, 'token'], ["$token.", $new, 'token'],
             ['1.' . 'A' x 32, $new, 'token'], ["' OR 1=1 --", $new, 'token'],
             [$bob->{cookie}{deals}, $new, 'token'],
             [$token, 'short', 'password'], [$token, 'password', 'password'],
             [$token, 'x' x 129, 'password'], [$token, '', 'password']) {
    $r = reset_by_api($bad->[0], $bad->[1]);
    is $r->status, 422, "a mistake in $bad->[2]";
    is_deeply [map { $_->{field} } @{ $r->json->{errors} }], [$bad->[2]],
        '  is named';
}
is signs_in('ann', $old), 201, 'nothing came of that';
is $t->get("$api/me", bearer => $token)->status, 401, 'a code is no session';
$r = reset_by_api($token, $new);
is $r->status, 204, 'setting a password';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
is $r->header('Set-Cookie'), undef, '  is no sign-in';
is $ann->get("$api/me")->status, 401, '  ends the sessions';
unlike $ann->get('/')->body, qr/Signed in/, '  on pages too';
is $bob->get("$api/me")->status, 200, '  not those of others';
is signs_in('ann', $old), 401, '  the old password is not good any more';
is signs_in('ann', $new), 201, '  the new one is';
is reset_by_api($token, $newer)->status, 422, 'once';
is signs_in('ann', $new), 201, '  indeed';

$token = code('ann');
$t->sql("UPDATE password_resets SET expires_at = now() - interval '1 second'");
is reset_by_api($token, $newer)->status, 422, 'not after its hour';
is $t->sql("SELECT count(*) FROM password_resets"), 1, '  which';
$token = code('ann');
cmp_ok $t->sql("SELECT extract(epoch FROM expires_at - now())::int
    FROM password_resets"), '<=', 3600, '  has 60 minutes';
$ann = $t->client;
$ann->post("$api/sessions", json => { name => 'ann', password => $new });
$ann->put("$api/me/password", json => { current => $new, password => $newer });
is reset_by_api($token, $old)->status, 422,
    'not when the password was changed since';

# Of two at once one succeeds.
$token = code('ann');
my @s = map {
    my $body = qq({"token":"$token","password":"password number $_"});
    my $s = $t->connect;
    print {$s} "POST $api/password-resets HTTP/1.1\r\nHost: localhost\r\n"
        . "Sec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Type:"
        . " application/json\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
    $s->flush;
    $s;
} 1 .. 6;
my @got = map { local $/; (<$_> // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0 } @s;
is_deeply [sort @got], [204, (422) x 5], 'six at once: one';

# Each minute has counts of its own. Redis has an instant to count: where it was
# late on a busy machine, once more.
my $limited = $t->client(port => $t->port('limited'));
my @guesses;
for (1 .. 3) {
    $t->within(60, 10);
    $t->flush_redis;
    @guesses = map { $limited->post("$api/password-resets", json => {
        token => 'x', password => $new })->status } 1 .. 4;
    last if "@guesses" eq '422 422 422 429';
}
is_deeply \@guesses, [422, 422, 422, 429], 'guessing codes is slow';

# --- on the page --------------------------------------------------------------------

$r = $t->get('/reset');
is $r->status, 200, 'the page';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
$token = code('ann');
$r = $t->post('/reset', form => { token => $token, password => 'short' });
is $r->status, 422, 'a mistake';
like $r->body, qr/value="\Q$token\E"/, '  leaves the code';
unlike $r->body, qr/value="short/, '  and not the password';
$r = $t->post('/reset', form => { token => '"><script>alert(1)</script>',
                                  password => $new });
is $r->status, 422, 'a code that is none';
unlike $r->body, qr/<script>alert/, '  is text';
like $r->body, qr/id="token-e">This code is not good/, '  and why';
is $t->post('/reset', site => 'cross-site', form => { token => $token,
    password => $new })->status, 403, 'not from elsewhere';
$r = $t->post('/reset', form => { token => $token, password => $new });
is $r->header('Location'), '/login?done=reset', 'it leads to the sign-in';
like $t->get('/login?done=reset')->body, qr/Your password was set/,
    '  which says so';
is signs_in('ann', $new), 201, '  and lets one in';

unlike $t->log . $t->access_log, qr/\Q$secret\E|\Q$newer\E/,
    'neither codes nor passwords are in the logs';
$t->finish;
