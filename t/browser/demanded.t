#!/usr/bin/perl
# Pages where a second factor is demanded, in a browser: with scripts, without.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
%%UNLIMITED%%
deals_second_factor all;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:moderators%%;
    deals_second_factor moderators;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:optional%%;
    deals_second_factor optional;
    location / { deals; }
}
CONF
my $keeper = $t->member('Keeper', undef, port => $t->port('optional'));
is $t->deals('user', 'role', 'Keeper', 'moderator')->{code}, 0, 'a moderator';
my $id = $keeper->post('/api/v1/deals', json => { title => 'A kettle' })
    ->json->{id};
browse($t, 'demanded.js', js => $_, deal => "/deals/$id/a-kettle",
    moderators => $t->url('moderators')) for 1, 0;
$t->finish;
