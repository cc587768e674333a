#!/usr/bin/perl

# A running nginx, asked for T seconds (5) with requests that are made of good
# ones by chance: paths, queries, cookies, headers, bodies. Each is answered, and
# never with a 5xx; a problem is JSON; no worker ends and nothing alarming is
# logged. SEED=number does the same again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use Test::More;
use Time::HiRes ();
use Deals::Test;

my $began = time;
my $seconds = $ENV{T} || 5;
my $seed = $ENV{SEED} // ($ENV{T} ? time ^ $$ : 1);
srand $seed;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 1;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    large_client_header_buffers 4 16k;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
        location = /status { deals_status; }
    }
    server {
        listen 127.0.0.1:%%PORT:mount%%;
        location /shop/ { deals; deals_url https://shop.example; }
    }
}
CONF

my $ann = $t->member('ann');
my ($cookie, $token, $session) = credentials();
my ($id, $cid) = talk();
my $tag = $t->get('/')->header('ETag') // '"x"';
my @workers = sort $t->workers;

# What requests are made of.
my @paths = ('/', '/new', '/top', '/tags/tea', '/merchants/shop-example',
    '/users/ann', "/deals/{id}", "/deals/{id}/a-kettle", "/deals/{id}/-/edit",
    "/deals/{id}/-/vote", "/deals/{id}/-/comments", "/deals/{id}/-/hide",
    "/deals/{id}/-/comments/{cid}/vote", "/deals/{id}/-/comments/{cid}/edit",
    '/submit', '/login', '/signup', '/settings', '/reset', '/search', '/status',
    '/settings/password', '/settings/sessions/{session}/end',
    '/api/v1/sessions/{session}/end', '/api/v1/sessions/end', '/api/v1/password-resets', '/api/v1/me/password',
    '/api/v1/deals', "/api/v1/deals/{id}",
    "/api/v1/deals/{id}/vote", "/api/v1/deals/{id}/comments",
    "/api/v1/deals/{id}/comments/{cid}",
    "/api/v1/deals/{id}/comments/{cid}/vote",
    '/api/v1/accounts', '/api/v1/sessions', '/api/v1/me', '/api/v1/users/ann',
    '/api/v1/openapi.json', '/static/x/style.css', '/robots.txt');
my @queries = ('', '?sort=hot&limit=1', '?window=day', '?cursor=AQEAAAA',
    '?next=//evil.example', '?sort=top&window=all&limit=100&cursor=',
    '?q=%E2%82%AC&&=', '?limit=99999999999999999999');
my @methods = (('GET') x 6, 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'HEAD',
    'OPTIONS', 'DELETE');
my @bodies = ('{"title":"A pot","tags":["tea"],"starts_at":null}',
    '{"value":1}', '{"body":"**x** <b>","parent_id":null}', '{"title":null}',
    '{"name":"bob","password":"long enough"}',
    '{"current":"password of bob","password":"\u00e9\ud83d\ude00 it is"}',
    '{"token":"7.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","password":"long enough"}',
    'current=a&password=b&again=c', '{"current":"a"}',  'token=7.AAAA&password=long+enough',
    '{"title":"a","title":"b"}', '{"tags":' . '[' x 70 . ']' x 70 . '}',
    'value=-1', 'body=caf%C3%A9',
    'title=A+pot&price=1%2C99&currency=EUR&tags=a,b&url=http%3A%2F%2Fx.example',
    'next=%2F&hide=on', '', '[' x 100, '"' x 20);
my @headers = ('Cookie: {cookie}', 'Cookie: a=b; {cookie}; c', 'Cookie: ',
    'Authorization: Bearer {token}', 'Authorization: Bearer 1.x',
    'Authorization: bearer', 'Sec-Fetch-Site: same-origin', 'Origin: null',
    'Sec-Fetch-Site: cross-site', 'Origin: http://localhost',
    'Accept: text/html', 'Accept-Encoding: gzip;q=0, br', 'Range: bytes=0-1',
    'If-None-Match: W/"x", *', 'If-Modified-Since: now', 'User-Agent: ' . 'u' x 300,
    'Accept: application/json;q=0.5, text/plain;version=0.0.4',
    'Idempotency-Key: k1', "If-None-Match: $tag", 'Cookie: {cookie}; {cookie}',
    'User-Agent: ' . '"<b>\\' x 60, 'X-Forwarded-For: 1.2.3.4',
    'Expect: 100-continue', 'Accept-Language: x');
my @types = ('application/json', 'application/x-www-form-urlencoded',
    'text/plain', 'application/json; charset=latin1', '', 'multipart/form-data');
my @bits = ("\0", "\xff", '%00', '%2f', '%', '//', '/../', '\\', "\xe2\x82\xac",
    '"', "'", '<script>', '&', '=', ';', "\r", ' ', '9' x 30, '-1', "\x7f",
    '%0d%0aSet-Cookie:x=y', '%c0%80', '%ed%a0%80', '#', '?', '{', "\t");

my ($asked, %status, @wrong) = (0);
my $until = Time::HiRes::time() + $seconds;
while (Time::HiRes::time() < $until && @wrong < 5) {
    # Some of them delete it.
    ($id, $cid) = talk() if $asked % 200 == 199;
    my ($port, $request) = make();
    my ($answer, $why) = ask($port, $request);
    $asked++;
    $status{$answer}++;
    push @wrong, "$why, asked\n$request" if defined $why;
}

