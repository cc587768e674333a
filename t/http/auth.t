#!/usr/bin/perl

# Who asks, and from where: cookies, bearer tokens, the origin of unsafe requests,
# and what may be kept by whom.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
add_header X-Time $msec always;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /shop/ { deals; }
}
server {
    listen 127.0.0.1:%%PORT:https%%;
    deals_url https://deals.example;
    location / { deals; }
    location /shop/ { deals; }
}
server {
    listen 127.0.0.1:%%PORT:limits%%;
    deals_rate_limit signin=3/m signup=2/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my %login = (name => 'ann', password => 'password of ann');
my $ann = $t->member('ann');
my $token = $ann->{cookie}{deals};
my $bob = $t->member('bob')->{cookie}{deals};
my $id = $ann->post("$api/deals", json => { title => 'A deal' })->json->{id};

# --- the cookie ----------------------------------------------------------------

my $r = $t->post('/login', form => \%login);
like $r->header('Set-Cookie'),
    qr/^deals=\d+\.[\w-]{32};\ Path=\/;\ Max-Age=(\d+);\ HttpOnly;\ SameSite=Lax,
        \ deals_device=\d+\.\d+\.[\w-]{64};\ Path=\/;\ Max-Age=15552000;
        \ HttpOnly;\ SameSite=Lax$/x,
    'the cookie without https';
$r = $t->post('/shop/login', form => \%login);
like $r->header('Set-Cookie'), qr/; Path=\/shop\/; /, 'under a prefix';
my $https = $t->client(port => $t->port('https'));
$r = $https->post('/login', form => \%login);
like $r->header('Set-Cookie'), qr/^__Host-deals=\d+\.[\w-]{32};\ Path=\/;
    \ Max-Age=\d+;\ HttpOnly;\ SameSite=Lax;\ Secure,
    \ __Host-deals_device=\d+\.\d+\.[\w-]{64};\ Path=\/;\ Max-Age=15552000;
    \ HttpOnly;\ SameSite=Lax;\ Secure$/x, 'with https';
like $https->post('/shop/login', form => \%login)->header('Set-Cookie'),
    qr/; Path=\/; /, '  for all of the host, also under a prefix';
like $https->get('/')->body, qr/Signed in as <b>ann/, '  is known there';
unlike $t->get('/', headers => { Cookie => "__Host-deals=$token" })->body,
    qr/Signed in/, '  and not here';
is $https->get('/')->header('Set-Cookie'), undef,
    'who is signed in gets no other cookie';

like $t->get('/', headers => { Cookie => "a=b; deals=$token; c=d" })->body,
    qr/Signed in as <b>ann/, 'among other cookies';
is $t->get('/', headers => { Cookie => 'deals=; a=b' })->header('Set-Cookie'),
    undef, 'an empty one is none';
(my $forged = $token) =~ s/.$/$token =~ m{A$} ? 'B' : 'A'/e;
for my $bad ($forged, 'x', '1.' . 'A' x 32, "$token.", '9' x 400,
             "1.\xff\xfe", '%00', "' OR 1=1 --") {
    $r = $t->get('/', headers => { Cookie => "deals=$bad" });
    is $r->status, 200, 'a bad cookie is anonymous';
    unlike $r->body, qr/Signed in/, '  nobody';
    like $r->header('Set-Cookie'), qr/^deals=; Path=\/; Max-Age=0; HttpOnly/,
        '  and cleared';
    like $r->header('Cache-Control'), qr/^private/, '  not for others';
}
$r = $t->get("$api/me", headers => { Cookie => "deals=$forged" });
is $r->status, 401, 'a bad cookie is no member';
like $r->header('Set-Cookie'), qr/Max-Age=0/, '  and cleared here too';
is $t->get("$api/deals", headers => { Cookie => "deals=$forged" })->status, 200,
    'the API answers a bad cookie as anybody';
$r = $t->post('/submit', form => { title => 'A title' },
              headers => { Cookie => "deals=$forged" });
is $r->status, 303, 'a form with a bad cookie';
is $r->header('Location'), '/login?next=%2Fsubmit', '  leads to the sign-in';

# --- the token ----------------------------------------------------------------------

is $t->get("$api/me", bearer => $token)->json->{name}, 'ann', 'a token';
is $t->get("$api/me", headers => { Authorization => "bearer  $token" })
    ->json->{name}, 'ann', '  in any case';
is $ann->get("$api/me", bearer => $bob)->json->{name}, 'bob',
    'it wins over a cookie';
for my $path ('/deals', "/deals/$id", '/me', "/deals/$id/comments",
              '/users/ann') {
    $r = $ann->get("$api$path", bearer => $forged);
    is $r->status, 401, "a bad token for $path";
    is $r->header('WWW-Authenticate'),
        'Bearer realm="deals", error="invalid_token"', '  is said to be bad';
    is $r->header('Content-Type'), 'application/problem+json', '  as a problem';
}
is $t->get("$api/me")->header('WWW-Authenticate'), 'Bearer realm="deals"',
    'none is asked for';
is $ann->get("$api/me", headers => { Authorization => "Bearer" })->status, 401,
    'half a header is not made whole by a cookie';
is $t->get("$api/deals", headers => { Authorization => 'Basic YTpi' })->status,
    200, 'what a proxy asked for is none of ours';
unlike $t->get('/', bearer => $token)->body, qr/Signed in/,
    'pages take cookies only';
is $t->put("$api/deals/$id/vote", bearer => $forged, json => { value => 1 })
    ->status, 401, 'a bad token changes nothing';

# --- where from ------------------------------------------------------------------------

my $host = 'localhost:' . $t->port;
my @good = (
    ['same-origin', undef], [undef, "http://$host"], [undef, "https://$host"],
    [undef, "http://\U$host"], ['none', "http://$host"],
    ['same-origin', 'http://evil.example'],
);
my @bad = (
    [undef, undef], ['cross-site', undef], ['same-site', undef],
    ['none', undef], [undef, 'null'], [undef, 'http://evil.example'],
    [undef, "http://$host.evil.example"], [undef, "http://evil.example/$host"],
    [undef, "http://localhost"], [undef, $host], [undef, "ftp://$host"],
    [undef, ''], ['cross-site', 'null'], ['SAME-ORIGIN,cross-site', undef],
);
sub unsafe {
    my ($c, $site, $origin) = @_;
    my %o = (site => $site, headers => { Origin => $origin });
    return (
        $c->post('/login', %o, form => \%login),
        $c->post('/signup', %o, form => { name => 'x' }),
        $c->post("/deals/$id/-/vote", %o, form => { value => 1 }),
        $c->put("$api/deals/$id/vote", %o, json => { value => 1 }),
        $c->patch("$api/deals/$id", %o, json => {}),
        $c->delete("$api/deals/1", %o),
    );
}
for my $from (@good, @bad) {
    my $what = join ' and ', 'site ' . ($from->[0] // '-'),
        'origin ' . ($from->[1] // '-');
    my $good = grep { $_ == $from } @good;
    my @status = map { $_->status } unsafe($ann, @$from);
    is_deeply [map { $_ == 403 } @status], [(!$good) x @status], $what
        or diag "@status";
}
is_deeply [map { $_->status } unsafe($https, undef, 'https://deals.example')],
    [303, 422, 303, 200, 200, 404], 'the origin that deals_url names';
is +(unsafe($https, undef, 'http://deals.example'))[0]->status, 403,
    'not by another scheme';

$token = $ann->{cookie}{deals};        # signing in has ended the one before
for my $o ([site => undef], [site => 'cross-site'],
           [site => undef, headers => { Origin => 'http://evil.example' }]) {
    is $t->put("$api/deals/$id/vote", @$o, bearer => $token,
        json => { value => 1 })->status, 200, 'a token needs no origin';
}
is $t->post("$api/sessions", site => undef, json => \%login)->status, 201,
    'a program signs in';
for my $o ([site => 'cross-site'],
           [site => undef, headers => { Origin => 'http://evil.example' }]) {
    is $t->post("$api/sessions", @$o, json => \%login)->status, 403,
        'a foreign page does not';
}
$r = $t->post('/login', site => 'cross-site', form => \%login);
is $r->status, 403, 'nor by a form';
is $r->header('Set-Cookie'), undef, '  no cookie';
like $r->header('Content-Type'), qr{^text/html}, '  a page says so';
is $ann->get('/', site => 'cross-site')->status, 200, 'links may come from anywhere';

# --- who may keep what --------------------------------------------------------------------

my %keep = ('/' => 'no-cache', '/new' => 'no-cache', "$api/deals" => 'no-cache',
    "/deals/$id/a-deal" => 'no-cache', "$api/deals/$id" => 'no-cache');
for my $path (sort keys %keep) {
    is $t->get($path)->header('Cache-Control'), 'public, no-cache', "$path";
    is $ann->get($path)->header('Cache-Control'), 'private, no-cache',
        '  of a member';
    is $t->get($path)->header('Vary'), 'Cookie, Authorization, Accept-Encoding',
        '  varies';
}
is $t->get("$api/deals", bearer => $token)->header('Cache-Control'),
    'private, no-cache', 'of a program';
is $ann->get($_)->header('Cache-Control'), 'no-store', "$_ is for nobody"
    for "$api/me", '/login', '/signup', '/submit', "/deals/$id/-/edit";
is $t->post("$api/sessions", json => \%login)->header('Cache-Control'),
    'no-store', 'nor is a session';

# --- headers of every answer ------------------------------------------------------------------

for my $r ($t->get('/'), $t->get('/none'), $t->get("$api/none"),
           $t->post('/login', form => \%login), $t->get("/deals/$id"),
           $t->get('/static/x/style.css'), $t->request('OPTIONS', '/'),
           $t->delete("$api/sessions/current"), $t->post('/'),
           $t->post("$api/deals", body => 'x', type => 'text/plain')) {
    my $what = $r->status;
    like $r->header('Content-Security-Policy'),
        qr/^default-src 'self';(?!.*unsafe).*form-action 'self'/, "CSP ($what)";
    like $r->header('Content-Security-Policy'), qr/$_/, "  $_" for
        "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'";
    is $r->header('X-Content-Type-Options'), 'nosniff', '  nosniff';
    is $r->header('Referrer-Policy'), 'same-origin', '  referrer';
}

# --- a rush of sign-ins: computed a few at a time, beside everything else -------------------

# X-Time: when nginx had an answer, by its own clock; nobody has to look in time.
# So many of each status; how many of 422 came before the page of somebody else.
sub rush {
    my @rush = map { $t->client->begin(POST => '/login', form => { name => 'ann',
        password => 'wrong' }) } 1 .. 150;
    my $page = $t->get('/');
    is $page->status, 200, 'a page during a rush of sign-ins';
    my (%rush, $before);
    for my $r (map { $_->() } @rush) {
        $rush{ $r->status }++;
        $before++ if $r->status == 422
            && $r->header('X-Time') <= $page->header('X-Time');
    }
    return ($before // 0, %rush);
}

# More than once, for this program may stand still before it asks for the page.
my ($before, %rush);
for (1 .. 3) {
    ($before, %rush) = rush();
    last if $before < $rush{422} / 3;
}
# valgrind runs one thread at a time: a page waits for a password's turn.
ok $before < $rush{422} / 3 || $ENV{DEALS_VALGRIND},
    "  comes before two thirds of them are computed: behind $before of $rush{422}";
is_deeply [sort keys %rush], [422, 503],
    'some are computed, others told to come again: '
    . join ', ', map { "$rush{$_} x $_" } sort keys %rush;
# Who had no time left is still computed, for nobody.
my $after;
$t->wait_until(sub {
    ($after = $t->post('/login', form => \%login)->status) == 303 });
is $after, 303, 'then all is well';

# --- limits -----------------------------------------------------------------------------------

my $limited = $t->client(port => $t->port('limits'));
$t->within(60, 25);
my @status = map { $limited->post('/login', form => { %login,
    password => 'wrong' })->status } 1 .. 5;
is_deeply \@status, [422, 422, 422, 429, 429], 'three sign-ins a minute';
$r = $limited->post('/login', form => \%login);
is $r->status, 429, '  also with the right password';
like $r->header('Retry-After'), qr/^[1-9]\d*$/, '  with a time to wait';
like $r->body, qr/role="alert"><p>\S/, '  and a word on the page';
$r = $limited->post("$api/sessions", json => \%login);
is $r->status, 429, '  by the API too';
like $r->header('Retry-After'), qr/^[1-9]\d*$/, '  with a time to wait';
$t->stop_redis;
$t->within(60, 25);
@status = map { $limited->post("$api/accounts", json => { name => "new$_",
    password => 'a long password' })->status } 1 .. 4;
is_deeply \@status, [201, 201, 429, 429], 'without Redis nginx counts itself';

$t->finish;
