#!/usr/bin/perl

# What browsers are given to work with: fields for passwords, types, methods,
# headers for other origins, the script, and what is left behind at the end.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
%%UNLIMITED%%
%%SITE%%
CONF

my $api = '/api/v1';
is_deeply [$t->sql('SELECT count(*) FROM users'),
           $t->sql('SELECT count(*) FROM sessions')], [0, 0],
    'a new community has no account';

my $ann = $t->member('ann');
my $id = $ann->post("$api/deals", json => { title => 'A deal', tags => ['tea'],
    merchant => 'A shop', url => 'https://shop.example/' })->json->{id};
$ann->post("$api/deals/$id/comments", json => { body => 'Well' });
my $page = $t->get("/deals/$id")->header('Location') // "/deals/$id";

# --- passwords ------------------------------------------------------------

my %fields = ('/login' => ['current-password'], '/signup' => ['new-password'],
    '/reset' => ['new-password'],
    '/settings' => [qw(current-password new-password current-password
                       current-password)]);
$t->client->post('/login', form => { name => 'ann',
                                     password => 'password of ann' });

for my $path (sort keys %fields) {
    my $c = $path eq '/settings' ? $ann : $t;
    my @inputs = grep { /name="(?:password|current)"/ }
        $c->get($path)->body =~ /<input[^>]*>/g;
    is scalar @inputs, scalar @{ $fields{$path} }, "$path asks for a password";
    is_deeply [grep { !/ type="password"/ } @inputs], [],
        '  hides what is typed';
    is_deeply [map { / autocomplete="([^"]*)"/ } @inputs], $fields{$path},
        '  for password managers';
    is_deeply [grep { /\son\w+=|readonly|autocomplete="off"/ } @inputs], [],
        '  and lets one paste';
}

sub signs_in {
    my ($password) = @_;
    return $t->client->post("$api/sessions", json => { name => 'ann',
        password => $password })->status;
}

my $long = 'Aa \xe4' . 'x' x 120 . 'Z9!';
substr($long, 128) = '' if length $long > 128;
is $ann->put("$api/me/password", json => { current => 'password of ann',
    password => $long })->status, 204, 'a password of 128 characters';
is signs_in($long), 201, '  is good';
is signs_in(lc $long), 401, '  in another case it is not';
is signs_in(substr $long, 0, -1), 401, '  nor one character less';
is signs_in("$long "), 401, '  nor one more';
is signs_in(" $long"), 401, '  nor with a space before it';
my $n = 0;
for my $any ('some  tea', '98127364512', 'onlylettershere', '!"#$%&/()=',
             "\x{4f60}\x{597d}\x{5417}\x{670b}" x 2) {
    is $t->post("$api/accounts", json => { name => 'bob' . $n++,
        password => $any })->status, 201, 'any characters will do';
}

# --- other origins --------------------------------------------------------

for my $path ('/', "$api/deals", "$api/me", '/login') {
    for my $method (qw(GET OPTIONS POST)) {
        my $r = $ann->request($method, $path, site => 'cross-site',
            headers => { Origin => 'https://evil.example',
            'Access-Control-Request-Method' => 'PUT',
            'Access-Control-Request-Headers' => 'authorization' });
        unlike $r->head, qr/^Access-Control-/mi,
            "$method $path: no origin is let in";
    }
}

# --- methods --------------------------------------------------------------

my $state = sub { join '|', $t->sql('SELECT title, deleted_at FROM deals'),
    $t->sql('SELECT score, comment_count FROM deal_stats'),
    $t->sql('SELECT count(*) FROM sessions') };
my $before = $state->();
for my $path ('/logout', "/deals/$id/-/vote?value=-1", "/deals/$id/-/delete",
              "/deals/$id/-/hide?hide=1", "/deals/$id/-/comments?body=x",
              '/settings/sessions/end', "$api/deals/$id/vote?value=-1") {
    is $ann->get($path)->status, 405, "a GET of what changes something: $path";
    is $ann->head($path)->status, 405, '  and HEAD';
}
$ann->get("$api/deals/$id", headers => { 'X-HTTP-Method-Override' => 'DELETE',
    'X-HTTP-Method' => 'DELETE' });
$ann->get("$api/deals/$id?_method=DELETE");
is $state->(), $before, '  changes nothing';
my $r = $t->request('TRACE', '/', headers => { 'X-Secret' => 'sesame' });
is $r->status, 405, 'TRACE is not taken';
unlike $r->body, qr/sesame/, '  and gives nothing back';

