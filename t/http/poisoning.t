#!/usr/bin/perl

# What one sends never changes what another gets: not by a header, a method, a
# body, an address in another spelling, nor by a query in another order. A member
# and a stranger ask before and after; and what an attacker was given as fit for
# all (`public`) must be what a cache on the way may give to all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Uncompress::Gunzip qw(gunzip);
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
%%UNLIMITED%%
add_header X-Cache $deals_cache_status always;
gzip on;
gzip_proxied any;
gzip_min_length 1;
gzip_types application/json text/css text/javascript;
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
CONF

my $ann = $t->member('ann');
my @id = map { $ann->post('/api/v1/deals', json => { title => "Deal $_",
    tags => ['tea'], merchant => 'Shop' })->json->{id} } 1 .. 30;
$ann->post("/api/v1/deals/$id[0]/comments", json => { body => "Comment $_" })
    for 1 .. 3;
# So old that no minute more shows.
$t->sql("UPDATE deals SET created_at = timestamptz '2024-03-01 12:00' + deal_id % 60
    * interval '1 second'; UPDATE deal_stats s SET hot = 1000 + s.deal_id % 7,
    created_day = created_day - (s.created_at::date - d.created_at::date),
    created_at = d.created_at FROM deals d WHERE d.deal_id = s.deal_id");
$t->sql("UPDATE comments SET created_at = '2024-03-01 13:00'");
$t->stop_nginx;
$t->stop_redis;
$t->start_redis;
$t->nginx(do { open my $f, '<', $t->dir . '/nginx.conf' or die; local $/; <$f> });

# What is kept is not good any more: who asks now makes what others will get.
my $maud = $t->member('maud');
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");
sub afresh {
    my $r = $maud->post("/deals/$id[0]/-/hide", form => { hide => 0 });
    $r->status == 303 or die 'afresh: ' . $r->status;
}

my $cursor = $t->get('/api/v1/deals?limit=5')->json->{next};
my $page2 = $t->get('/')->body =~ m{href="\?cursor=([^"]+)"} ? $1 : die;
my $id = $id[0];

my ($css) = $t->get('/')->body =~ m{(/static/[^/]+/style\.css)};
my @paths = ('/', "/?cursor=$page2", '/new', '/top', '/top?window=week',
    '/tags/tea', '/merchants/shop', '/users/ann', "/deals/$id/deal-1",
    '/login', '/login?next=%2Fnew', '/signup', '/robots.txt', '/favicon.ico',
    $css, '/api/v1/openapi.json', '/api/v1/deals', '/api/v1/deals?sort=new&limit=7',
    "/api/v1/deals?cursor=$cursor", "/api/v1/deals/$id",
    "/api/v1/deals/$id/comments", '/api/v1/users/ann', '/none', "/deals/$id",
    '/shop/', '/shop', '/api/v1/deals?sort=new', '/api/v1/deals?limit=7',
    '/api/v1/deals?sort=top&window=all', '/top?window=all');

