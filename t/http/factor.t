#!/usr/bin/perl

# A second factor: turned on, asked for, renewed, turned off and lost, by the API
# and on the pages.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Totp;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_site_name "Tea: & Deals";
    deals_rate_limit signin=off signup=off;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
        location /shop/ { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:limited%%;
        deals_rate_limit signin=4/m;
        location / { deals; }
    }
}
CONF

my $api = '/api/v1';
my $password = 'password of ann';
my %sure = (current => $password);
my $ann = $t->member('ann');
my $bob = $t->member('bob');
my %said;                       # what no log may have
my $r;

sub sign_in {
    my (%with) = @_;
    return $t->post("$api/sessions", cookies => 0, json => { name => 'ann',
        password => $password, %with });
}

# Codes are good once; here the same half minute serves again.
sub again { $t->sql('UPDATE user_factors SET last_step = 0, failed = 0') }
sub code { again(); return totp($_[0]) }
sub has {
    my ($r, $field) = @_;
    return scalar grep { $_->{field} eq $field } @{ $r->json->{errors} || [] };
}
sub sessions { return $t->sql("SELECT count(*) FROM sessions JOIN users
    USING (user_id) WHERE name = 'ann'") }

# The same sign-in, so many times in the same moment: the states.
sub at_once {
    my ($times, $code) = @_;
    my $body = JSON::PP->new->encode({ name => 'ann', password => $password,
        code => $code });
    my @s = map {
        my $s = $t->connect;
        print {$s} "POST $api/sessions HTTP/1.1\r\nHost: localhost\r\n"
            . "Sec-Fetch-Site: same-origin\r\nConnection: close\r\n"
            . "Content-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
        $s->flush;
        $s;
    } 1 .. $times;
    return map { local $/; (<$_> // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0 } @s;
}

# --- RFC 6238's own numbers ----------------------------------------------------

my $rfc = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
is totp_at($rfc, int(59 / 30)), '287082', 'the codes of the tests are right';

# --- on ------------------------------------------------------------------------

is_deeply $ann->get("$api/me/factor")->json, { enabled => JSON::PP::false,
    since => undef, recovery_codes => 0, removed_at => undef }, 'off at first';
is $t->get("$api/me/factor")->status, 401, '  nobody has one';
for my $wrong ({ current => 'wrong' }, { current => '' }, {}) {
    $r = $ann->post("$api/me/factor", json => $wrong);
    is $r->status, 422, 'no secret without the password';
    ok has($r, 'current'), '  which is named';
}
is $ann->post("$api/me/factor/confirm", json => { code => '123456' })->status,
    409, 'nothing to confirm';
is $ann->post("$api/me/factor/$_", json => { %sure, code => '123456' })->status,
    409, "nothing to change: $_" for qw(codes end);
$r = $ann->post("$api/me/factor", json => \%sure);
is $r->status, 200, 'a secret';
is $r->header('Cache-Control'), 'no-store', '  for nobody else';
my ($first, $uri) = @{ $r->json }{qw(secret uri)};
like $first, qr/^[A-Z2-7]{32}$/, '  of 160 bits';
is $uri, "otpauth://totp/Tea%20%26%20Deals:ann?secret=$first"
    . '&issuer=Tea%20%26%20Deals', '  as a phone reads it';
is sign_in()->status, 201, 'it does not count yet';
my $other = $t->client;
$other->post("$api/sessions", json => { name => 'ann', password => $password });
is $other->post("$api/me/factor/confirm", json => { code => totp($first) })
    ->status, 409, 'another session confirms nothing';
$r = $ann->post("$api/me/factor", json => \%sure);
my $secret = $r->json->{secret};
isnt $secret, $first, 'another one each time';
for my $wrong (totp($first), totp($secret, -5), totp($secret, 5), '12345',
               '1234567', 'abcdef', '', "' OR 1=1 --") {
    $r = $ann->post("$api/me/factor/confirm", json => { code => $wrong });
    is $r->status, 422, "a code that is none: $wrong";
    ok has($r, 'code'), '  which is named';
}
$t->sql("UPDATE user_factors SET begun_at = now() - interval '16 minutes'");
is $ann->post("$api/me/factor/confirm", json => { code => totp($secret) })
    ->status, 409, 'too late';
$t->sql('UPDATE user_factors SET begun_at = now()');
$r = $ann->post("$api/me/factor/confirm", json => { code =>
    totp($secret) =~ s/^(...)/ $1 /r });
is $r->status, 200, 'a code turns it on, spaces and all' or diag $r->body;
my @recovery = @{ $r->json->{recovery_codes} };
is scalar @recovery, 10, '  recovery codes';
like $_, qr/^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}$/, '  of 120 bits' for @recovery;
is scalar(keys %{ { map { $_ => 1 } @recovery } }), 10, '  all of them others';
is $r->header('Cache-Control'), 'no-store', '  for nobody else';
$r = $ann->get("$api/me/factor")->json;
ok $r->{enabled}, '  it is on';
is $r->{recovery_codes}, 10, '  with ten codes';
is $ann->post("$api/me/factor", json => \%sure)->status, 409, '  once';
is $ann->get("$api/me")->status, 200, '  this session goes on';
my $dump = join '', $t->sql('SELECT c::text FROM user_recovery_codes c'),
    $t->sql('SELECT k::text FROM user_tickets k');
unlike $dump, qr/\Q$_\E/i, '  the database has only a hash'
    for $recovery[0], $recovery[0] =~ s/-//gr;

# --- signing in by the API -------------------------------------------------------

# By what a stranger sees, there is no second factor.
sub plain { return join "\n", $_[0]->status, $_[0]->body =~ s/\d+//gr }
my $seen = plain($t->post("$api/sessions", json => { name => 'bob',
    password => 'wrong' }));
is plain(sign_in(password => 'wrong')), $seen,
    'a wrong password looks as where there is no second factor';
is plain(sign_in(password => 'wrong', code => code($secret))), $seen,
    '  also with a good code';
is plain(sign_in(password => 'wrong', code => $recovery[0])), $seen,
    '  or a recovery code';
is plain($t->post("$api/sessions", json => { name => 'bob', password =>
    'password of bob', code => '123456' })) =~ /^201/, 1,
    'who has none may send one';

my $before = sessions();
$r = sign_in();
is $r->status, 401, 'the right one alone';
is $r->json->{type}, 'urn:deals:problem:code-needed', '  lacks a code';
ok has($r, 'code'), '  which is named';
is $r->header('Set-Cookie'), undef, '  no cookie';
is sessions(), $before, '  no session';
for my $wrong (totp($secret, -3), totp($secret, 3), 'abcdef', 'A' x 24,
               '000000' eq code($secret) ? '000001' : '000000') {
    $r = sign_in(code => $wrong);
    is $r->status, 401, "a wrong code: $wrong";
    is $r->json->{type}, 'urn:deals:problem:code-wrong', '  so it is said';
}
is sessions(), $before, '  no session';
$t->sql('UPDATE user_factors SET last_step = 0, failed = 0');
my $now = totp($secret);
$r = sign_in(code => $now);
is $r->status, 201, 'a good one' or diag $r->body;
like $r->header('Set-Cookie') // '', qr/deals=/, '  a session';
is sign_in(code => $now)->status, 401, '  once';
is sign_in(code => totp($secret, -1))->status, 401,
    '  and none from before it';
again();
$t->within(30, 10);
is sign_in(code => totp($secret, $_))->status, 201, "a clock that differs: $_"
    for -1, 1;

# Both workers, and many at once: one.
again();
$now = totp($secret);
my @at_once = at_once(8, $now);
is scalar(grep { $_ == 201 } @at_once), 1, 'eight at once: one';
is scalar(grep { $_ == 401 } @at_once), 7, '  the others are wrong';

# --- recovery codes ---------------------------------------------------------------

$before = sessions();
$r = sign_in(code => lc $recovery[0] =~ s/-/ /gr);
is $r->status, 201, 'a recovery code, however it is typed' or diag $r->body;
is sign_in(code => $recovery[0])->status, 401, '  once';
is $ann->get("$api/me/factor")->json->{recovery_codes}, 9, '  nine are left';
@at_once = at_once(6, $recovery[1]);
is scalar(grep { $_ == 201 } @at_once), 1, 'six at once: one';
is $t->post("$api/sessions", json => { name => 'bob', password =>
    'password of bob', code => $recovery[2] })->status, 201, 'another\'s';
is $ann->get("$api/me/factor")->json->{recovery_codes}, 8, '  is not used up';

for my $wrong ({ current => 'wrong', code => code($secret) },
               { current => $password, code => '12' },
               { current => $password, code => $recovery[2] }) {
    $r = $ann->post("$api/me/factor/codes", json => $wrong);
    is $r->status, 422, 'no new codes by: ' . join ' ', map { length }
        @$wrong{qw(current code)};
}
$now = code($secret);
$r = $ann->post("$api/me/factor/codes", json => { %sure, code => $now });
is $r->status, 200, 'new ones by password and code' or diag $r->body;
my @new = @{ $r->json->{recovery_codes} };
is scalar @new, 10, '  ten again';
is sign_in(code => $recovery[2])->status, 401, '  the former are not good';
is sign_in(code => $now)->status, 401, '  nor that code again';
is sign_in(code => $new[0])->status, 201, '  the new ones are';

# --- guessing -----------------------------------------------------------------------

my $stranger = $t->client(port => $t->port('limited'), from => '127.0.0.66');
my $home = $t->client(port => $t->port('limited'));
my $guess = sub {
    my ($c, %with) = @_;
    $c->post("$api/sessions", cookies => 0, json => { name => 'ann',
        password => $password, %with });
};
$t->within(60, 25);
again();
is_deeply [map { $guess->($stranger, password => 'wrong', code => '000000')
    ->status } 1 .. 5], [401, 401, 401, 401, 429], 'a stranger guesses';
is $t->sql('SELECT failed FROM user_factors'), 0,
    '  which is no guess at a code';
is $guess->($home, code => code($secret))->status, 201,
    '  and keeps nobody out';
$t->sql("UPDATE user_factors SET failed = 4, failed_at = now()");
is sign_in(code => totp($secret, 5))->status, 401, 'five wrong ones in a row';
$r = sign_in(code => totp($secret, 1));
is $r->status, 429, '  and no code is looked at';
cmp_ok $r->header('Retry-After'), '<=', 30, '  for half a minute';
cmp_ok $r->header('Retry-After'), '>', 20, '  from then on';
is sign_in(code => $new[1])->status, 201, '  but a recovery code is';
$t->sql("UPDATE user_factors SET failed = 9, failed_at = now()
    - interval '61 seconds'");
is sign_in(code => totp($secret, 1))->status, 201,
    '  and where she is known any, after a minute';
is $t->sql('SELECT failed FROM user_factors'), 0, '  which ends it';
$t->sql("UPDATE user_factors SET failed = 9, last_step = 0, failed_at = now()
    - interval '61 seconds'");
$r = $t->client(from => '127.0.0.67')->post("$api/sessions", cookies => 0,
    json => { name => 'ann', password => $password, code => totp($secret) });
is $r->status, 429, '  elsewhere it is longer';
cmp_ok $r->header('Retry-After'), '>', 120, '  by far';
again();
$t->afresh;
$stranger = $t->client(port => $t->port('limited'), from => '127.0.0.68');
is_deeply [map { $guess->($stranger, code => 'A' x 24)->status } 1 .. 5],
    [401, 401, 401, 401, 429], 'recovery codes are limited by the minute';

# --- a reset ------------------------------------------------------------------------

sub reset_by {
    my ($password, @more) = @_;
    my $out = $t->deals('user', 'reset', 'ann', @more, { env => {
        DEALS_URL => '' } });
    is $out->{code}, 0, "deals user reset @more" or diag $out->{err};
    my ($token) = split /\n/, $out->{out};
    return $t->post("$api/password-resets", json => { token => $token,
        password => $password });
}
is reset_by('quite another one')->status, 204, 'a reset';
$password = 'quite another one';
is sign_in()->json->{type}, 'urn:deals:problem:code-needed',
    '  does not do without the second factor';
again();
is sign_in(code => totp($secret))->status, 201, '  which is as it was';
is reset_by('and a third one, for it', '--second-factor')->status, 204,
    'a reset for one that is lost';
$password = 'and a third one, for it';
$r = sign_in();
is $r->status, 201, '  removes it';
$ann = $t->client;
$ann->post("$api/sessions", json => { name => 'ann', password => $password });
$r = $ann->get("$api/me/factor")->json;
ok !$r->{enabled}, '  it is off';
like $r->{removed_at}, qr/^20/, '  and its owner can see when that was';
is $r->{recovery_codes}, 0, '  its codes are gone';
is sign_in(code => $new[2])->status, 201, '  and nothing is asked';
like $ann->get('/settings')->body, qr/was removed with the reset/,
    '  also on the page';

# --- the pages -------------------------------------------------------------------------

%sure = (current => $password);
like $ann->get('/settings')->body, qr{action="/settings/factor"}, 'the settings';
$r = $ann->post('/settings/factor', form => { current => 'no & none' });
is $r->status, 422, '  a wrong password';
like $r->body, qr/id="factor-e">\S/, '  told at its field';
unlike $r->body, qr/no &|id="(?:current|ending|making)-e"/, '  and nowhere else';
is $ann->post('/settings/factor', site => 'cross-site', form => \%sure)->status,
    403, '  not from elsewhere';
is $t->post('/settings/factor', form => \%sure)->header('Location'),
    '/login?next=%2Fsettings', '  and nobody signs in first';
$r = $ann->post('/shop/settings/factor', form => \%sure);
is $r->status, 200, 'setting it up';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
my ($shown) = $r->body =~ m{<code class="secret">([A-Z2-7 ]{39})</code>};
$secret = ($shown // '') =~ s/ //gr;
like $shown, qr/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/, '  the key in groups';
like $r->body, qr{href="otpauth://totp/Tea%20%26%20Deals:ann\?secret=$secret&amp;
    issuer=Tea%20%26%20Deals"}x, '  a link for phones';
like $r->body, qr{<path d="M4 4h7v1h-7zM\d}, '  and a picture';
unlike $r->body, qr/<img|src="(?!\/)|data:/, '  of nobody else\'s';
like $r->body, qr{action="/shop/settings/factor/confirm"}, '  under a prefix';
$r = $ann->post('/settings/factor/confirm', form => { code => '12"3<b>' });
is $r->status, 422, 'a wrong code';
like $r->body, qr/id="code-e">\S/, '  told at its field';
like $r->body, qr/\Q$shown\E/, '  and the same key';
unlike $r->body, qr/12"3|<b>3|3<b>/, '  not what was typed';
$r = $ann->post('/settings/factor/confirm', form => { code => totp($secret) });
is $r->status, 200, 'a good one';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
@recovery = $r->body =~ m{<li><code>([A-Z2-7-]{29})</code></li>}g;
is scalar @recovery, 10, '  ten recovery codes';
unlike $r->body, qr/\Q$secret\E|\Q$shown\E/, '  and no key any more';
$r = $ann->get('/settings');
like $r->body, qr/with 10 recovery codes left/, '  it is on';
unlike $r->body, qr/\Q$secret\E|\Q$shown\E|\Q$recovery[0]\E|was removed with/,
    '  and nothing is said again';

my $browser = $t->client;
my %in = (name => 'ann', password => $password, next => '/new');
$r = $browser->post('/login', form => \%in);
is $r->status, 200, 'signing in';
is $r->header('Set-Cookie'), undef, '  is no session yet';
is $r->header('Cache-Control'), 'no-store', '  kept nowhere';
like $r->body, qr{<form[^>]* action="/login/code">}, '  asks for a code';
my ($ticket) = $r->body =~ /name="token" value="(\d+\.[\w-]{32})"/;
ok $ticket, '  with a ticket';
unlike $r->body, qr/\Q$password\E|password/, '  and no password';
like $r->body, qr{name="next" value="/new"}, '  and knows where to';
is $t->client->get('/settings', headers => { Cookie => "deals=$ticket" })
    ->status, 303, '  the ticket is no session';
is $t->get("$api/me", bearer => $ticket)->status, 401, '  nor a token';
is $t->post('/reset', form => { token => $ticket, password =>
    'a long new password' })->status, 422, '  nor a code of the operator';
my %step = (name => 'ann', token => $ticket, next => '/new');
$r = $browser->post('/login/code', form => { %step, code => '12"3<b>' });
is $r->status, 422, 'a wrong code';
like $r->body, qr/id="code-e">\S/, '  told at its field';
like $r->body, qr/name="token" value="\Q$ticket\E"/, '  the ticket is kept';
is $browser->post('/login/code', form => { %step, code => '' })->status, 422,
    'none';
is $browser->post('/login/code', site => 'cross-site', form => { %step,
    code => code($secret) })->status, 403, 'from elsewhere';
for my $bad ({ name => 'bob' }, { token => 'x' }, { token => $ticket . 'A' },
             { token => $ticket =~ s/.$/_/r }, { name => 'nobody' }) {
    $r = $browser->post('/login/code', form => { %step, code => code($secret),
        %$bad });
    is $r->status, 422, 'another ticket: ' . join ' ', %$bad;
    like $r->body, qr{<form[^>]* action="/login">}, '  begins again';
    is $r->header('Set-Cookie'), undef, '  is no session';
}
$r = $browser->post('/login/code', form => { %step, code => code($secret) });
is $r->status, 303, 'a good one' or diag $r->body;
is $r->header('Location'), '/new', '  goes on';
like $browser->get('/new')->body, qr/Signed in as <b>ann/, '  signed in';
is $browser->post('/login/code', form => { %step, code => code($secret) })
    ->status, 422, 'the ticket is good once';
($ticket) = $browser->post('/login', form => \%in)->body
    =~ /name="token" value="([^"]+)"/;
$t->sql("UPDATE user_tickets SET expires_at = now() - interval '1 second'");
$r = $browser->post('/login/code', form => { %step, token => $ticket,
    code => code($secret) });
is $r->status, 422, 'one that is too old';
like $r->body, qr/took too long/, '  is told';
($ticket) = $browser->post('/login', form => \%in)->body
    =~ /name="token" value="([^"]+)"/;
is $ann->put("$api/me/password", json => { current => $password, password =>
    'the fourth of them' })->status, 204, 'a new password';
is $browser->post('/login/code', form => { %step, token => $ticket,
    code => code($secret) })->status, 422, '  ends tickets';
$password = $in{password} = $sure{current} = 'the fourth of them';

$browser = $t->client;
$r = $browser->post('/login', form => { %in, code => code($secret) });
is $r->status, 303, 'a form that has the code already';
$r = $browser->post('/settings/factor/codes', form => { %sure,
    code => code($secret) });
is $r->status, 200, 'new recovery codes';
my @newest = $r->body =~ m{<li><code>([A-Z2-7-]{29})</code></li>}g;
is scalar @newest, 10, '  ten';
$r = $browser->post('/settings/factor/end', form => { %sure, code => 'x' });
is $r->status, 422, 'off, by a wrong code';
like $r->body, qr/id="code-e">\S/, '  which is told';
is $browser->post('/settings/factor/end', form => { current => 'wrong',
    code => code($secret) })->status, 422, '  or a wrong password';
ok $browser->get("$api/me/factor")->json->{enabled}, '  it is on';
is $browser->post('/settings/factor/end', form => { %sure,
    code => $recovery[0] })->status, 422, '  or a former recovery code';
$r = $browser->post('/settings/factor/end', form => { %sure,
    code => $newest[0] });
is $r->header('Location'), '/settings?done=factor', '  by a good one';
like $browser->get('/settings?done=factor')->body, qr/second factor is off/,
    '  which is said';
is sign_in()->status, 201, '  and no code is asked for';
is $t->sql('SELECT count(*) FROM user_recovery_codes'), 0, '  nothing is left';

# --- another member's ---------------------------------------------------------------

is $bob->post("$api/me/factor", json => \%sure)->status, 422,
    'one\'s own password';
is $bob->get("$api/me/factor")->json->{enabled}, JSON::PP::false,
    'others have their own';

# --- the log ------------------------------------------------------------------------

my $log = $t->log . Deals::Test::read_file($t->dir . '/error.log');
like $log, qr/event=$_->[0] result=$_->[1] .*member=$_->[2]/, "told: @$_"
    for ['factor-on', 'ok', 'ann'], ['factor-codes', 'ok', 'ann'],
        ['factor-off', 'ok', 'ann'], ['factor-off', 'invalid', 'ann'],
        ['sign-in', 'code-needed', '-'], ['sign-in', 'code-wrong', '-'],
        ['sign-in-recovery', 'ok', 'ann'], ['reset-factor', 'ok', '-'],
        ['factor-begin', 'ok', 'ann'], ['sign-in', 'rate-limited', '-'];
like $log, qr/\[warn\].*result=code-wrong/, 'a wrong code is a warning';
unlike $log . $t->access_log, qr/\Q$_\E/, 'no secret is in the logs'
    for $secret, $ticket, $recovery[0], $newest[0], totp($secret);

$t->finish;