# --- types ----------------------------------------------------------------

my ($css) = $t->get('/')->body =~ m{href="(/static/[^"]+\.css)"};
my ($js) = $t->get('/')->body =~ m{src="(/static/[^"]+\.js)"};
my ($icon) = $t->get('/')->body =~ m{href="(/static/[^"]+\.svg)"};
my %type = ('/' => 'text/html; charset=utf-8', $page =>
    'text/html; charset=utf-8', '/nothing' => 'text/html; charset=utf-8',
    $css => 'text/css; charset=utf-8', $js => 'text/javascript; charset=utf-8',
    $icon => 'image/svg+xml', '/robots.txt' => 'text/plain; charset=utf-8',
    "$api/deals" => 'application/json', "$api/openapi.json" =>
    'application/json', "$api/none" => 'application/problem+json');
is $t->get($_)->header('Content-Type'), $type{$_}, "$_: its type and charset"
    for sort keys %type;

# --- queries --------------------------------------------------------------

is $t->get("$api/deals?limit=1&limit=2")->status, 422,
    'a name twice in a query';
is $t->get("$api/deals?limit=1&%6cimit=2")->status, 422,
    '  however it is written';

# --- what is served -------------------------------------------------------

for my $path ('/.git/config', '/.git/HEAD', '/.svn/entries', '/.env',
              '/static/', '/static', '/api/', '/deals/', '/nginx.conf',
              '/static/x/..%2f..%2fetc/passwd', '/server-status',
              '/deals_status', '/nginx_status') {
    $r = $t->get($path);
    is $r->status, 404, "$path: nothing is served from the disk";
    unlike $r->body, qr/Index of|\[core\]|root:/, '  and nothing listed';
}

# --- pages load nothing foreign -------------------------------------------

for my $path ('/', '/new', $page, '/submit', '/settings', '/tags/tea') {
    my $body = $ann->get($path)->body;
    my @loaded = $body =~ /<(?:script|img|iframe|source|video|audio|embed)\b
        [^>]*?\bsrc="([^"]*)"/gx;
    push @loaded, $body =~ /<link\b[^>]*?\brel="(?:icon|stylesheet|preload|
        manifest)"[^>]*?\bhref="([^"]*)"/gx;
    is_deeply [grep { !m{^/static/} } @loaded], [],
        "$path: nothing comes from elsewhere";
    like $body, qr{<form method="post" action="/logout"}, '  has a way out';
}

# --- the script -----------------------------------------------------------

my $script = $t->get($js)->body;
$script =~ s{/\*.*?\*/}{}gs;
ok length $script > 1000, 'the script';
unlike $script, qr/\beval\b|new\s+Function|set(?:Timeout|Interval)\(\s*['"]/,
    'the script evaluates nothing';
unlike $script, qr/innerHTML|outerHTML|insertAdjacentHTML|document\.write|
    createContextualFragment|DOMParser|srcdoc/x,
    'the script writes text, never HTML';
unlike $script, qr/onpaste|['"]paste['"]|['"](?:copy|cut)['"]/,
    'the script leaves pasting alone';
unlike $script, qr/localStorage|sessionStorage|indexedDB|document\.cookie|
    \bcaches\b|postMessage/x, 'the script keeps nothing';

# --- the end of a session -------------------------------------------------

sub clears {
    my ($r, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->header('Clear-Site-Data'), '"cache"',
        "$what clears what the browser keeps";
    like $r->header('Set-Cookie'), qr/^deals=; .*Max-Age=0/, '  and the cookie';
}
sub in { my $c = $t->client; $c->post('/login', form => { name => 'ann',
    password => $long }); return $c }
clears(in()->post('/logout', form => {}), 'signing out');
clears(in()->delete("$api/sessions/current"), 'signing out by the API');
my $ended = in();
$t->sql('DELETE FROM sessions');
clears($ended->get('/settings'), 'a session that was ended elsewhere');
is in()->get('/')->header('Clear-Site-Data'), undef, 'others go on';

# --- hashes ---------------------------------------------------------------

my $root = $t->root;
my @found = grep { !m{^\S+password_(?:list|words)\.c} } split /\n/,
    `cd '$root' && grep -rniwE '(ngx_)?(md5|sha1|rc4|des)(_\\w+)?' \\
     libdeals ngx_deals_module sql --include=*.[ch] --include=*.sql`;
is_deeply \@found, [], 'no hash that is broken, and no old cipher';

$t->finish;
