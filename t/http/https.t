#!/usr/bin/perl

# Sites that browsers reach by https, through a proxy that ends TLS: which origins
# are theirs, and two communities on one host that leave each other's cookies
# alone.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_url https://deals.example;
deals_rate_limit signin=off signup=off;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /old/shop/ { deals; }
}
CONF

my %name = (name => 'deals.example');
my $ann = $t->client(%name);
my %member = (name => 'ann', password => 'a password of ann');
my $r = $ann->post('/api/v1/accounts', json => \%member);
is $r->status, 201, 'a member';
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })
    ->json->{id};

sub vote {
    my ($site, $origin) = @_;
    return $ann->put("/api/v1/deals/$id/vote", json => { value => 1 },
        site => $site,
        headers => { Host => 'deals.example', Origin => $origin })->status;
}
is vote('same-origin', undef), 200, 'a page of this site';
is vote(undef, 'https://deals.example'), 200, 'an older browser on it';
is vote(undef, 'http://deals.example'), 403,
    'not without TLS, where anybody may be this host';
is vote('cross-site', 'http://deals.example'), 403, 'nor a new browser there';
is vote('cross-site', 'https://deals.example'), 403,
    'what the browser says goes before a name';
is vote('same-site', 'https://deals.example'), 403, 'a neighbour too';

# Two mounts on one host.
my $name = '__Host-deals';
ok $ann->{cookie}{$name}, "signed in by $name";
$r = $ann->get('/old/shop/');
is $r->header('Set-Cookie'), undef, 'another community leaves it alone';
unlike $r->body, qr/Signed in as/, '  and knows nobody by it';
$r = $ann->post('/old/shop/login', form => \%member);
like $r->header('Set-Cookie'), qr{^__Host-deals-old-shop=\S+; Path=/; },
    'it has a cookie of its own';
$r = $ann->post('/old/shop/logout', form => {});
like $r->header('Set-Cookie'), qr{^__Host-deals-old-shop=; }, '  to sign out';
like $ann->get('/')->body, qr/Signed in as <b>ann/, 'and ann is still here';

# What follows a refused body may be the body or a request.
like $t->client->raw("POST /login HTTP/1.1\r\nHost: x\r\n"
    . "Sec-Fetch-Site: same-origin\r\nExpect: 100-continue\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n"
    . "Content-Length: 900000\r\n\r\n"),
    qr{^HTTP/1.1 413 .*^Connection: close}sm,
    'a client that asks before it sends is told that the connection ends';

$t->finish;
