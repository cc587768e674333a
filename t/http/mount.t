#!/usr/bin/perl

# Where communities are mounted: at the root, under prefixes, several in one
# nginx, each with its own database, name, templates and addresses.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;

# A second community, in a database beside the first.
(my $second = $t->database) =~ s/dbname=deals\b/dbname=second/
    or BAIL_OUT('no dbname in ' . $t->database);
(my $second_admin = $t->database_admin) =~ s/dbname=deals\b/dbname=second/;
$t->stop_postgresql;
$t->{servers}->single_user("$dir/postgresql",
    'CREATE DATABASE second OWNER deals_admin',
    'GRANT CONNECT ON DATABASE second TO deals');
$t->start_postgresql;
my $r = $t->deals('migrate', { env => { DEALS_DATABASE_ADMIN => $second_admin,
                                        DEALS_DATABASE => $second } });
is $r->{code}, 0, 'a second community' or diag $r->{err};

mkdir "$dir/templates" or die;
open my $f, '>', "$dir/templates/login.html" or die;
print {$f} '<h1>Come in to {{site}}</h1>{{#form}}<form method="post"'
    . ' action="{{prefix}}/login"><input name="name" value="{{name}}">'
    . '</form>{{/form}}', "\n";
close $f or die;

$t->nginx(<<"CONF");
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    deals_site_name Everywhere;
    server {
        listen 127.0.0.1:%%PORT%%;
        location /shop/ { deals; deals_site_name Shop; }
        location ^~ /a/b/ { deals; deals_templates templates; }
        location / { return 200 "elsewhere\\n"; }
        location /images/ { root /nowhere; }
    }
    server {
        listen 127.0.0.1:%%PORT:second%%;
        deals_database "$second";
        deals_redis off;
        deals_url https://second.example;
        deals_site_name Second;
        location / { deals; }
        location /third/ { deals; }
        location /own/ { return 200 "own\\n"; }
    }
    server {
        listen 127.0.0.1:%%PORT:proxy%%;
        location / { proxy_pass http://127.0.0.1:%%PORT%%; }
    }
}
CONF

# --- a prefix -------------------------------------------------------------------

is $t->get('/')->body, "elsewhere\n", 'the root is not ours';
is $t->get('/shopping')->body, "elsewhere\n", 'nor is what begins alike';
$r = $t->get('/shop?a=b');
is $r->status, 301, 'the mount without its slash';
is $r->header('Location'), '/shop/?a=b', '  is a path away';

my $ann = $t->client;
$r = $ann->post('/shop/signup', form => { name => 'ann', password =>
    'a long password', next => '/shop/new' });
is $r->header('Location'), '/shop/new', 'signing up under a prefix';
$r = $ann->post('/shop/submit', form => { title => 'A deal' });
like my $page = $r->header('Location'), qr{^/shop/deals/\d+/a-deal$}, 'a deal';
my ($id) = $page =~ m{/(\d+)/};
$r = $ann->post("/shop/deals/$id/-/vote", form => { value => 0,
    next => "/shop/new#d$id" });
is $r->header('Location'), "/shop/new#d$id", 'a vote';
is $ann->post("/shop/deals/$id/-/vote", form => { value => 1, next => '/new' })
    ->header('Location'), "/shop/deals/$id#d$id",
    'a way back out of the mount is none';
is $t->post("/shop/deals/$id/-/vote", form => { value => 1 })
    ->header('Location'), "/login?next=" =~ s{^}{/shop}r
    . "%2Fshop%2Fdeals%2F$id", 'the way to the sign-in';
is $t->get("/shop/deals/$id")->header('Location'), $page, 'a redirect';
is $ann->post('/shop/api/v1/deals', json => { title => 'By the API' })
    ->header('Location') =~ m{^/shop/api/v1/deals/\d+$} ? 1 : 0, 1,
    'an address of the API';
is $ann->post("/shop/deals/$id/-/delete", form => {})->header('Location'),
    '/shop/', 'back to the first page';
is $ann->post('/shop/logout', form => {})->header('Location'), '/shop/',
    'signed out';

