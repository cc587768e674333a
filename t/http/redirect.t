#!/usr/bin/perl

# Where redirects lead: only to paths of this server, whatever a link, a form or
# a header says, so that nobody is led away by an address of this site.

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
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /shop/ { deals; }
}
server {
    listen 127.0.0.1:%%PORT:slashes%%;
    merge_slashes off;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:url%%;
    deals_url https://deals.example;
    location / { deals; }
}
CONF

my %site = map { $_ => $t->client(port => $t->port($_)) } '', qw(slashes url);
my %ann = (name => 'ann', password => 'password of ann');
my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
my $cid = $ann->post("/api/v1/deals/$id/comments", json => { body => 'x' })
    ->json->{id};

# Where a browser goes from a page of http://site by this Location: the rules of
# the URL standard that matter here. Tabs and line ends in it count for nothing,
# backslashes are slashes, and two of them begin a host.
sub leads_to {
    my ($location) = @_;
    $location =~ s/^[\0-\x20]+|[\0-\x20]+$//g;
    $location =~ s/[\t\r\n]//g;
    return lc $1 if $location =~ m{^([A-Za-z][A-Za-z0-9+.-]*):};
    $location =~ tr{\\}{/};
    return $location =~ m{^//} ? 'another host' : 'here';
}

# What is not here is not; so the judge can say no.
is leads_to($_), 'another host', "judge: $_"
    for '//evil', '/\\evil', "/\t/evil", "\\\\evil", " //evil";
is leads_to('https:evil'), 'https', 'judge: another scheme';
is leads_to('/new'), 'here', 'judge: a path';

my @away = ('//evil.example', '///evil.example', '/\\evil.example',
    '\\\\evil.example', '\\/evil.example', '/\\/evil.example',
    'https://evil.example/', 'https:evil.example', 'https:/evil.example',
    'HTTP://evil.example', 'javascript:alert(1)', 'data:text/html,x',
    "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil",
    " //evil.example", "\0//evil.example", "/\0/evil", "//\xe2\x80\xaeevil",
    "/\x7f/evil.example", 'evil.example', '@evil.example', ':@evil.example',
    '//evil.example/%2f..', '/%0d%0aLocation:%20//evil.example',
    "/x\r\nSet-Cookie: evil=1", "/x\nLocation: //evil.example", '?//evil',
    '#//evil.example', '../', './/evil.example', '', "\xef\xbc\x8f/evil.example",
    "/\xef\xbc\x8fevil.example", '//shop/', '/shop//../..//evil.example',
    '/%2fevil.example', '/%5cevil.example', '/%09/evil.example',
    "/\x85/evil.example", 'https://deals.example.evil.example/');

my ($asked, %bad) = (0);
sub judge {
    my ($what, $r, @status) = @_;
    $asked++;
    my @location = $r->headers('Location');
    my $location = $location[0] // '';
    s/([^ -~])/sprintf '\\x%02x', ord $1/ge for $what;
    $bad{"$what: " . @location . ' locations'}++ if @location > 1;
    $bad{"$what: leads to $location"}++
        if @location && ($location !~ m{^/[!-~]*\z}
            || leads_to($location) ne 'here' || $location =~ m{^//});
    $bad{"$what: " . $r->status}++
        if @status && !grep { $r->status == $_ } @status;
    $bad{"$what: a header of one's own"}++
        if $r->head =~ /^(?:Set-Cookie: evil|Location: .*\r\nLocation:)/m;
    $bad{"$what: a link with it"}++
        if $r->body =~ m{(?:href|action|content)="(?:https?:)?[/\\]*[/\\]evil}i
        || $r->body =~ m{name="next" value="(?:[^/"]|//|/\\|[^"]*[\r\n\t])};
    return $r;
}

# --- what comes back after signing in, up and out, and after forms ------------------

for my $mount ('', '/shop') {
    for my $next (@away) {
        my $q = Deals::Test::Client::escape($next);
        my %form = (%ann, next => $next);
        my $c = $t->client;
        judge("$mount/login?next=$next", $t->get("$mount/login?next=$q"), 200,
            400);
        judge("$mount/login, wrong, $next", $t->post("$mount/login", form =>
            { %form, password => 'no' }), 422, 400);
        judge("$mount/login, $next", $c->post("$mount/login", form => \%form),
            303, 400);
        judge("$mount/login?next=$next, signed in",
            $ann->get("$mount/login?next=$q"), 303, 400);
        judge("$mount/signup?next=$next, signed in",
            $ann->get("$mount/signup?next=$q"), 303, 400);
        judge("$mount/logout, $next", $t->client->post("$mount/logout", form =>
            { next => $next }), 303, 400, 422);
        judge("$mount/vote, $next", $ann->post("$mount/deals/$id/-/vote", form =>
            { value => 1, next => $next }), 303, 400);
        judge("$mount/vote, $next, nobody", $t->post("$mount/deals/$id/-/vote",
            form => { value => 1, next => $next }), 303, 400);
        judge("$mount/vote on a comment, $next", $ann->post(
            "$mount/deals/$id/-/comments/$cid/vote", form =>
            { value => 1, next => $next }), 303, 400);
        judge("$mount/login, raw $next", $t->client->post("$mount/login", type =>
            'application/x-www-form-urlencoded', body =>
            "name=ann&password=password+of+ann&next=$next"), 303, 400, 422);
    }
}
my $n = 0;
for my $next ('//evil.example', "/\\evil.example", "/\t/evil.example",
              '/x', 'https://evil.example') {
    judge("signing up, $next", $t->client->post('/signup', form => { %ann,
        name => 'new' . ++$n, next => $next }), 303);
}

# What is of this site is not refused with it.
for my $next ('/new', '/deals/1/a?x=//y#z', '/search?q=http://a', '/a:b') {
    is judge("fine: $next", $t->client->post('/login', form => { %ann,
        next => $next }), 303)->header('Location'), $next, "back to $next";
}

# Nor out of the mount: browsers resolve dots, also encoded ones.
for my $next ('/shop/../new', '/shop/x/../../new', '/shop/..', '/shop/.%2E/new',
              '/shop/%2e%2e/new', '/shop/%2e./new?/', '/shop/../shop/..#x',
              '/shop/./../new', '/new', '/shopping', '/shop') {
    is judge("out: $next", $t->client->post('/shop/login', form => { %ann,
        next => $next }), 303)->header('Location'), '/shop/', "not to $next";
}
for my $next ('/shop/new', '/shop/...', '/shop/.x/..y', '/shop/new?a=/../../x',
              '/shop/new#/../x', '/shop/tags/%2e%2ex') {
    is judge("in: $next", $t->client->post('/shop/login', form => { %ann,
        next => $next }), 303)->header('Location'), $next, "but to $next";
}

# --- redirects by address --------------------------------------------------------------

my @hosts = ('evil.example', 'evil.example:80', 'evil.example/', '@evil.example',
    '[::1]', 'deals.example@evil.example');
my @headers = map { [Host => $_] } @hosts;
push @headers, map { [$_ => 'evil.example'] } qw(X-Forwarded-Host X-Host
    X-Forwarded-Server X-HTTP-Host-Override X-Original-Host);
push @headers, ['Forwarded' => 'host=evil.example;proto=https'],
    ['X-Forwarded-Proto' => 'javascript'], ['X-Forwarded-Prefix' => '//evil'],
    ['X-Original-URL' => '//evil.example'], ['X-Rewrite-URL' => '//evil'],
    [Referer => 'https://evil.example/'], [Origin => 'https://evil.example'];
for my $header (@headers) {
    for my $path ("/deals/$id", "/deals/$id/wrong", "/deals/$id/", '/shop',
                  "/shop/deals/$id", '/submit', '/settings', "/deals/$id/-/edit",
                  '/shop?//evil.example') {
        judge("$path by @$header", $t->get($path, headers => $header), 301, 303,
            400);
    }
    judge("login by @$header", $t->client->post('/login', form => \%ann,
        headers => $header), 303, 400);
    judge("logout by @$header", $t->client->post('/logout', form => {},
        headers => $header), 303, 400);
    judge("a vote by @$header", $ann->post("/deals/$id/-/vote", form =>
        { value => 1 }, headers => $header), 303, 400);
}

for my $site ('', 'slashes', 'url') {
    for my $path ("//evil.example/deals/$id", "//evil.example/..",
                  "/%2fevil.example/deals/$id", "/\\evil.example/deals/$id",
                  "/deals//evil.example", "/deals/$id//evil.example",
                  "/deals/$id/%2f%2fevil.example", "/deals/$id/..//evil.example",
                  "//deals/$id", "//deals/$id/x", "///submit", '//settings',
                  "/.//deals/$id/x", "/deals/$id/%0d%0aLocation:%20//evil",
                  "/x/..//evil.example/..//submit", '//evil.example/submit',
                  "/%5cevil.example/%2e%2e/submit", "/deals/$id/%5c%5cevil",
                  "http://evil.example/deals/$id", 'http://evil.example/submit',
                  'http://evil.example//evil.example/submit') {
        judge("$site $path", $site{$site}->get($path));
        judge("$site POST $path", $site{$site}->post($path, form => {}));
    }
}
is join("\n", sort keys %bad), '', "$asked requests lead nowhere else";
cmp_ok $asked, '>', 800, '  and they are many';

# --- links that have a host ---------------------------------------------------------------

for my $host ('evil.example', 'EVIL.example:80') {
    for my $name ('', 'url') {
        my $r = $site{$name}->get("/deals/$id/a-deal", headers =>
            [Host => $host, 'X-Forwarded-Host' => $host]);
        is $r->status, 200, "a page by another host, $name";
        unlike $r->body . $r->head, qr/evil/i, '  has no link there';
        like $r->body, qr{<link rel="canonical" href="https://deals\.example/},
            '  but where deals_url says' if $name;
    }
}
is $site{url}->post('/api/v1/deals', headers => { Host => 'evil.example' },
    bearer => $ann->{cookie}{deals}, json => { title => 'Another' })
    ->header('Location') =~ m{^(?:https://deals\.example)?/api/v1/deals/\d+$} ? 1
    : 0, 1, 'where a new deal is';

# Forged hosts leave nothing in what others see.
for my $name ('', 'url') {
    unlike $site{$name}->get($_)->body, qr/evil/i, "$_ for others" for '/',
        '/new', "/deals/$id/a-deal", '/robots.txt', '/api/v1/openapi.json';
}

$t->finish;