is join("\n", @wrong), '', sprintf '%d requests (SEED=%s): %s', $asked, $seed,
    join ', ', map { "$_ x $status{$_}" } sort keys %status;
is join(' ', sort $t->workers), "@workers", 'the worker lives';
is $t->get("/api/v1/deals/1")->status, 404, 'and answers';
cmp_ok $asked, '>', 20 * $seconds, 'at a good pace';
is $t->deals('verify')->{code}, 0, 'what was written is sound';
if (my $dir = $ENV{FUZZ_ROWS}) {
    open my $f, '>', "$dir/http.row" or die "$dir/http.row: $!\n";
    print $f join(' ', 'http', time - $began, $asked, 0,
        @wrong || !Test::More->builder->is_passing || 0), "\n";
    close $f or die "$dir/http.row: $!\n";
}
$t->finish;

# Some requests end the session.
sub credentials {
    my ($name) = keys %{ $ann->{cookie} };
    my $list = $ann->get('/api/v1/sessions')->json->{sessions};
    return ("$name=$ann->{cookie}{$name}", $ann->{cookie}{$name}, $list->[0]{id});
}

# A deal and a comment to ask about.
sub talk {
    if ($ann->get('/api/v1/me')->status == 401) {
        my $r = $ann->post('/api/v1/sessions', json => {
            name => 'ann', password => 'password of ann' });
        $r->status == 201 or die "not signed in: ", $r->status;
        ($cookie, $token, $session) = credentials();
    }
    my $deal = $ann->post('/api/v1/deals', json => {
        title => 'A kettle', url => 'https://shop.example/k', tags => ['tea'],
        description => '**Boils**',
        price => { amount => 1999, currency => 'USD' } });
    $deal->status == 201 or die "no deal: ", $deal->status, ' ', $deal->body;
    my $in = $deal->json->{id};
    my $said = $ann->post("/api/v1/deals/$in/comments",
        json => { body => 'Good' });
    $said->status == 201 or die "no comment: ", $said->status;
    return ($in, $said->json->{id});
}

sub pick { $_[rand @_] }

# Some bytes of it are others.
sub spoil {
    my ($text, $chance) = @_;
    while (rand() < $chance) {
        my $at = int rand 1 + length $text;
        my $kind = int rand 4;
        if ($kind == 0) {
            substr $text, $at, 0, pick(@bits);
        } elsif ($kind == 1) {
            substr $text, $at, 1 + int rand 4, '';
        } elsif ($kind == 2 && $at < length $text) {
            substr $text, $at, 1, chr int rand 256;
        } else {
            substr $text, $at, 0, substr $text, int rand(1 + length $text), 20;
        }
    }
    return $text;
}

sub make {
    my $mount = rand() < 0.2;
    my $method = pick(@methods);
    my $path = pick(@paths) =~ s/\{id\}/$id/r =~ s/\{cid\}/$cid/r
        =~ s/\{session\}/$session/r;
    $path = ($mount ? '/shop' : '') . spoil($path, 0.3)
        . spoil(pick(@queries), 0.3);
    # A space or a line's end would make it another request line.
    $path =~ s/[\r\n ]/%20/g;
    my @lines = ("$method $path HTTP/1.1", 'Host: localhost',
        'Connection: close');
    for (1 .. int rand 4) {
        my $line = spoil(pick(@headers) =~ s/\{cookie\}/$cookie/gr
            =~ s/\{token\}/$token/r, 0.3);
        $line =~ s/[\r\n]//g;
        push @lines, $line if $line !~ /^(?:content-length|transfer-enc|host)/i;
    }
    my $body = '';
    if ($method =~ /^P|DELETE/) {
        $body = spoil(pick(@bodies), 0.5);
        push @lines, 'Content-Type: ' . pick(@types), 'Sec-Fetch-Site: same-origin';
        push @lines, "Cookie: $cookie" if rand() < 0.5;
        if (rand() < 0.2 && length $body) {
            push @lines, 'Transfer-Encoding: chunked';
            $body = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $body, $body;
        } else {
            push @lines, 'Content-Length: ' . length $body;
        }
    }
    return ($mount ? $t->port('mount') : $t->port,
        join("\r\n", @lines, '', '') . $body);
}

# The status, and what is wrong with the answer.
sub ask {
    my ($port, $request) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
        Timeout => 5) or return (0, "no connection: $@");
    local $SIG{PIPE} = 'IGNORE';
    syswrite $socket, $request;
    my $answer = '';
    my $select = IO::Select->new($socket);
    while ($select->can_read(10)) {
        my $n = sysread $socket, $answer, 65536, length $answer;
        last if !$n;
    }
    $answer =~ s{\AHTTP/1\.1 100 .*?\r\n\r\n}{}s;
    my ($status) = $answer =~ m{\AHTTP/1\.1 (\d{3}) } or return (0,
        'no answer: ' . substr $answer, 0, 60);
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    return ($status, "status $status: " . substr $answer, 0, 300)
        if $status >= 500 && $status != 501 && $status != 505;
    return ($status, "a header too many: $head")
        if $head =~ /^Set-Cookie:\s*x=/mi;
    return ($status, 'a problem that is no JSON: ' . substr $body, 0, 300)
        if $head =~ m{^Content-Type: application/problem\+json}mi
        && $request !~ /^HEAD/ && $head !~ /^Transfer-Encoding/mi
        && !eval { JSON::PP->new->utf8->decode($body); 1 };
    return $status;
}