# Each link and form of each page stays inside.
$ann->post('/shop/login', form => { name => 'ann', password =>
                                    'a long password' });
$id = $t->sql('SELECT max(deal_id) FROM deals');
$ann->post("/shop/deals/$id/-/comments", form => { body => 'x' });
my %done;
my @todo = ('/shop/', '/shop/top', '/shop/submit', "/shop/deals/$id/-/edit",
            '/shop/nothing');
while (my $path = shift @todo) {
    next if $done{$path}++;
    my $body = $ann->get($path)->body;
    my @link = $body =~ /\b(?:href|src|action)="([^"#]*)/g;
    ok @link > 5, "$path has links" if $body =~ /<html/;
    is_deeply [grep { !m{^(?:/shop/|\?|$|https?://)} } @link], [],
        '  and all stay inside';
    push @todo, grep { m{^/shop/(?!api/|static/)} && !m{/-/|logout} } @link;
}
ok keys %done > 8, 'went through ' . keys(%done) . ' pages';
my ($file) = $ann->get('/shop/')->body =~ m{"(/shop/static/[^"]+\.js)"};
is $t->get($file)->status, 200, 'a file under the prefix';
is $t->get('/shop/favicon.ico')->status, 404, 'the icon of a host is not ours';
is $t->get('/shop/robots.txt')->status, 404, 'nor are its robots';
is $t->get('/shop/api/v1/openapi.json')->json->{servers}[0]{url},
    '/shop/api/v1', 'the description knows the prefix';

# --- two mounts of one community ---------------------------------------------------

$r = $t->get('/a/b/login');
like $r->body, qr{<h1>Come\ in\ to\ Everywhere</h1>
    <form\ method="post"\ action="/a/b/login">}x, 'its own template and the common name';
like $t->get('/shop/login')->body, qr/Shop/, 'the other\'s own name';
unlike $t->get('/shop/login')->body, qr/Come in to/, 'without its template';
like $t->get('/a/b/new')->body, qr/By the API/, 'the same deals';
is $t->get('/a/b')->header('Location'), '/a/b/', 'a deep mount';
is $t->get('/a/')->body, "elsewhere\n", 'nothing half-way';

# --- another community ------------------------------------------------------------------

my $two = $t->client(port => $t->port('second'));
unlike $two->get('/new')->body, qr/By the API/, 'other deals';
is $two->post('/login', form => { name => 'ann', password =>
    'a long password' })->status, 422, 'other members';
$r = $two->post('/signup', form => { name => 'ann', password =>
                                     'another password' });
is $r->status, 303, 'the same name there';
$two->post('/submit', form => { title => 'Second hand' });
like $two->get('/new')->body, qr/Second hand/, 'its deal';
unlike $t->get('/shop/new')->body, qr/Second hand/, '  is not ours';
like $two->get('/new')->body,
    qr{<link rel="canonical" href="https://second\.example/new">}, 'its address';
like $two->get('/third/new')->body, qr/Second hand/, 'its other mount';
is $two->get('/own/')->body, "own\n", 'a location inside its mount';
is $two->get('/api/v1/openapi.json')->json->{servers}[0]{url},
    'https://second.example/api/v1', 'its description';
is $two->get('/third/api/v1/openapi.json')->json->{servers}[0]{url},
    'https://second.example/third/api/v1', '  of each mount';
is $t->sql('SELECT count(*) FROM users'), 1, 'one member here';
is $t->sql_as($second_admin, 'SELECT count(*) FROM users'), 1, 'one there';

# --- through a proxy --------------------------------------------------------------------------

my $proxy = $t->client(port => $t->port('proxy'));
is $proxy->get('/shop')->header('Location') =~ m{/shop/$} ? 1 : 0, 1,
    'a redirect through a proxy';
is $proxy->get("/shop/deals/$id")->status, 301, 'of ours';
like $proxy->get("/shop/deals/$id")->header('Location'), qr{^/shop/deals/},
    '  is a path, whoever stands between';

$t->finish;
