#!/usr/bin/perl

# What every answer says to a browser, of whatever kind it is: what it may load
# and run, that nobody frames, opens or embeds it, of which type it is, and who
# may keep it. A page needs nothing that those rules forbid.

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
deals_body_size 10k;
gzip on;
add_header X-Cache $deals_cache_status always;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /shop/ { deals; deals_site_name Shop; }
}
server {
    listen 127.0.0.1:%%PORT:off%%;
    deals_cache off;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signin=1/m post=1/m;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:away%%;
    deals_database "host=/nowhere user=deals dbname=deals";
    location / { deals; }
}
CONF

# --- the rules ------------------------------------------------------------

my %always = (
    'X-Content-Type-Options' => qr/^nosniff$/,
    'X-Frame-Options' => qr/^DENY$/,
    'Referrer-Policy' => qr/^(?:same-origin|no-referrer)$/,
    'Cross-Origin-Opener-Policy' => qr/^same-origin$/,
    'Cross-Origin-Resource-Policy' => qr/^same-origin$/,
    'Content-Security-Policy' => qr/^[a-z0-9 ;'-]+$/);
my %type = (
    html => 'text/html; charset=utf-8', json => 'application/json',
    problem => 'application/problem+json', none => undef,
    map({ $_->[0] => "text/$_->[1]; charset=utf-8" } ['css', 'css'],
        ['js', 'javascript'], ['text', 'plain']), svg => 'image/svg+xml');
my %keep = (nobody => 'no-store', own => 'private, no-cache',
            all => 'public, no-cache',
            ever => 'public, max-age=31536000, immutable');

# What is wrong with a policy; what is not said is what default-src says.
sub lax {
    my ($policy) = @_;
    my (%says, @bad);
    for (split /\s*;\s*/, $policy) {
        my ($name, $sources) = /^(\S+)(?: (.*))?$/ or next;
        push @bad, "$name twice" if exists $says{$name};
        $says{$name} = $sources // '';
    }
    for (map { "$_-src" } qw(script script-elem script-attr style style-elem
            style-attr connect img font media worker frame child manifest)) {
        my $sources = $says{$_} // $says{'default-src'} // '*';
        push @bad, "$_ $sources" if $sources !~ /^'(?:self|none)'$/;
    }
    my %want = ('default-src' => qr/^'(?:self|none)'$/,
        'object-src' => qr/^'none'$/, 'base-uri' => qr/^'(?:self|none)'$/,
        'form-action' => qr/^'self'$/, 'frame-ancestors' => qr/^'none'$/);
    push @bad, map { "$_ " . ($says{$_} // '-') }
        grep { ($says{$_} // '') !~ $want{$_} } sort keys %want;
    push @bad, 'unsafe' if $policy =~ /unsafe|nonce|sha\d|\*|data:|https?:/;
    return @bad;
}

# What a page has that the policy forbids, or that would need it to be lax.
sub inline {
    my ($html) = @_;
    my @bad = $html =~ /<style\b/gi;
    push @bad, "a script: $1" while $html =~ m{<script\b[^>]*>([^<]+)<}gi;
    while ($html =~ /<([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi) {
        my ($tag, $rest) = (lc $1, $2);
        push @bad, $tag if $tag =~ /^(?:base|object|embed|iframe)$/
            || $tag eq 'script' && $rest !~ m{ src="/[^/"]};
        while ($rest =~ /([^\s"'=\/]+)(?:="([^"]*)")?/g) {
            my ($name, $value) = (lc $1, $2 // '');
            push @bad, "$tag $name=$value" if $name =~ /^(?:on|style$)/
                || $name =~ /^(?:srcdoc|http-equiv)$/
                || $value =~ /^\s*(?:javascript|data|vbscript):/i;
        }
    }
    return @bad;
}

sub check {
    my ($r, $what, $status, $type, $keep) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, $what or diag $r->head, "\n", $r->body;
    for my $name (sort keys %always) {
        my @got = $r->headers($name);
        is scalar @got, 1, "  $name once" or diag "$what: @got";
        like $got[0] // '', $always{$name}, '    as it should be';
    }
    is_deeply [lax($r->header('Content-Security-Policy') // '')], [],
        '  a strict policy';
    is_deeply [$r->headers('Content-Type')], [grep { defined } $type{$type}],
        "  type: $type";
    is_deeply [$r->headers('Cache-Control')], [$keep{$keep}],
        "  kept by: $keep";
    is_deeply [inline($r->body)], [], '  nothing inline' if $type eq 'html';
    is $r->body, '', '  no body' if $type eq 'none';
}

# --- every kind of answer -------------------------------------------------

my %c = (nobody => $t->client, ann => $t->member('ann'),
    maud => $t->member('maud'), bad => $t->client,
    map { $_ => $t->client(port => $t->port($_)) } qw(off limited away));
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");
$c{$_}{cookie} = $c{ann}{cookie} for qw(off limited);
my $api = '/api/v1';
my $id = $c{ann}->post("$api/deals", json => { title => 'A <b> deal',
    description => '*x* <i onclick="x">', url => 'https://a.example/',
    tags => ['tea'], merchant => 'Shop' })->json->{id};
my $cid = $c{ann}->post("$api/deals/$id/comments",
    json => { body => '[x](javascript:x) <style>' })->json->{id};
my ($css, $js) = map { $t->get('/login')->body =~ m{"(/static/[^"]+\.$_)"} ? $1
    : die "no $_" } qw(css js);
my %in = (name => 'ann', password => 'password of ann');
my %no = (name => 'ann', password => 'a guess');
my $label = { label => 'x', scopes => ['read'],
    current => 'password of ann' };

# who, what, body, status, kept by (nobody), type (a page, or JSON of the API),
# what the cache had to do with it
my @kinds = (
    (map { ['nobody', "GET $_", undef, 200, 'all', undef, 'MISS'],
           ['nobody', "GET $_", undef, 200, 'all', undef, 'HIT'],
           ['nobody', "HEAD $_", undef, 200, 'all', undef, 'HIT'],
           ['off', "GET $_", undef, 200, 'own', undef, 'BYPASS'],
           ['ann', "GET $_", undef, 200, 'own'],
           ['maud', "GET $_", undef, 200, 'own'] }
        '/', '/new', '/top?window=all', '/tags/tea', '/merchants/shop',
        '/users/ann', '/deals/D/a-b-deal', "$api/deals", "$api/deals/D",
        "$api/deals/D/comments", "$api/users/ann"),
    (map { ['nobody', "GET $_", undef, 200] }
        '/login', '/signup', '/reset', '/shop/login'),
    (map { ['ann', "GET $_", undef, 200] } '/submit', '/settings',
        '/deals/D/-/edit', '/deals/D/-/comments/C/edit', "$api/me",
        "$api/sessions", "$api/tokens"),
    ['nobody', 'GET /shop/', undef, 200, 'all', undef, 'MISS'],
    ['nobody', 'GET /shop/', undef, 200, 'all', undef, 'HIT'],
    ['nobody', "GET /shop$api/deals", undef, 200, 'all'],
    (map { ['nobody', "GET $_", undef, 301, 'all', 'none'] } '/deals/D',
        '/shop/deals/D'),
    ['nobody', 'GET /shop/x', undef, 404],
    ['bad', 'GET /', undef, 200, 'own'],
    (map { ['nobody', "GET $_->[0]", undef, 200, @$_[1, 2]] }
        [$css, 'ever', 'css'], [$js, 'ever', 'js'],
        ['/static/x/icon.svg', 'all', 'svg'], ["$api/openapi.json", 'all'],
        ['/robots.txt', 'all', 'text'], ['/favicon.ico', 'all', 'svg']),
    ['ann', "POST $api/deals", { title => 'A deal' }, 201],
    ['ann', "POST $api/tokens", $label, 201],
    ['nobody', "POST $api/sessions", \%in, 201],
    ['ann', "PUT $api/deals/D/vote", { value => 1 }, 200],
    ['ann', "POST $api/sessions/end", { current => 'password of ann' }, 204,
     'nobody', 'none'],
    ['nobody', 'OPTIONS /', undef, 204, 'nobody', 'none'],
    ['nobody', 'GET /submit', undef, 303, 'nobody', 'none'],
    ['nobody', 'POST /login', \%in, 303, 'nobody', 'none'],
    ['ann', 'POST /deals/D/-/vote', { value => 1 }, 303, 'nobody', 'none'],
    ['ann', 'POST /submit', 'title=%', 400],
    ['ann', "POST $api/deals", '{', 400],
    ['nobody', "GET $api/deals?cursor=%ff", undef, 400],
    (map { [$_, "GET $api/me", undef, 401] } 'nobody', 'bad'),
    ['nobody', "POST $api/sessions", \%no, 401],
    ['maud', 'GET /deals/D/-/comments/C/edit', undef, 403],
    ['ann', 'POST /deals/D/-/hide', { hide => 1 }, 403],
    ['maud', "PATCH $api/deals/D/comments/C", { body => 'x' }, 403],
    (map { ['nobody', "GET $_", undef, 404], ['ann', "GET $_", undef, 404] }
        '/none', '/static/x/none', '/deals/7/x', "$api/deals/7", "$api/none"),
    (map { ['nobody', $_, {}, 405] }
        'POST /', "PUT $api/deals", 'PROPFIND /'),
    ['nobody', "POST $api/accounts", \%in, 409],
    (map { ['ann', "POST $_", { title => 'x' x 11000 }, 413],
           ['ann', "POST $_", \'x/y', 415] } '/submit', "$api/deals"),
    (map { ['nobody', "POST /$_", \%no, 422] } qw(login signup reset)),
    (map { ['ann', "POST $_", {}, 422] } '/submit', '/settings/password',
        '/settings/tokens', "$api/deals", "$api/tokens"),
    (map { ['limited', "POST $_", { title => 'A deal' }, 429] } '/submit',
        "$api/deals"),
    ['limited', 'POST /login', \%no, 429],
    (map { ['away', $_, undef, 503] }
        'GET /', "GET $api/deals", 'GET /deals/D'),
    ['away', 'POST /login', \%in, 503],
    ['away', "GET $css", undef, 200, 'ever', 'css'],
    ['away', 'GET /none', undef, 404],
);

my %seen;
for my $kind (@kinds) {
    my ($who, $what, $body, $status, $keep, $type, $cache) = @$kind;
    my ($method, $path) = split ' ', $what =~ s/\bD\b/$id/r =~ s/\bC\b/$cid/r;
    my $api = $path =~ m{/api/};
    $keep //= 'nobody';
    $type //= !$api ? 'html' : $status < 400 ? 'json' : 'problem';
    my @o = ref $body eq 'HASH' ? (($api ? 'json' : 'form') => $body)
        : ref $body ? (body => 'x', type => $$body)
        : defined $body ? (body => $body, type => 'application/'
            . ($api ? 'json' : 'x-www-form-urlencoded')) : ();
    my $r;
    for (1 .. ($status == 429 ? 4 : 1)) {   # a minute may end meanwhile
        $c{bad}{cookie} = { deals => '1.' . 'A' x 32 };
        $r = $c{$who}->request($method, $path, @o);
        last if $r->status == $status;
    }
    check($r, "$what by $who", $status, $type, $keep);
    is $r->header('X-Cache') // '-', $cache, "  $cache" if $cache;
    $c{$_}{cookie} = {} for 'nobody', 'bad', 'away';
    $seen{$status}++;

    # What has not changed says the same, and so does what is compressed.
    next if $status != 200 || $method ne 'GET' || $who eq 'bad'
        || !(my $tag = $r->header('ETag'));
    check($c{$who}->get($path, headers => { 'If-None-Match' => $tag }),
        '  not modified', 304, 'none', $keep);
    $r = $c{$who}->get($path, headers => { 'Accept-Encoding' => 'gzip' });
    $r->{body} = '';
    check($r, '  compressed', 200, $type, $keep);
    $seen{304}++;
}
is_deeply [sort keys %seen], [qw(200 201 204 301 303 304 400 401 403 404 405
    409 413 415 422 429 503)], 'all kinds';
# What looks for it finds it.
cmp_ok scalar lax("default-src 'self' 'unsafe-inline'"), '>', 3, 'a lax policy';
is scalar(my @found = inline('<a href="javascript:x"><b style="x" onclick="y">'
    . '<script>x</script><style>')), 6, 'what stands in a page';

$t->finish;
