#!/usr/bin/perl

# What members settle for themselves: the password, and which sessions go on, by
# the API and on the page.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF', workers => 2);
deals_cache zone=pages:4m;
deals_rate_limit signin=off signup=off;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /shop/ { deals; }
}
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signin=3/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my $old = 'password of ann';
my $new = 'another one, longer';
my $ann = $t->member('ann', $old, headers => { 'User-Agent' => 'First/1' });
my $bob = $t->member('bob');

sub sign_in {
    my ($name, $password, $agent, %o) = @_;
    my $c = $t->client(headers => { 'User-Agent' => $agent // 'Test' }, %o);
    my $r = $c->post("$api/sessions", json => { name => $name,
        password => $password });
    return $r->status == 201 ? $c : undef;
}

# Every worker: each connection may be another's.
sub signed_in {
    my ($c) = @_;
    my %seen = map { $c->get("$api/me")->status => 1 } 1 .. 12;
    $seen{page} = 1 if grep { $c->get('/')->body =~ /Signed in as/ } 1 .. 12;
    return join ' ', sort keys %seen;
}

# --- sessions by the API -------------------------------------------------------

my $second = sign_in('ann', $old, 'Second/2');
my $third = sign_in('ann', $old, "Th\tird <b>3</b>");
my $r = $ann->get("$api/sessions");
is $r->status, 200, 'the list of sessions';
is $r->header('Cache-Control'), 'no-store', '  is for nobody else';
my @s = @{ $r->json->{sessions} };
is scalar @s, 3, '  has all three';
is_deeply [map { $_->{current} ? 1 : 0 } @s], [1, 0, 0], '  the own one first';
is $s[0]{user_agent}, 'First/1', '  with its program';
is_deeply [map { $_->{address} } @s], [('127.0.0.1') x 3], '  and address';
is_deeply [sort { $a cmp $b } map { $_->{user_agent} } @s],
    ['First/1', 'Second/2', 'Th?ird <b>3</b>'], '  whatever it says';
my %token = map { $_ => 1 } $t->sql('SELECT token_hash FROM sessions'),
    map { $_->{cookie}{deals}, $_->{cookie}{deals} =~ s/.*\.//r }
        $ann, $second, $third;
ok !(grep { my $s = $_; grep { index($_, $s->{id}) >= 0 } keys %token } @s),
    '  the id is part of no token and no hash';
is scalar @{ $bob->get("$api/sessions")->json->{sessions} }, 1,
    'others see their own';

my %id = map { $_->{user_agent} => $_->{id} } @s;
is signed_in($second), '200 page', 'a session goes on';
my %sure = (current => $old);
sub ends {
    my ($c, $which, $current) = @_;
    return $c->post("$api/sessions/${which}end", json => { current =>
        $current // $old });
}
is ends($bob, "$id{'Second/2'}/", 'password of bob')->status, 404,
    '  others can not end it';
is ends($ann, "$_/")->status, 404, "  no session: $_"
    for '0' x 32, 'x', "$id{'Second/2'}0", '%27%20OR%20true', 'a' x 500;
for my $which ("$id{'Second/2'}/", '') {
    my $what = $which ? 'one' : 'all others';
    for my $wrong ('wrong', '', 'x' x 9000, 'password of bob') {
        $r = ends($ann, $which, $wrong);
        is $r->status, 422, "ending $what by a wrong password";
        is_deeply [map { $_->{field} } @{ $r->json->{errors} }], ['current'],
            '  which is named';
    }
    is $ann->post("$api/sessions/${which}end", json => {})->status, 422,
        '  by none';
    is $ann->post("$api/sessions/${which}end")->status, 415,
        '  by nothing at all';
    is $ann->post("$api/sessions/${which}end", site => 'cross-site',
        json => \%sure)->status, 403, '  from elsewhere';
}
is $ann->delete("$api/sessions")->status, 405, 'nor are they just deleted';
is signed_in($second), '200 page', '  all that changed nothing';
is ends($ann, "$id{'Second/2'}/")->status, 204, '  its owner can';
is signed_in($second), '401', '  at once, for every worker';
is ends($ann, "$id{'Second/2'}/")->status, 404, '  once';
is signed_in($ann), '200 page', '  and goes on';
is ends($ann, '')->status, 204, 'ending all others';
is signed_in($third), '401', '  ends them';
is signed_in($ann), '200 page', '  but not this one';
is signed_in($bob), '200 page', '  and nobody else\'s';
my ($own) = @{ $ann->get("$api/sessions")->json->{sessions} };
$r = ends($ann, "$own->{id}/");
is $r->status, 204, 'ending the own one';
like $r->header('Set-Cookie'), qr/Max-Age=0/, '  takes the cookie';

# --- the password by the API ---------------------------------------------------

$ann = sign_in('ann', $old, 'First/1');
$second = sign_in('ann', $old, 'Second/2');
for my $bad ([{ current => 'wrong', password => $new }, 'current'],
             [{ current => '', password => $new }, 'current'],
             [{ current => 'x' x 9000, password => $new }, 'current'],
             [{ current => $old, password => 'short' }, 'password'],
             [{ current => $old, password => 'password' }, 'password'],
             [{ current => $old, password => 'Ann.2024!' }, 'password'],
             [{ current => $old, password => 'Sunsh1ne!' }, 'password'],
             [{ current => $old, password => 'x' x 129 }, 'password'],
             [{ password => $new }, 'current'],
             [{ current => $old }, 'password'],
             [{ current => $old, password => $new, user_id => 1 }, 'user_id']) {
    $r = $ann->put("$api/me/password", json => $bad->[0]);
    is $r->status, 422, "a mistake in $bad->[1]";
    is_deeply [map { $_->{field} } @{ $r->json->{errors} }], [$bad->[1]],
        '  is named';
    unlike $r->body, qr/\Q$old\E|\Q$new\E/, '  and no password shown';
}
ok sign_in('ann', $old), 'the password is as it was';
is signed_in($second), '200 page', '  and so are the sessions';
is $t->put("$api/me/password", json => { current => $old, password => $new })
    ->status, 401, 'nobody has none to change';
is $ann->put("$api/me/password", site => 'cross-site', json =>
    { current => $old, password => $new })->status, 403, 'not from elsewhere';
$r = $ann->put("$api/me/password", json => { current => $old,
                                             password => $new });
is $r->status, 204, 'changing it';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
is signed_in($ann), '200 page', '  this session goes on';
is signed_in($second), '401', '  the others end';
is signed_in($bob), '200 page', '  not those of others';
ok !sign_in('ann', $old), '  the old one is not good any more';
ok sign_in('ann', $new), '  the new one is';

my $limited = $t->client(port => $t->port('limited'));
$t->within(60, 25);
$limited->{cookie} = { %{ $ann->{cookie} } };
is_deeply [map { $limited->put("$api/me/password", json => { current => 'guess',
    password => $new })->status } 1 .. 4], [422, 422, 422, 429],
    'guessing the password of an open session is slow';
$r = $limited->post('/settings/password', form => { current => $new,
                                                    password => $old });
is $r->status, 429, '  also on the page';
like $r->header('Retry-After'), qr/^[1-9]\d*$/, '  with a time to wait';
like $r->body, qr/role="alert"><p>\S/, '  and a word';

is $limited->post($_->[0], $_->[1] => { current => $new, %{ $_->[2] } })
    ->status, 429, "  together with all that asks for it: $_->[0]"
    for ["$api/sessions/end", json => {}],
        ['/settings/sessions/end', form => {}],
        ['/settings/tokens', form => { label => 'x', scopes => 'read' }];

# --- the page -------------------------------------------------------------------

$r = $t->get('/settings');
is $r->status, 303, 'the settings of nobody';
is $r->header('Location'), '/login?next=%2Fsettings', '  lead to the sign-in';
$r = $t->post('/settings/password', form => { current => 'a', password => 'b' });
is $r->header('Location'), '/login?next=%2Fsettings', '  and back to the page';
like $ann->get('/')->body, qr{href="/settings"}, 'the menu leads there';
like $ann->get('/shop/settings')->body, qr{action="/shop/settings/password"},
    'under a prefix';
$t->client(headers => { 'User-Agent' => '"><script>alert(1)</script>' })
    ->post("$api/sessions", json => { name => 'ann', password => $new });
$second = sign_in('ann', $new, 'Second/2');
$r = $ann->get('/settings');
is $r->status, 200, 'the page';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
like $r->body, qr/&lt;script&gt;alert/, '  what programs call themselves';
unlike $r->body, qr/<script>alert/, '  is text';
is scalar(() = $r->body =~ /This one/g), 1, '  one session is this one';
my ($end) = $r->body
    =~ m{Second/2.*?<button[^>]* formaction="(/settings/sessions/\w+/end)"}s;
ok $end, '  others have a button';
is $bob->post($end, form => { current => 'password of bob' })->status, 303,
    '  which does nothing for others';
is signed_in($second), '200 page', '  indeed';
is $ann->post($end, site => 'cross-site', form => { current => $new })->status,
    403, '  nor from elsewhere';
for my $to ($end, '/settings/sessions/end') {
    for my $wrong ({ current => 'wrong & one' }, { current => '' }, {}) {
        $r = $ann->post($to, form => $wrong);
        is $r->status, 422, "  nor without the password: $to";
        like $r->body, qr/id="ending-e">\S/, '  which is told at its field';
        like $r->body, qr/<input id="ending"[^>]* aria-invalid="true"/,
            '  which is marked';
        like $r->body, qr/class="errors"[^>]*><p><a href="#ending"/,
            '  and on top';
        unlike $r->body, qr/id="(?:current|making)-e"|wrong &/, '  and nowhere else';
    }
}
is $ann->post($end, body => '', type => undef)->status, 422, '  nor by nothing';
is signed_in($second), '200 page', '  it goes on';
$r = $ann->post($end, form => { current => $new });
is $r->header('Location'), '/settings?done=session', '  it ends the session';
is signed_in($second), '401', '  at once';
like $ann->get('/settings?done=session')->body, qr/That session has ended/,
    '  and it is said';
unlike $ann->get('/settings?done=%3Cb%3Enothing')->body, qr/class="note"/,
    '  nothing else is';
$second = sign_in('ann', $new);
is $ann->post('/settings/sessions/end', form => { current => $new })->header('Location'),
    '/settings?done=others', 'ending all others';
is signed_in($second), '401', '  ends them';
is signed_in($ann), '200 page', '  but not this one';
unlike $ann->get('/settings')->body, qr/everywhere else<\/button>|id="ending"/,
    '  and the button goes, with its field';

$r = $ann->post('/settings/password', form => { current => 'wrong & one',
                                                password => 'short' });
is $r->status, 422, 'mistakes';
like $r->body, qr/id="password-e">\S/, '  are told at their fields';
unlike $r->body, qr/wrong &|value="short/, '  no password comes back';
$r = $ann->post('/settings/password', form => { current => 'wrong & one',
                                                password => $old });
like $r->body, qr/id="current-e">This is not your password/, 'a wrong one';
like $r->body, qr/This one/, '  the page is whole';
$second = sign_in('ann', $new);
is $ann->post('/settings/password', form => { current => $new,
    password => $old })->header('Location'), '/settings?done=password',
    'changing it';
is signed_in($ann), '200 page', '  this session goes on';
is signed_in($second), '401', '  the others end';
ok sign_in('ann', $old), '  the new one is good';

# --- one browser, one session ----------------------------------------------------

for my $how (['/login', 'form'], ["$api/sessions", 'json']) {
    my ($path, $kind) = @$how;
    my $browser = sign_in('bob', 'password of bob');
    my $before = $t->client;
    $before->{cookie} = { %{ $browser->{cookie} } };
    is signed_in($before), '200 page', "a session, before $path";
    $browser->post($path, $kind => { name => 'bob', password => 'wrong' });
    is signed_in($before), '200 page', '  goes on when signing in fails';
    $browser->post($path, $kind => { name => 'bob', password =>
        'password of bob' });
    is signed_in($browser), '200 page', '  another in the same browser';
    is signed_in($before), '401', '  ends it';
    $before->{cookie} = { %{ $browser->{cookie} } };
    $browser->post($path, $kind => { name => 'ann', password => $old });
    like $browser->get('/')->body, qr/Signed in as <b>ann/,
        '  another member too';
    is signed_in($before), '401', '  ends it';
}
my $browser = sign_in('bob', 'password of bob');
my $before = $t->client;
$before->{cookie} = { %{ $browser->{cookie} } };
is $browser->post("$api/accounts", json => { name => 'carol', password =>
    'password of carol' })->status, 201, 'signing up';
is signed_in($before), '401', '  ends it too';
is $t->post("$api/sessions", bearer => $browser->{cookie}{deals}, json =>
    { name => 'bob', password => 'password of bob' })->status, 201,
    'a program that signs in with a session of its own';
is signed_in($browser), '200 page', '  keeps it';

unlike $t->log . $t->access_log, qr/\Q$old\E|\Q$new\E|another\+one/,
    'no password is in the logs';
$t->finish;
