#!/usr/bin/perl

# The cache zone: what comes out of it is what went in, for whom it may, and as
# long as it may.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use IO::Uncompress::Gunzip qw(gunzip);
use Deals::Test;

my $t = Deals::Test->new;
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    gzip on;
    gzip_min_length 100;
    gzip_types application/json;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /shop/ { deals; deals_site_name Shop; }
    }
    server {
        listen 127.0.0.1:%%PORT:off%%;
        location / { deals; deals_cache off; }
    }
}
CONF
$t->nginx($conf);

sub status { return $_[0]->header('X-Cache') // '' }

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal',
    tags => ['one'], merchant => 'Shop' })->json->{id};
my $off = $t->client(port => $t->port('off'));
my @paths = ('/', '/new', '/top', '/top?window=week', '/tags/one',
    '/merchants/shop', '/users/ann', "/deals/$id/a-deal", '/api/v1/deals',
    '/api/v1/deals?sort=top&window=all&limit=3', "/api/v1/deals/$id",
    "/api/v1/deals/$id/comments?limit=5", '/api/v1/users/ann', '/shop/');

# Until the node has heard of Redis what is kept lasts a second, not ten.
my $other = '/api/v1/deals?limit=2';
$t->wait_until(sub { $t->get($other); sleep 1.2;
    status($t->get($other)) eq 'HIT' }) or diag 'does not last';

# --- hits: the same bytes as without a cache -----------------------------------

for my $path (@paths) {
    my $miss = $t->get($path);
    is $miss->status, 200, $path;
    is status($miss), 'MISS', '  first a miss';
    my $hit = $t->get($path);
    is status($hit), 'HIT', '  then a hit';
    is $hit->body, $miss->body, '  the same bytes';
    if ($path !~ m{^/shop}) {
        is $hit->body, $off->get($path)->body, '  as without a cache';
    }
    for my $h ('ETag', 'Cache-Control', 'Vary', 'Content-Type',
               'Content-Security-Policy', 'X-Content-Type-Options',
               'Referrer-Policy', 'Content-Length') {
        is $hit->header($h), $miss->header($h), "  $h";
    }
    like $hit->header('ETag'), qr/^"[0-9a-f]{32}"$/, '  a strong tag';

    my $zip = $t->get($path, headers => { 'Accept-Encoding' => 'gzip' });
    is status($zip), 'HIT', '  compressed it is a hit too';
    my %tag = ('' => $hit->header('ETag'));
    if (length $hit->body >= 256) {
        is $zip->header('Content-Encoding'), 'gzip', '  compressed';
        gunzip(\$zip->body, \my $plain);
        is $plain, $hit->body, '  the same bytes';
        is $zip->header('Content-Length'), length $zip->body, '  their length';
        like $zip->header('ETag'), qr/^"[0-9a-f]{32}z"$/, '  a tag of its own';
        is $zip->header('Vary'), $hit->header('Vary'), '  Vary';
        $tag{gzip} = $zip->header('ETag');
    } else {
        is $zip->header('Content-Encoding'), undef, '  too small to compress';
        is $zip->header('ETag'), $hit->header('ETag'), '  the same tag';
    }

    for my $coding (sort keys %tag) {
        my %h = ('Accept-Encoding' => $coding || undef);
        for my $method (qw(get head)) {
            my $r = $t->$method($path, headers =>
                { %h, 'If-None-Match' => $tag{$coding} });
            is $r->status, 304, "  $method with the tag: 304 ($coding)";
            is status($r), 'HIT', '    a hit';
            is $r->header('ETag'), $tag{$coding}, '    its tag';
            is $r->header('Content-Encoding'), undef, '    no coding';
            is $r->body, '', '    no body';
        }
        is $t->get($path, headers => { %h, 'If-None-Match' => '"x"' })->status,
            200, '  another tag: 200';
        my $head = $t->head($path, headers => \%h);
        is $head->status, 200, '  HEAD';
        is $head->header('ETag'), $tag{$coding}, '    its tag';
        is $head->body, '', '    no body';
        is $head->header('Content-Length'),
            length(($coding ? $zip : $hit)->body), '    its length';
    }
}

# --- what is one page, and what is not -----------------------------------------

$t->get($_) for '/', '/api/v1/deals';
is status($t->get('/?utm_source=x&sort=new')), 'HIT',
    'what the page does not know makes no other';
is status($t->get('/api/v1/deals?limit=25&sort=hot')), 'HIT', 'nor a default';
is status($t->get('/', headers => { Host => 'other.example' })), 'HIT',
    'nor Host';
$ann->post('/api/v1/deals', json => { title => 'Another' });
my $evil = $t->get('/?evil=1');
is status($evil), 'MISS', 'filled by an address with more in it';
unlike $evil->body, qr/evil/, '  the page has nothing of that';
unlike $t->get('/')->body, qr/evil/, '  nor later';
like $t->get('/top?window=week&x=1')->body,
    qr{login\?next=%2Ftop%3Fwindow%3Dweek"}, 'it has what it depends on';
like $t->get('/shop/')->body, qr/<title>[^<]*Shop/, 'a mount has its own';
unlike $t->get('/')->body, qr/<title>[^<]*Shop/, '  and only that';

# A GET may have a body; what comes behind it is another request.
for my $body ("Content-Length: 5\r\n\r\nhello",
              "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n") {
    for my $path ('/', '/top?window=year', '/top?window=year') {
        my $all = $t->raw("GET $path HTTP/1.1\r\nHost: x\r\n$body"
            . "GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close"
            . "\r\n\r\n");
        my @status = $all =~ m{^HTTP/1\.1 (\d+)}mg;
        is "@status", '200 200', "a body and another request behind $path";
    }
    $ann->post('/api/v1/deals', json => { title => 'One more' });
}

# --- what is not kept -------------------------------------------------------------

for my $path ('/nothing', '/login', '/deals/1/x', '/api/v1/deals/1',
              "/deals/$id", "/deals/$id/other", '/top?window=x',
              '/api/v1/deals?limit=1000', '/?cursor=x') {
    my $r = $t->get($path);
    my $again = $t->get($path);
    like status($again), qr/^(?:MISS|BYPASS)$/, "$path is not kept";
    is $again->status, $r->status, '  and stays ' . $r->status;
    is $again->header('X-Cache') eq 'BYPASS' || $r->status != 200, 1, '  not 200';
}
like status($ann->get('/')), qr{^(?:MISS|HIT)$}, 'who is signed in has that of members';
is status($ann->post('/logout')), 'BYPASS', 'so has a form';
is status($off->get('/')), 'BYPASS', 'deals_cache off';
is status($t->get('/robots.txt')), 'BYPASS', 'a file';

unlike $t->log, qr/private page/, 'nothing private came near it';
$t->finish;
