#!/usr/bin/perl

# What an operator may write into a mount beside "deals": blocks of "if" and
# "limit_except", which nginx makes locations of their own, without a name.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
server {
    listen 127.0.0.1:%%PORT%%;
    client_max_body_size 1k;
    location /shop/ {
        deals;
        if ($arg_slow) { set $limit_rate 100k; }
        limit_except GET POST {
            allow 127.0.0.1;
            deny all;
        }
    }
    location /read/ {
        deals;
        limit_except GET { deny all; }
    }
}
CONF

my $ann = $t->client;
my $api = '/shop/api/v1';
my $r = $ann->post("$api/accounts",
    json => { name => 'ann', password => 'a password of ann' });
is $r->status, 201, 'a member';

$r = $ann->post("$api/deals", json => { title => 'A kettle' });
is $r->status, 201, 'a deal';
my $id = $r->json->{id};

$r = $ann->get('/shop/?slow=1');
is $r->status, 200, 'through an "if"';
like $r->body, qr{href="/shop/deals/$id/a-kettle"}, '  the links of the mount';
like $r->body, qr{Signed in as <b>ann}, '  and its member';
$r = $t->get("/shop/deals/$id/?slow=1");
is $r->header('Location'), "/shop/deals/$id/a-kettle?slow=1",
    '  redirects are paths';
$r = $t->get("$api/openapi.json?slow=1");
like $r->body, qr{/shop/api/v1}, '  the description of the mount';

$r = $ann->patch("$api/deals/$id",
    json => { description => 'x' x 5000 });
is $r->status, 200, 'through "limit_except", with a body';
is $t->request('OPTIONS', "$api/deals")->status, 204, '  and without';

is $t->get('/read/')->status, 200, 'a mount to read';
is $t->post('/read/login', form => { name => 'ann', password => 'x' })->status,
    403, '  is for nothing else';

$t->finish;
