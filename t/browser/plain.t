#!/usr/bin/perl
# What members do, in a browser that runs no scripts; below a prefix.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /shop/ { deals; }
    }
}
CONF
my $keeper = $t->client->post('/shop/api/v1/accounts', json => {
    name => 'Keeper', password => 'password of Keeper' });
is $keeper->status, 201, 'an account for the moderator';
is $t->deals('user', 'role', 'Keeper', 'moderator')->{code}, 0, '... made one';
browse($t, 'members.js', js => 0, prefix => '/shop');
$t->finish;
