#!/usr/bin/perl

# What is wrong with a request is answered with the right status, in the right
# form, and never by a broken connection.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
client_body_buffer_size 4k;
client_body_timeout 2s;
server {
    listen 127.0.0.1:%%PORT%%;
    client_max_body_size 10;
    deals_body_size 200k;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my $ann = $t->member('ann');
my $token = $ann->{cookie}{deals};
my @as = (bearer => $token);
my $id = $t->post("$api/deals", @as, json => { title => 'A deal' })->json->{id};

sub is_problem {
    my ($r, $status, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, $what or diag $r->head, "\n", $r->body;
    is $r->header('Content-Type'), 'application/problem+json', '  as a problem';
    is eval { $r->json->{status} }, $status, '  that says so';
    is $r->header('Cache-Control'), 'no-store', '  as long as that lasts';
}

sub is_page {
    my ($r, $status, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, $what or diag $r->head, "\n", $r->body;
    like $r->body, qr/<h1>[^<]+<\/h1>.*<\/html>\s*$/s, '  as a page';
    like $r->body, qr/name="robots" content="noindex"/, '  not for robots';
}

# --- 404 and 405 --------------------------------------------------------------

is_page($t->get('/nothing'), 404, 'no page');
like $t->get('/nothing')->body, qr{href="/login\?next=%2F"},
    '  to which nobody comes back';
is_problem($t->get("$api/nothing"), 404, 'no operation');
is_problem($t->get('/api/'), 404, 'nor at the top');
is_problem($t->get("$api/deals/x"), 404, 'an id that is none');
is_page($ann->get('/nothing'), 404, 'a member\'s');
like $ann->get('/nothing')->body, qr/Signed in as <b>ann/, '  says who asks';

my %allow = ('/' => 'GET, HEAD', '/submit' => 'GET, HEAD, POST',
    '/logout' => 'POST', "/deals/$id/-/vote" => 'POST',
    "$api/deals" => 'GET, HEAD, POST',
    "$api/deals/$id" => 'GET, HEAD, PATCH, DELETE',
    "$api/deals/$id/vote" => 'PUT', "$api/sessions/current" => 'DELETE',
    "$api/me" => 'GET, HEAD', '/static/x/style.css' => 'GET, HEAD');
for my $path (sort keys %allow) {
    my $r = $t->options($path);
    is $r->status, 204, "OPTIONS $path";
    is $r->header('Allow'), "$allow{$path}, OPTIONS", '  says what it takes';
    is $r->body, '', '  and nothing else';
    for my $method (qw(GET POST PUT PATCH DELETE PROPFIND)) {
        next if $allow{$path} =~ /\b$method\b/;
        $r = $t->request($method, $path);
        is $r->status, 405, "$method $path";
        is $r->header('Allow'), "$allow{$path}, OPTIONS", '  says what it takes';
    }
}
is_page($t->post('/new', form => {}), 405, 'a page');
is_problem($t->put("$api/deals"), 405, 'an operation');
is $t->options('/nothing')->status, 404, 'OPTIONS of nothing';

# --- 400: what can't be read ----------------------------------------------------

my @as_json = (@as, type => 'application/json');
for my $bad ('', '{', '{"title"}', '[]x', '{"title":"x",}', "{\"title\":\"\xff\"}",
             '{"title":"\ud800"}', "\f{}", '{"title":"a' . "\n" . 'b"}', 'null x',
             "{\"a\":" x 5000, '[' x 100000) {
    my $r = $t->post("$api/deals", @as_json, body => $bad);
    is_problem($r, 400, 'bad JSON: ' . substr $bad =~ s/[^ -~]/?/gr, 0, 20);
}
is_problem($t->post("$api/deals", @as_json, body => $_), 422,
    "not an object: $_") for qw([] "x" 1 null);
is_problem($t->post("$api/deals", @as_json, body => '{"title":"a","title":"b"}'),
    422, 'a field given twice');
is_problem($t->post("$api/deals", @as_json, body => '{"title":"a\u0000b"}'),
    422, 'a zero in a text');
my @as_form = (type => 'application/x-www-form-urlencoded');
is_page($ann->post('/submit', @as_form, body => $_), 400, "a bad form: $_")
    for 'title=%', 'title=%zz', 'title=%00', 'title=%ff';
is_problem($t->get("$api/deals?cursor=%ff"), 400, 'a bad query');
is_page($t->get('/?cursor=%ff'), 400, 'of a page');

# --- 415 --------------------------------------------------------------------------

for my $type (undef, 'text/plain', 'application/jsonp', 'multipart/form-data',
              'application/x-www-form-urlencoded') {
    is_problem($t->post("$api/deals", @as, body => '{"title":"A deal"}',
        type => $type), 415, 'JSON of type ' . ($type // 'none'));
}
for my $type (undef, 'text/plain', 'application/json', 'multipart/form-data') {
    is_page($ann->post('/submit', body => 'title=A+deal', type => $type), 415,
        'a form of type ' . ($type // 'none'));
}
is $t->post("$api/deals", @as, type => $_, body => '{"title":"A deal"}')
    ->status, 201, "type $_"
    for 'application/json; charset=utf-8', 'Application/JSON',
        'application/json ;x=y';
is $ann->post('/submit', type => "$as_form[1]; charset=utf-8",
    body => 'title=A+deal')->status, 303, 'a form with a charset';

# --- bodies: large, in pieces, in files, not at all ---------------------------------

sub text { '{"title":"A deal","description":"' . 'x' x $_[0] . '"}' }
my $big = '{"title":"A deal"' . ' ' x 204_760 . '}';
is length $big, 204_778, 'a large body';
is $t->post("$api/deals", @as_json, body => $big)->status, 201, '  is read';
$big = '{"title":"A deal"' . ' ' x 204_783 . '}';
is_problem($t->post("$api/deals", @as_json, body => $big), 413, 'too large');
is_page($ann->post('/submit', @as_form, body => 'x' x 300_000), 413,
    'too large a form');

sub chunked {
    my ($size, @body) = @_;
    my $text = join '', map { sprintf "%x\r\n%s\r\n", length $_, $_ } @body;
    my $bytes = $t->raw("POST $api/deals HTTP/1.1\r\nHost: x\r\n"
        . "Authorization: Bearer $token\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        . $text . ($size ? '' : "0\r\n\r\n"));
    return Deals::Test::Response->parse($bytes, 'POST');
}
is chunked(0, '{"ti', 'tle":', '"In pieces"}')->status, 201, 'a body in pieces';
is chunked(0, unpack '(a100)*', text(19_000))->status, 201, 'in many pieces';
is_problem(chunked(0, unpack '(a8000)*', $big), 413, 'too large, in pieces');
is_problem(chunked(0), 400, 'none');
my $before = () = glob $t->dir . '/nginx/client_body/*';
is_problem(chunked(0, ('x' x 60_000) x 50), 413, 'very large, in pieces');
my $after = () = glob $t->dir . '/nginx/client_body/*';
is $after, $before, '  and nothing of it on the disk';

# Slowly, byte by byte.
{
    my $s = $t->connect;
    my $body = '{"title":"Slowly"}';
    print {$s} "POST $api/deals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer"
        . " $token\r\nConnection: close\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n";
    for my $byte (split //, $body) {
        $s->flush;
        select undef, undef, undef, 0.01;
        print {$s} $byte;
    }
    $s->flush;
    local $/;
    like <$s>, qr{^HTTP/1\.1 201 }, 'a slow body';
}

# A body that is announced, and asked for first.
{
    my $s = $t->connect;
    print {$s} "POST $api/deals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer"
        . " $token\r\nConnection: close\r\nContent-Type: application/json\r\n"
        . "Expect: 100-continue\r\nContent-Length: 18\r\n\r\n";
    $s->flush;
    sysread $s, my $go, 1000;
    like $go, qr{^HTTP/1\.1 100 }, 'go on';
    print {$s} '{"title":"Waited"}';
    $s->flush;
    local $/;
    like <$s>, qr{HTTP/1\.1 201 }, '  and it does';
}
{
    my $s = $t->connect;
    print {$s} "POST $api/deals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer"
        . " $token\r\nConnection: close\r\nContent-Type: application/json\r\n"
        . "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n";
    $s->flush;
    sysread $s, my $no, 1000;
    like $no, qr{^HTTP/1\.1 413 }, 'too much to ask for';
}

# Clients that go away.
for my $what ('POST ' . "$api/deals HTTP/1.1\r\nHost: x\r\nContent-Type:"
                . " application/json\r\nAuthorization: Bearer $token\r\n"
                . "Content-Length: 1000\r\n\r\n{",
              'POST ' . "$api/deals HTTP/1.1\r\nHost: x\r\nContent-Type:"
                . " application/json\r\nAuthorization: Bearer $token\r\n"
                . "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"tit",
              "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHo") {
    for (1 .. 3) {
        my $s = $t->connect;
        print {$s} $what;
        $s->flush;
        close $s;
    }
}
my $slow = $t->raw("POST $api/deals HTTP/1.1\r\nHost: x\r\nContent-Type:"
    . " application/json\r\nAuthorization: Bearer $token\r\n"
    . "Content-Length: 1000\r\n\r\n{");
is $slow =~ m{^HTTP/1\.1 (\d+)} ? $1 : 408, 408, 'a body that never comes';
like $t->raw("POST $api/deals HTTP/1.1\r\nHost: x\r\nContent-Type:"
    . " application/json\r\nAuthorization: Bearer $token\r\n"
    . "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
    qr{^HTTP/1\.1 400 }, 'pieces that are none';

# --- several requests on one connection ---------------------------------------------------

my $all = $t->raw("GET $api/deals/$id HTTP/1.1\r\nHost: x\r\n\r\n"
    . "POST $api/deals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n"
    . "Content-Type: application/json\r\nContent-Length: 21\r\n\r\n"
    . "{\"title\":\"Pipelined\"}"
    . "DELETE $api/deals/7 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token"
    . "\r\nContent-Length: 3\r\n\r\nabc"
    . "GET /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    . "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    . "Sec-Fetch-Site: same-origin\r\nContent-Length: 3\r\n\r\nabc"
    . "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"
    . "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
$all =~ s/\r\n\r\n.*?(?=HTTP\/1\.1 |$)/\n/gs;
is_deeply [$all =~ m{^HTTP/1\.1 (\d+)}mg], [200, 201, 404, 404, 415, 204, 200],
    'requests one after the other, answered in order';

# --- headers beyond all measure -------------------------------------------------------------

is $t->get('/', headers => { Cookie => 'deals=' . 'x' x 7000 })->status, 200,
    'a huge cookie';
is $t->get('/', headers => { Cookie => 'x' x 9000 })->status, 400,
    'a cookie that nginx does not take';
is $t->get('/?' . 'x' x 7000)->status, 200, 'a huge query';
is $t->get('/' . 'x' x 7000)->status, 404, 'a huge path';
is $t->get('/', headers => { 'User-Agent' => "\xff\xfe" . 'x' x 3000 })->status,
    200, 'a strange program';
is $ann->get('/', headers => { 'User-Agent' => "\xe2\x82\xac" x 900 })->status,
    200, 'one with a long name';
is $t->post("$api/sessions", json => { name => 'ann', password =>
    'password of ann' }, headers => { 'User-Agent' => "\xe2\x82\xac" x 900 })
    ->status, 201, '  signs in';
is $t->raw("GET / HTTP/1.0\r\n\r\n") =~ m{^HTTP/1\.1 200 } ? 1 : 0, 1,
    'HTTP/1.0 without a host';
is $t->raw("GET /\r\n") =~ m{<html}i ? 1 : 0, 1, 'HTTP/0.9';

unlike $t->log, qr/\[crit\]|signal \d+ \(core/, 'nothing broke';
$t->finish;
