#!/usr/bin/perl

# Requests hidden in bodies: whatever a request says of its body, what stands in
# it is never read as a request, and who comes next on a connection gets an
# answer of one's own, also behind a proxy that keeps its connections.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
deals_rate_limit signin=off signup=off post=off comment=off vote=1/m;
client_body_timeout 2s;
client_body_buffer_size 2k;
keepalive_timeout 3s;
lingering_timeout 1s;
log_format seen '$request';
access_log %%DIR%%/seen.log seen;
server {
    listen 127.0.0.1:%%PORT%%;
    deals_body_size 8k;
    location / { deals; }
    location = /deals_status { deals_status; }
}
upstream behind {
    server 127.0.0.1:%%PORT%%;
    keepalive 1;
}
server {
    listen 127.0.0.1:%%PORT:front%%;
    access_log off;
    location / {
        proxy_pass http://behind;
        proxy_http_version 1.1;
        proxy_request_buffering off;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
    }
}
CONF

my $api = '/api/v1';
my $ann = $t->member('ann');
my $token = $ann->{cookie}{deals};
my $id = $ann->post("$api/deals", json => { title => 'A deal' })->json->{id};
$ann->put("$api/deals/$id/vote", json => { value => 1 }) for 1 .. 2;

sub seen {
    open my $f, '<', $t->dir . '/seen.log' or die;
    return <$f>;
}

sub statuses { return [$_[0] =~ m{HTTP/1\.1 (?!100)(\d+) }g] }

# --- what the body hides -------------------------------------------------------

my $hidden = "DELETE $api/deals/$id?smuggled HTTP/1.1\r\nHost: x\r\n"
    . "Authorization: Bearer $token\r\n\r\n";
my $last = "GET /robots.txt?last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    . "\r\n";

