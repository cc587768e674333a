#!/usr/bin/perl

# A member whose name is guessed at from all over the world, and from next door,
# gets in with a browser that was there before, wherever it is now; and nobody
# gains anything by that, who does not have it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_rate_limit signin=3/m signup=off;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
        location /shop/ { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:tls%%;
        location / { deals; deals_url https://deals.example; }
        location /device/ { deals; deals_url https://deals.example; }
    }
}
CONF

my $api = '/api/v1';
my $name = 'deals_device';

# Signs in from an address, with the device that is given.
sub try_from {
    my ($from, $who, $device, $password) = @_;
    my $c = $t->client(from => $from);
    $c->{cookie}{$name} = $device if defined $device;
    my $r = $c->post("$api/sessions", json => { name => $who,
        password => $password // "password of $who" });
    return wantarray ? ($r, $c) : $r->status;
}

sub cookies {
    my ($r) = @_;
    return [$r->head =~ /^Set-Cookie: ([^\r\n]*)/mg];
}

my $ann = $t->member('ann', undef, from => '127.0.0.10');
my $bob = $t->member('bob', undef, from => '127.0.0.11');
my ($hers, $his) = map { $_->{cookie}{$name} } $ann, $bob;

# --- what it is ------------------------------------------------------------------

my ($id) = $t->sql("SELECT user_id FROM users WHERE name = 'ann'");
like $hers, qr/^$id\.\d+\.[\w-]{64}\z/, 'who signs up gets one';
my ($r) = try_from('127.0.0.10', 'ann');
my ($set) = grep { /^$name=/ } @{ cookies($r) };
like $set, qr/^$name=$id\.\d+\.[\w-]{64}; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax\z/,
    'who signs in too, by the API';
unlike $set, qr/\Q$hers\E/, '  another one each time';
$r = $t->client(from => '127.0.0.10')->post('/shop/login',
    form => { name => 'ann', password => 'password of ann' });
like "@{ cookies($r) }", qr{deals=.* $name=\S+; Path=/shop/; Max}, '  on the page';
my $tls = $t->client(from => '127.0.0.10', port => $t->port('tls'));
$t->afresh;
is_deeply [map { my $r = $tls->post("$_/login", form => { name => 'ann',
        password => 'password of ann' });
        map { /^(__Host-[^=]+)=\S+; Path=\/; .*; Secure\z/ } @{ cookies($r) } }
    '', '/device'], ['__Host-deals', '__Host-deals_device',
    '__Host-deals-device', '__Host-deals_device-device'],
    '  with https for the host alone, and none is like another';
is_deeply [map { scalar grep { /_device/ } @{ cookies($_) } }
    (try_from('127.0.0.12', 'ann', undef, 'guess'))[0], $ann->get('/')], [0, 0],
    'who does not gets none';
is $t->get("$api/me", headers => { Cookie => "deals=$hers; $name=$hers" })->status,
    401, 'it is no session';
unlike $ann->get($_)->body, qr/\Q$hers\E/, "$_ does not show it"
    for '/', '/settings', "$api/me", "$api/sessions";
unlike join("\n", map { $t->sql("SELECT * FROM $_") } qw(users sessions
    user_networks)), qr/\Q@{[ substr $hers, -43 ]}\E/, 'nor is it kept';

# --- from all over the world ---------------------------------------------------------

sub attack { try_from("127.0.1.$_", 'ann', undef, 'guess') for 1 .. 5 }

$t->afresh;
attack();
is try_from('127.0.2.1', 'ann'), 429, 'somebody on a network that is new waits';
is_deeply [map { scalar try_from("127.0.2.$_", 'ann', $hers) } 2 .. 4],
    [201, 201, 201], 'not with a browser that was there before';
is try_from('127.0.2.5', 'ann', $hers), 429, '  which has a count of its own';
is try_from('127.0.0.10', 'ann'), 201, '  as the network has, from before';
my $form = $t->client(from => '127.0.2.6');
$form->{cookie}{$name} = $ann->{cookie}{$name};
($r) = try_from('127.0.0.10', 'ann');
my ($second) = map { /^$name=([^;]+)/ } @{ cookies($r) };
$form->{cookie}{$name} = $second;
is $form->post('/login', form => { name => 'ann',
    password => 'password of ann' })->status, 303, 'another one counts apart';

# Neighbours who try from her own network do not keep her out either.
$t->afresh;
try_from('127.0.0.10', 'ann', undef, 'guess') for 1 .. 4;
is try_from('127.0.0.10', 'ann'), 429, 'neighbours who guess';
is try_from('127.0.0.10', 'ann', $hers), 201, '  do not keep the browser out';

# Guesses with it are counted.
$t->afresh;
is_deeply [map { scalar try_from("127.0.3.$_", 'ann', $hers, 'guess') } 1 .. 4],
    [401, 401, 401, 429], 'who has stolen it guesses no faster';

# --- what is none of hers ----------------------------------------------------------------

my ($head, $secret) = $hers =~ /^(.*\.)(.*)/;
my ($number, $time) = $hers =~ /^(\d+)\.(\d+)/;
my %forged = (
    "another member's" => $his,
    'with her number' => $his =~ s/^\d+/$id/r,
    'made later' => "$number." . ($time + 1) . ".$secret",
    'another nonce' => $head . ($secret =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er),
    'another end' => $head . ($secret =~ s/(.)$/$1 eq 'A' ? 'B' : 'A'/er),
    'more of it' => "${hers}A", 'less of it' => substr($hers, 0, -1),
    'with a zero' => "0$hers", 'no secret' => $head, 'half' => $number,
    'a sign' => "+$hers", 'nothing' => '', 'dots' => '...',
    'a session' => $ann->{cookie}{deals}, 'long' => 'x' x 4000,
);
for my $what (sort keys %forged) {
    $t->afresh;
    attack();
    is try_from('127.0.4.1', 'ann', $forged{$what}), 429, "$what: is none";
}
$t->afresh;
is_deeply [map { scalar try_from("127.0.5.$_", 'nob', $hers) } 1 .. 4],
    [401, 401, 401, 429], 'nobody has one';

# Too old, by what stands in it, which nobody can change.
my $key = $t->sql("SELECT password_hash FROM users WHERE name = 'ann'");

sub made {
    my ($ago) = @_;
    require Digest::SHA;
    require MIME::Base64;
    my $begin = "$id." . (time - $ago) . '.';
    my $nonce = 'sixteen bytes it';
    return $begin . MIME::Base64::encode_base64url($nonce
        . Digest::SHA::hmac_sha256("a device of\0$begin$nonce", $key));
}

my $next = 0;
for (['new', 0, 201], ['of 179 days', 179 * 86400, 201],
     ['of 180 days', 180 * 86400, 429], ['of tomorrow', -86400, 429]) {
    $t->afresh;
    attack();
    is try_from('127.0.6.' . ++$next, 'ann', made($_->[1])), $_->[2], "one that is $_->[0]";
}

# --- a new password ---------------------------------------------------------------------

$t->afresh;
$r = $ann->put("$api/me/password", json => { current => 'password of ann',
    password => 'her second one' });
is $r->status, 204, 'a new password';
my ($third) = map { /^$name=([^;]+)/ } @{ cookies($r) };
attack();
is try_from('127.0.7.1', 'ann', $hers, 'her second one'), 429,
    '  ends what browsers have';
is try_from('127.0.7.1', 'ann', $third, 'her second one'), 201,
    '  but the one that it was set with gets another';
$t->afresh;
$r = $ann->post('/settings/password', form => { current => 'her second one',
    password => 'her third one' });
my ($fourth) = map { /^$name=([^;]+)/ } @{ cookies($r) };
attack();
is try_from('127.0.7.1', 'ann', $fourth, 'her third one'), 201, '  on the page';
my ($code) = $t->deals('user', 'reset', 'ann', { env => { DEALS_URL => '' } })
    ->{out} =~ /^(\S+)/;
is $t->post("$api/password-resets", json => { token => $code,
    password => 'password of ann' })->status, 204, 'a reset';
$t->afresh;
attack();
is try_from('127.0.7.2', 'ann', $_), 429, '  ends them all'
    for $hers, $third, $fourth;

# --- signing out -------------------------------------------------------------------------

$r = $bob->post('/logout', form => {});
is $r->status, 303, 'who signs out';
is_deeply [grep { /_device/ } @{ cookies($r) }], [], '  keeps it';
$t->afresh;
try_from("127.0.1.$_", 'bob', undef, 'guess') for 1 .. 5;
is try_from('127.0.8.1', 'bob', $his), 201, '  and signs in with it';

$t->stop_redis;
is_deeply [map { scalar try_from("127.0.9.1$_", 'bob', $his) } 1 .. 3],
    [201, 201, 429], 'without Redis, too, where nobody begins anew';

$t->finish;