sub plain {
    my ($r) = @_;
    return $r->body if ($r->header('Content-Encoding') // '') ne 'gzip';
    gunzip(\$r->body, \my $plain);
    return $plain;
}

# What a cache would keep and give to others.
sub picture {
    my ($r) = @_;
    return join "\n", $r->status, (map { "$_: " . ($r->header($_) // '-') }
        qw(Content-Type Cache-Control Vary ETag Location Set-Cookie
           Content-Security-Policy Link Refresh)), '', plain($r);
}
sub without_tag { $_[0] =~ s/^ETag: \K.*//mr }

my (%stranger, %member);
for (1 .. 2) {
    $stranger{$_} = picture($t->get($_)) for @paths;
    $member{$_} = picture($ann->get($_)) for @paths;
}
is +($stranger{$_} =~ /^(\d+)/)[0], m{^/none} ? 404
    : m{^/deals/\d+$|^/shop$} ? 301 : 200, "$_ before" for @paths;

# Each is a page of its own, for each of both.
my %page = map { s/^ETag: .*\n//mr => 1 } map { $stranger{$_}, $member{$_} }
    grep { !m{^/(?:login|signup|none|robots|favicon|static|shop$|deals/\d+$)}
           && !/openapi/ } @paths;
is keys %page, 2 * grep({ !m{^/(?:login|signup|none|robots|favicon|static|shop$)}
    && !m{^/deals/\d+$|openapi} } @paths), '  and is no other\'s';

# --- headers ----------------------------------------------------------------------

my $evil = 'evil.example';
my @headers = (
    [Host => $evil], [Host => "$evil:443"], [Host => "LOCALHOST"],
    [Host => "localhost."], [Host => ''],
    ['X-Forwarded-Host' => $evil], ['X-Forwarded-Proto' => 'http'],
    ['X-Forwarded-Scheme' => 'nothttps'], ['X-Forwarded-Port' => '1'],
    ['X-Forwarded-Prefix' => '/evil'], ['X-Forwarded-For' => '127.0.0.1, evil'],
    ['X-Forwarded-Server' => $evil], ['X-Forwarded-SSL' => 'off'],
    ['X-Real-IP' => 'evil'], ['X-Host' => $evil], ['X-Original-Host' => $evil],
    ['X-Original-URL' => '/none'], ['X-Rewrite-URL' => '/none'],
    ['X-Accel-Redirect' => '/none'], ['X-Original-URI' => '/api/v1/me'],
    ['Forwarded' => "for=evil;host=$evil;proto=http"], [Via => "1.0 $evil"],
    ['X-HTTP-Method-Override' => 'POST'], ['X-HTTP-Method' => 'DELETE'],
    ['X-Method-Override' => 'PUT'], ['X-WAP-Profile' => "http://$evil/"],
    [Accept => 'application/json'], [Accept => 'text/html'],
    [Accept => 'image/evil'], [Accept => '*/*;q=0'],
    ['Accept-Language' => 'xx-evil'], ['Accept-Charset' => 'utf-16'],
    ['Accept-Encoding' => 'gzip'], ['Accept-Encoding' => 'br, evil'],
    ['Accept-Encoding' => 'identity;q=0'], ['Accept-Datetime' => 'x'],
    [Range => 'bytes=0-9'], [Range => 'bytes=5-4'], [Range => 'bytes=0-,0-,0-'],
    [Range => "bytes=-1", 'If-Range' => '"x"'], ['If-Match' => '"evil"'],
    ['If-None-Match' => '*'], ['If-None-Match' => '"evil"'],
    ['If-Modified-Since' => 'Fri, 01 Jan 2100 00:00:00 GMT'],
    ['If-Unmodified-Since' => 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['Cache-Control' => 'no-store'], ['Cache-Control' => 'only-if-cached'],
    [Pragma => 'no-cache'], [TE => 'trailers'], [Upgrade => 'h2c'],
    [Referer => "https://$evil/"], [Origin => "https://$evil"],
    ['User-Agent' => '<script>evil'], ['Content-Type' => 'evil/evil'],
    ['Content-Encoding' => 'gzip'], ['Content-Length' => '0'],
    ['Sec-Fetch-Site' => 'cross-site'], ['Sec-Fetch-Mode' => 'navigate'],
    [Cookie => 'evil=<script>'], [Cookie => 'deals='], [Cookie => 'deals=evil'],
    [Cookie => '__Host-deals=1.evil'], [Cookie => 'theme=evil; lang=evil'],
    [Authorization => 'Basic ZXZpbA=='], [Authorization => 'Bearer evil'],
    ['Idempotency-Key' => 'evil'], ['Save-Data' => 'on'], [DNT => '1'],
    ['X-Cache' => 'evil'], ['Transfer-Encoding' => 'evil'],
    ["X\x01Evil" => 'x'], ['X-Evil' => "\xff\xfe"], ['Surrogate-Control' => 'x'],
);

# Those which pages may differ by, as Vary says, and parts and comparisons, which
# caches do themselves.
my $varies = qr/^(?:Cookie|Authorization|Accept-Encoding|Range|If-)/;

my ($asked, %hit, %bad) = (0);
sub attack {
    my ($what, $path, $r) = @_;
    $asked++;
    $hit{ $r->header('X-Cache') // '-' }++;
    my $text = $what =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger;
    my $public = ($r->header('Cache-Control') // '') =~ /public/;
    $bad{"$path, $text: " . $r->status}++ if $r->status >= 500
        && $r->status != 501;
    $bad{"$path, $text: what it said is in the answer"}++
        if plain($r) =~ /evil/i || $r->head =~ /evil/i;
    return undef if !$public || $r->status == 304 || $r->status == 206;
    return picture($r);
}

sub same {
    my ($what) = @_;
    for my $path (@_ > 1 ? $_[1] : @paths) {
        $bad{"$path for a stranger is another after $what"}++
            if picture($t->get($path)) ne $stranger{$path};
        $bad{"$path for a member is another after $what"}++
            if picture($ann->get($path)) ne $member{$path};
    }
}

for my $header (@headers) {
    afresh();
    for my $path (@paths) {
        my $got = attack("@$header", $path, $t->get($path, headers => $header,
            cookies => 0));
        $bad{"$path, @$header: fit for all, but not what all get"}++
            if defined $got && $header->[0] !~ $varies
            && without_tag($got) ne without_tag($stranger{$path});
        attack("@$header", $path, $t->head($path, headers => $header));
    }
    same("@$header");
}
is join("\n", (sort keys %bad)[0 .. (20 < keys %bad ? 20 : keys(%bad) - 1)]),
    '', "$asked requests with headers that try";
cmp_ok $hit{HIT} // 0, '>', 500, "  many answered from the cache: $hit{HIT}";
cmp_ok $hit{MISS} // 0, '>', 300, "  and many that fill it: $hit{MISS}";

# --- methods and bodies ---------------------------------------------------------------

%bad = ();
for my $path (@paths) {
    afresh();
    for my $method (qw(HEAD OPTIONS POST PUT DELETE PATCH PROPFIND TRACE get
                       EVIL)) {
        attack($method, $path, $t->request($method, $path, site => undef));
    }
    same('methods', $path);
    for my $body ('x=evil', '{"evil":1}', 'cursor=evil&window=all&limit=1') {
        afresh();
        my $got = attack('a body', $path, $t->request('GET', $path, body => $body,
            type => 'application/x-www-form-urlencoded'));
        $bad{"$path with a body is another"}++
            if defined $got && $got ne $stranger{$path};
        same('a body', $path);
    }
}
is join("\n", sort keys %bad), '', 'methods and bodies of reads';

# --- addresses in another spelling ------------------------------------------------------

%bad = ();
my ($n, @spelt) = (0);
for my $path (grep { !/[?]|openapi|favicon|robots|shop/ } @paths) {
    my ($p, $q) = $path =~ /^([^?]*)(.*)$/;
    (my $hex = $p) =~ s{([a-z])}{sprintf '%%%02x', ord $1}e;
    (my $all = $p) =~ s{([^/])}{sprintf '%%%02X', ord $1}ge;
    (my $slash = $p) =~ s{(?<=.)/}{%2f}g;
    (my $back = $p) =~ s{(?<=.)/}{\\}g;
    (my $double = $p) =~ s{([a-z])}{sprintf '%%25%02x', ord $1}e;
    push @spelt, map { [$path, $_ . $q] } $hex, $all, $slash, $back, $double,
        uc $p, "/$p", "//$p", "/.$p", "/x/..$p", "/x%2f..$p", "/%2e%2e$p",
        "/%2e$p", "/x/%2e%2e$p", "$p/", "$p//", "$p/.", "$p/..", "$p;", "$p;evil",
        "$p;.css", "$p%3bevil", "$p%00", "$p%00.css", "$p%20", "$p%0a", "$p%3f",
        "$p%23", "$p.css", "$p/evil.css", "$p/%2e%2e/evil.css", "$p.json", "$p~",
        "$p%ff", "http://evil.example$p", "/shop/..$p";
}
for my $name ('', 'slashes') {
    my $c = $t->client(port => $t->port($name));
    for my $case (@spelt) {
        my ($path, $spelt) = @$case;
        afresh() if ++$n % 8 == 0;
        my $r = $c->get($spelt);
        attack($spelt, $path, $r) if $spelt !~ /evil/;
        $bad{"$spelt: " . $r->status}++ if $r->status >= 500;
        my $m = $ann->get($spelt);
        my $body = $m->body;

        # No page of a member's own at an address that a cache takes for a file's.
        $bad{"$spelt: a member's page as a file"}++ if $spelt =~ /\.css/
            && $path !~ /css/ && $m->status == 200
            && ($m->header('Cache-Control') // '') !~ /private|no-store/;
    }
    same("other spellings, $name");
}
is join("\n", sort keys %bad), '', @spelt . ' other spellings of addresses';
for my $path (qw(/settings /api/v1/me /api/v1/sessions /submit)) {
    for my $more ('/evil.css', '.css', ';.css', '%2fevil.css', '%00.css', '/',
                  '?evil.css', '%3fevil.css', '%0aevil.css') {
        my $r = $ann->get("$path$more");
        like $r->header('Cache-Control') // 'no-store', qr/no-store/,
            "$path$more of a member is for no cache (" . $r->status . ')';
    }
}

# --- queries ----------------------------------------------------------------------------

%bad = ();
my %same = (
    '/api/v1/deals?sort=new&limit=7' => [map { "/api/v1/deals?$_" }
        'limit=7&sort=new', 'sort=new&limit=7&evil=1', 'x=y&limit=7&sort=new',
        'limit=7&sort=new&window=week', 'limit=%37&sort=%6eew',
        'l%69mit=7&sort=new', '&&sort=new&&limit=7&', 'sort=new&limit=7&=',
        'sort=new&limit=7&utm_source=evil', 'sort=new&limit=7&%20cursor=x',
        'sort=new&limit=7&cursor[]=evil', 'sort=new&limit=7#x'],
    '/top?window=week' => [map { "/top?$_" } 'window=week&evil=1',
        'window=%77eek', 'evil&window=week', 'window=week&limit=1',
        'WINDOW=all&window=week'],
    '/' => [map { "/?$_" } '', 'evil', 'window=all', 'limit=1', 'sort=new',
        'next=//evil', 'cursor=', 'fbclid=1', 'callback=evil', 'jsonp=evil',
        'Cursor=evil', '_=1', 'x=%3Cevil%3E'],
    '/new' => [map { "/new?$_" } 'sort=top', 'window=all', 'evil=evil'],
    "/deals/$id/deal-1" => [map { "/deals/$id/deal-1?$_" } 'evil', 'sort=new',
        'limit=1'],
    "/api/v1/deals/$id" => [map { "/api/v1/deals/$id?$_" } 'evil=1',
        'callback=evil', 'cursor=evil', 'fields=title'],
    '/robots.txt' => ['/robots.txt?evil'], $css => ["$css?evil", "$css?v=2"],
    '/login' => ['/login?evil=1', '/login?next=//evil'],
);
for my $path (sort keys %same) {
    for my $other (@{ $same{$path} }) {
        for my $who ([$t, \%stranger], [$ann, \%member]) {
            afresh();
            my $got = picture($who->[0]->get($other));
            $got =~ s/^ETag: .*\n//m;
            (my $want = $who->[1]{$path}) =~ s/^ETag: .*\n//m;
            $bad{"$other is another than $path"}++ if $got ne $want;
            same("?$other", $path);
        }
    }
}
is join("\n", sort keys %bad), '', 'what is not known in a query changes nothing';

# Twice the same name: one rule, whatever the order, and never a mix of both.
for my $case (['/top', 'window=week', 'window=all'],
              ['/api/v1/deals', 'limit=3', 'limit=7'],
              ['/api/v1/deals', 'sort=new', 'sort=top'],
              ['/', "cursor=$page2", 'cursor=x']) {
    my ($path, $one, $two) = @$case;
    my @r = map { $t->get("$path?$_") } "$one&$two", "$two&$one", "$one&$one";
    is_deeply [map { $_->status } @r], [(422) x 3], "$path?$one&$two"
        or diag map { $_->status . ' ' . $_->body } @r;
    is $_->header('Cache-Control'), 'no-store', '  is for no cache' for @r;
    same('a name twice', $_) for grep { m{^\Q$path\E(?:\?|$)} } @paths;
}
is join("\n", sort keys %bad), '', '  and changes nothing for others';

# --- files ------------------------------------------------------------------------------

my ($hash) = $css =~ m{/static/([^/]+)/};
like $t->get($css)->header('Cache-Control'), qr/immutable/, 'a file is for ever';
for my $wrong ("/static/x$hash/style.css", '/static/evil/style.css',
               "/static/$hash/evil.css", "/static/$hash/../style.css",
               "/static/%2e%2e/style.css", "/static/$hash/style.css/",
               "/static/$hash/STYLE.CSS", "/static//style.css") {
    my $r = $t->get($wrong);
    unlike $r->header('Cache-Control') // '', qr/immutable/,
        "  not under $wrong (" . $r->status . ')';
}
same('files');
is join("\n", sort keys %bad), '', 'in the end all is as it was';

unlike $t->log, qr/\[crit\]|private page/, 'nothing broke';
$t->finish;
