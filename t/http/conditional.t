#!/usr/bin/perl

# What a client has already it need not get again: ETag, If-None-Match, 304, HEAD,
# and gzip beside them.

use strict;
use warnings;
use FindBin;
use IO::Uncompress::Gunzip ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
gzip on;
gzip_min_length 100;
gzip_types application/json text/css image/svg+xml;
%%SITE%%
CONF

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })
    ->json->{id};
my ($style) = $t->get('/')->body =~ m{href="(/static/[^"]+\.css)"};

for my $path ('/', '/new', "/deals/$id/a-deal", '/api/v1/deals',
              "/api/v1/deals/$id", "/api/v1/deals/$id/comments",
              '/api/v1/users/ann', '/api/v1/openapi.json', $style,
              '/robots.txt') {
    my $r = $t->get($path);
    my $tag = $r->header('ETag') // '';
    like $tag, qr/^"[0-9a-f]{32}"$/, "$path has a tag";
    is $t->get($path)->header('ETag'), $tag, '  the same for the same bytes';
    for my $match ($tag, "W/$tag", "\"x\", $tag", '*') {
        my $again = $t->get($path, headers => { 'If-None-Match' => $match });
        is $again->status, 304, "  If-None-Match: $match";
        is $again->body, '', '    nothing comes';
        is $again->header('ETag'), $tag, '    but the tag';
        is $again->header('Cache-Control'), $r->header('Cache-Control'),
            '    and how to keep it';
        is $again->header('Vary'), $r->header('Vary'), '    and for whom';
        is $again->header('Content-Type'), undef, '    of no type';
    }
    is $t->get($path, headers => { 'If-None-Match' => '"other"' })->status, 200,
        '  another tag';
    is $t->head($path, headers => { 'If-None-Match' => $tag })->status, 304,
        '  HEAD too';
    is $t->head($path)->header('ETag'), $tag, '  HEAD has the tag';
    my $zip = $t->get($path, headers => { 'Accept-Encoding' => 'gzip' });
    if ($zip->header('Content-Encoding')) {
        my $weak = "W/$tag";
        if ($path eq $style) {
            isnt $zip->header('ETag'), $tag, '  made smaller before: its own';
            $weak = $zip->header('ETag');
            IO::Uncompress::Gunzip::gunzip(\$zip->body, \my $bytes);
            is $bytes, $r->body, '  of the same';
            cmp_ok length $zip->body, '<', length($bytes) / 2, '  but smaller';
        } else {
            is $zip->header('ETag'), $weak, '  compressed it is weak';
        }
        is $t->get($path, headers => { 'Accept-Encoding' => 'gzip',
            'If-None-Match' => $weak })->status, 304, '  and still good';
    }
}

# It changes when what is shown does.
my $tag = $t->get('/api/v1/deals')->header('ETag');
my $mine = $ann->get('/api/v1/deals')->header('ETag');
isnt $mine, $tag, 'a member\'s own vote is in the bytes';
$ann->put("/api/v1/deals/$id/vote", json => { value => -1 });
is $t->get('/api/v1/deals', headers => { 'If-None-Match' => $tag })->status, 200,
    'after a vote it is another';

# Nothing to compare.
for my $r ($t->get('/nothing'), $ann->get('/api/v1/me'), $t->get('/login'),
           $t->get("/deals/$id")) {
    is $r->header('ETag'), undef, 'no tag for ' . $r->status;
}
is $t->get('/login', headers => { 'If-None-Match' => '*' })->status, 200,
    'a form always comes';
is $ann->put("/api/v1/deals/$id/vote", json => { value => 1 },
    headers => { 'If-None-Match' => '*' })->status, 200, 'so does an answer';

$t->finish;