sub chunk { return sprintf "%x%s\r\n%s\r\n", length $_[0], $_[1] // '', $_[0] }
my $chunks = chunk($hidden) . "0\r\n\r\n";

# Requests of every kind: method and path, headers. Each is asked with each body.
my $form = "Content-Type: application/x-www-form-urlencoded\r\n";
my $json = "Content-Type: application/json\r\n";
my $same = "Sec-Fetch-Site: same-origin\r\n";
my $bearer = "Authorization: Bearer $token\r\n";
my $cookie = "Cookie: deals=$token\r\n";
my @requests = (
    ['GET /', '', 200],
    ['GET /', $cookie, 200],
    ["GET $api/deals", $bearer, 200],
    ['HEAD /new', '', 200],
    ['GET /none', '', 404],
    ['GET /login', '', 200],
    ['GET /favicon.ico', '', 200],
    ['GET /deals_status', '', 200],
    ['OPTIONS /', '', 204],
    ['PUT /', '', 405],
    ['PROPFIND /', '', 405],
    ["DELETE $api/deals/7", $bearer, 404],
    ["DELETE $api/deals/7", '', 401],
    ["DELETE $api/deals/7", "$cookie", 403],
    ['POST /login', $form, 403],
    ['POST /login', "Content-Type: text/plain\r\n$same", [413, 415]],
    ['POST /login', "$form$same", [400, 413, 422]],
    ['POST /submit', "$form$same", [303, 413, 400]],
    ['POST /submit', "$form$same$cookie", [400, 413, 422]],
    ["POST $api/deals", $json, [400, 401, 413]],
    ["POST $api/deals", "$json$bearer", [400, 413]],
    ["POST $api/deals", "$json$bearer" . "Content-Encoding: gzip\r\n", [413, 415]],
    ["PUT $api/deals/$id/vote", "$json$bearer", [400, 413, 429]],
);

my $small = length $hidden;
my %body = (
    'a length'   => ["Content-Length: $small\r\n", $hidden],
    'a long one' => ['Content-Length: ' . 100 * $small . "\r\n", $hidden x 100],
    'pieces'     => ["Transfer-Encoding: chunked\r\n", $chunks],
    'many pieces' => ["Transfer-Encoding: chunked\r\n",
        chunk($hidden) x 100 . "0\r\n\r\n"],
    'pieces with extensions' => ["Transfer-Encoding: chunked\r\n",
        chunk($hidden, ";a=b;c=\"d e\"") . "0;z\r\n\r\n"],
    'trailers' => ["Transfer-Encoding: chunked\r\n",
        chunk($hidden) . "0\r\nContent-Length: 5\r\nHost: evil\r\n\r\n"],
);

for my $request (@requests) {
    my ($what, $headers, $want) = @$request;
    for my $kind (sort keys %body) {
        my ($says, $bytes) = @{ $body{$kind} };
        my $got = statuses($t->raw("$what HTTP/1.1\r\nHost: x\r\n$headers$says"
            . "\r\n$bytes$last"));

        # A refused request may end the connection: then the last one has no
        # answer. It never has more than its own.
        my $fits = grep { ($got->[0] // 0) == $_ } ref $want ? @$want : $want;
        my $rest = @$got == 1 || @$got == 2 && $got->[1] == 200;
        ok $fits && $rest, "$what with $kind: @$got";
    }
}

# The same, said to be coming: a client may send the body or the next request.
for my $request (grep { $_->[0] =~ /^POST|^PUT/ } @requests) {
    my ($what, $headers, $want) = @$request;
    my $got = statuses($t->raw("$what HTTP/1.1\r\nHost: x\r\n$headers"
        . "Expect: 100-continue\r\nContent-Length: $small\r\n\r\n$hidden$last"));
    ok @$got == 1 || @$got == 2 && $got->[1] == 200,
        "$what with an expectation: @$got";
}

# --- bodies of two lengths -----------------------------------------------------

my %two = (
    'a length and pieces' =>
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    'pieces and a length' =>
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    'two lengths' => "Content-Length: 0\r\nContent-Length: $small\r\n",
    'one length twice' => "Content-Length: 0\r\nContent-Length: 0\r\n",
    'two lengths in one' => "Content-Length: 0, $small\r\n",
    'a length with a sign' => "Content-Length: +0\r\n",
    'a negative length' => "Content-Length: -1\r\n",
    'a length in hex' => "Content-Length: 0x0\r\n",
    'a length beyond 64 bits' => "Content-Length: 18446744073709551616\r\n",
    'a length of no digits' => "Content-Length: \r\n",
    'pieces twice' =>
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    'pieces and more' => "Transfer-Encoding: chunked, identity\r\n",
    'an unknown coding' => "Transfer-Encoding: xchunked\r\n",
    'a coding after a tab' => "Transfer-Encoding: \x0bchunked\r\n",
    'a name with a space' => "Transfer-Encoding : chunked\r\n",
    'a length with a space' => "Content-Length : 0\r\n",
    'a zero in a name' => "Transfer\0-Encoding: chunked\r\n",
    'a header in two lines' => "X: y\r\n Transfer-Encoding: chunked\r\n",
);
for my $kind (sort keys %two) {
    for my $what ('GET /', 'GET /login', "POST $api/deals", 'POST /login',
                  "DELETE $api/deals/7", 'GET /none') {
        my $got = statuses($t->raw("$what HTTP/1.1\r\nHost: x\r\n$json$bearer"
            . "$two{$kind}\r\n0\r\n\r\n$hidden$last"));
        ok @$got <= 1 && ($got->[0] // 400) =~ /^(?:400|501|413)$/,
            "$what with $kind: @$got";
    }
}
my $got = statuses($t->raw("POST $api/deals HTTP/1.0\r\nHost: x\r\n$json$bearer"
    . "Transfer-Encoding: chunked\r\n\r\n$chunks$last"));
is_deeply $got, [400], 'pieces in HTTP/1.0';

# Pieces that are none end the connection.
for my $bad ("-1\r\n", "0x5\r\nabcde\r\n0\r\n\r\n", "5 \n", "\r\n0\r\n\r\n",
             "ffffffffffffffff\r\n", "10000000000000000\r\nx", ";a\r\n",
             "5\r\nabcdeX0\r\n\r\n", "zz\r\n") {
    for my $what ('GET /', 'GET /login', "POST $api/deals", 'POST /login',
                  "DELETE $api/deals/7") {
        $got = statuses($t->raw("$what HTTP/1.1\r\nHost: x\r\n$json$bearer"
            . "Transfer-Encoding: chunked\r\n\r\n$bad$hidden$last"));
        (my $text = $bad) =~ s/\r?\n.*//s;
        ok @$got <= 1, "$what with the piece \"$text\": @$got";
    }
}

# --- lengths that are not kept -------------------------------------------------

# Less than was announced: the next request is body, and read as nothing else.
for my $what ('GET /', "POST $api/deals", 'POST /login', 'GET /none',
              "DELETE $api/deals/7") {
    $got = statuses($t->raw("$what HTTP/1.1\r\nHost: x\r\n$json$bearer$same"
        . 'Content-Length: ' . 2 * $small . "\r\n\r\n$hidden"));
    ok @$got <= 1, "$what with less than announced: @$got";
}
is grep({ /smuggled/ } seen()), 0, 'no hidden request was seen by anybody';

# More: that is the next request, as HTTP has it, and no part of the body.
my $title = '{"title":"Two requests"}';
$got = statuses($t->raw("POST $api/deals HTTP/1.1\r\nHost: x\r\n$json$bearer"
    . 'Content-Length: ' . length($title) . "\r\n\r\n$title$last"));
is_deeply $got, [201, 200], 'more than announced is the next request';
$got = statuses($t->raw("POST $api/deals HTTP/1.0\r\n$json$bearer"
    . 'Content-Length: ' . length($title) . "\r\n\r\n$title$last"));
is_deeply $got, [201], '  but not in HTTP/1.0';
$got = statuses($t->raw("POST $api/deals HTTP/1.0\r\n$json$bearer"
    . "\r\n$title$last"));
is_deeply $got, [400], '  nor is a body without a length one';

# --- compressed ------------------------------------------------------------------

for my $coding ('gzip', 'deflate', 'br', 'x-gzip, identity', 'GZIP', '*', '') {
    for my $as ([json => "$api/deals", json => { title => 'A deal' },
                 bearer => $token],
                [form => '/submit', form => { title => 'A deal' }]) {
        my ($what, $path, @o) = @$as;
        my $r = $ann->post($path, @o, headers => { 'Content-Encoding' =>
                                                   $coding });
        is $r->status, $coding eq '' ? ($what eq 'json' ? 201 : 303) : 415,
            "$what, coded \"$coding\"";
        next if $coding eq '';
        like $r->body, qr/not be (?:coded|compressed)/i, '  and why';
        is $r->header('Accept-Encoding'), 'identity', '  and what is taken';
    }
}
is $ann->post("$api/deals", json => { title => 'A deal' },
    headers => { 'Content-Encoding' => 'Identity' })->status, 201,
    'one that changes nothing is taken';

# --- behind a proxy that keeps its connections ------------------------------------

my $front = $t->client(port => $t->port('front'));
my $victim = $t->client(port => $t->port('front'));
my %bad;
for my $request (@requests) {
    my ($what, $headers) = @$request;
    for my $kind (sort keys %body) {
        my ($says, $bytes) = @{ $body{$kind} };
        my $one = $front->raw("$what HTTP/1.1\r\nHost: x\r\nConnection: close"
            . "\r\n$headers$says\r\n$bytes");
        $bad{"$what with $kind: two answers"}++ if @{ statuses($one) } > 1;
        my $r = $victim->get("$api/deals/$id");
        $bad{"$what with $kind: the next one got " . $r->status}++
            if $r->status != 200 || ($r->json->{id} // 0) != $id;
    }
}
is join("\n", sort keys %bad), '', 'who comes next gets an answer of one\'s own';

is grep({ /smuggled/ } seen()), 0, 'no hidden request was seen by anybody';
is $t->get("$api/deals/$id")->status, 200, '  and nothing was deleted';
cmp_ok grep({ /last/ } seen()), '>', 50, 'those in the open were seen';

unlike $t->log, qr/\[crit\]|signal \d+ \(core/, 'nothing broke';
$t->finish;
