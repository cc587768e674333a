#!/usr/bin/perl

# Clients that leave at every stage, dawdle, send too much, ask for several
# things at once or for absurd ones, and that take up all connections: each gets
# an answer of HTTP's or none, and nobody else notices.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF);
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Standstill;
use Deals::Test::Watch;

my $t = Deals::Test->new;
my $still = Deals::Test::Standstill->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:8m;
    deals_query_timeout 5s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    deals_body_size 64k;
    client_body_buffer_size 1k;
    send_timeout 2s;
    keepalive_requests 100000;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /other/ { return 200 "other\n"; }
    }
    # Who says no more is sent away.
    server {
        listen 127.0.0.1:%%PORT:hasty%% reuseport;
        client_body_timeout 1s;
        location / { deals; }
    }
    # Who says no more may stay.
    server {
        listen 127.0.0.1:%%PORT:patient%% reuseport;
        location / { return 200 "other\n"; }
    }
    # Somebody else reads bodies first, into files.
    server {
        listen 127.0.0.1:%%PORT:filed%% reuseport;
        location / { deals; mirror /seen; }
        location = /seen { internal; return 204; }
    }
}
CONF

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal',
    description => 'words ' x 2000 })->json->{id};
my $token = $ann->{cookie}{deals};
my @workers = sort $t->workers;

my $watch = Deals::Test::Watch->new($t,
    other  => { path => '/other/' },
    page   => { path => '/', pause => 0.02 },
    member => { path => '/', like => $ann, pause => 0.02 },
    vote   => { path => "/api/v1/deals/$id/vote", like => $ann, pause => 0.02,
                json => { value => 1 } },
);

sub connections {
    return $t->sql("SELECT count(*) FROM pg_stat_activity
                    WHERE usename = 'deals'");
}

sub request {
    my ($method, $path, $body, @headers) = @_;
    return join "\r\n", "$method $path HTTP/1.1", 'Host: localhost', @headers,
        defined $body ? 'Content-Length: ' . length $body : (), '', $body // '';
}

my @json = ("Authorization: Bearer $token", 'Content-Type: application/json');

# --- leaving -----------------------------------------------------------------

# What a client had sent when it left, and how: closing or with a reset.
my @asks = (
    request(GET => '/new'),
    request(GET => "/deals/$id/a-deal", undef, "Cookie: deals=$token"),
    request(POST => '/api/v1/deals', '{"title":"Left behind"}', @json),
    request(PUT => "/api/v1/deals/$id/vote", '{"value":1}', @json),
    request(POST => '/login', 'name=ann&password=password+of+ann',
        'Sec-Fetch-Site: same-origin',
        'Content-Type: application/x-www-form-urlencoded'),
    request(POST => "/deals/$id/-/comments", 'body=' . 'x' x 3000,
        'Sec-Fetch-Site: same-origin', "Cookie: deals=$token",
        'Content-Type: application/x-www-form-urlencoded'),
);
my $left = 0;
for my $ask (@asks) {
    my $head = index($ask, "\r\n\r\n") + 4;
    my @stages = (1, 10, int($head / 2), $head - 1, $head,
        $head + 1, int(($head + length $ask) / 2), length($ask) - 1,
        (length $ask) x 6);
    for my $stage (grep { $_ <= length $ask } @stages) {
        for my $reset (0, 1) {
            my $s = $t->connect;
            setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $reset;
            syswrite $s, substr $ask, 0, $stage;
            sleep rand 0.02 if $left++ % 3;
            close $s;
        }
    }
}
# Reading only the first bytes of what was asked for.
for my $path ('/', "/deals/$id/a-deal", '/api/v1/deals') {
    for (1 .. 5) {
        my $s = $t->connect;
        syswrite $s, request(GET => $path) x 3;
        sysread $s, my $some, 100;
        setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $_ % 2;
        close $s;
    }
}
is_deeply [sort $t->workers], \@workers, "$left clients left, all workers stay";

# --- bodies ------------------------------------------------------------------

sub slowly {
    my ($bytes, $pieces, $pause, $port) = @_;
    my $s = $t->client(port => $t->port($port))->connect;
    my $size = int(length($bytes) / $pieces) + 1;
    for (my $i = 0; $i < length $bytes; $i += $size) {
        sleep $pause if $i;
        syswrite $s, substr $bytes, $i, $size or last;
    }
    local $/;
    return scalar(<$s>) // '';
}

my $text = 'long words ' x 1500;
my $body = qq({"title":"Slowly","description":"$text"});
my $r = slowly(request(POST => '/api/v1/deals', $body, @json,
    'Connection: close'), 20, 0.05);
like $r, qr{^HTTP/1\.1 201 }, 'a body that comes slowly';
like $r, qr{\Q$text\E}, '  and comes whole';
$r = slowly(request(POST => '/api/v1/deals', $body, @json,
    'Connection: close'), 20, 0.05, 'filed');
like $r, qr{^HTTP/1\.1 201 }, 'one that lies in a file';
like $r, qr{\Q$text\E}, '  and comes whole';
# They have no name any more, only the workers that have them open.
sub files {
    return scalar grep { (readlink // '') =~ m{/client_body/} }
        map { glob "/proc/$_/fd/*" } $t->workers;
}
for my $part (0.4, 0.6, 0.9) {
    my $s = $t->client(port => $t->port('filed'))->connect;
    my $ask = request(POST => '/api/v1/deals', $body, @json);
    syswrite $s, substr $ask, 0, int($part * length $ask);
    ok $t->wait_until(sub { files() }), "  one that comes to $part";
    close $s;
}
ok $t->wait_until(sub { !files() }), '  files of those that left are gone';
$r = slowly(request(POST => '/api/v1/deals', $body, @json,
    'Connection: close'), 2, 1.5, 'hasty');
unlike $r, qr{^HTTP/1\.1 2}, 'one that comes too slowly is given up';
my $chunked = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
    (unpack '(a100)*', $body), '';
$r = slowly(request(POST => '/api/v1/deals', undef, @json, 'Connection: close',
    'Transfer-Encoding: chunked') . $chunked, 10, 0.02);
like $r, qr{^HTTP/1\.1 201 }, 'one in chunks';
# Nothing more will come, but an answer may go.
my $half = $t->connect;
syswrite $half, request(POST => '/api/v1/deals', $body, @json,
    'Connection: close');
shutdown $half, 1;
$r = do { local $/; <$half> // '' };
like $r, qr{^(?:HTTP/1\.1 201 |\z)}, 'one whose sender hangs up halfway';
for my $size (70_000, 5_000_000) {
    my $r = $ann->post('/api/v1/deals', body => 'x' x $size,
        type => 'application/json');
    is $r->status, 413, "$size bytes are too many";
    like $r->header('Content-Type'), qr/problem/, '  says our answer';
}
$r = $t->raw(request(POST => '/api/v1/deals', undef, @json,
    'Connection: close', 'Content-Length: 99999999999999'));
like $r, qr{^HTTP/1\.1 413 }, 'what would be too much is not waited for';
for my $length ('-1', '1x', '99999999999999999999999') {
    $r = $t->raw(request(POST => '/api/v1/deals', undef, @json,
        'Connection: close', "Content-Length: $length"));
    like $r, qr{^HTTP/1\.1 4}, "Content-Length: $length";
}
$r = $t->raw(request(POST => '/api/v1/deals', $body, @json,
    'Connection: close', 'Transfer-Encoding: chunked'));
like $r, qr{^HTTP/1\.1 4}, 'a length and chunks';
$r = $t->raw(request(POST => '/api/v1/deals', undef, @json,
    'Connection: close', 'Transfer-Encoding: chunked') . "zz\r\n{}\r\n0\r\n\r\n");
like $r, qr{^HTTP/1\.1 400 }, 'chunks that are none';

# --- several at once ---------------------------------------------------------

my @order = ('/', "/api/v1/deals/$id", '/nothing', '/new', '/other/',
    "/deals/$id/a-deal");
my @want = (200, 200, 404, 200, 200, 200);
$r = $t->raw(join '', map({ request(GET => $_) } @order, @order),
    request(PUT => "/api/v1/deals/$id/vote", '{"value":1}', @json),
    request(POST => "/api/v1/deals/$id/comments", '{"body":"in line"}', @json),
    request(GET => '/new', undef, 'Connection: close'));
is_deeply [$r =~ m{HTTP/1\.1 (\d+) [A-Z]}g], [@want, @want, 200, 201, 200],
    'pipelined, answered in order';
is $t->sql("SELECT count(*) FROM comments WHERE body = 'in line'"), 1,
    '  and done once';

# With bodies: what is one's is not the next one's.
my @lines = map { "line $_ " . 'x' x (1000 * $_) } 1 .. 6;
for my $port (undef, 'filed') {
    $r = $t->client(port => $t->port($port))->raw(join '', map { request(
        POST => "/api/v1/deals/$id/comments", qq({"body":"$lines[$_]"}), @json,
        $_ == $#lines ? 'Connection: close' : ()) } 0 .. $#lines);
    is_deeply [$r =~ m{HTTP/1\.1 (\d+) [A-Z]}g], [(201) x @lines],
        'pipelined bodies' . ($port ? ', in files' : '');
    is_deeply [$r =~ /"body":"(line \d x+)"/g], \@lines, '  each its own';
}

# Bodies that were refused do not become the next request.
$r = $t->raw(request(POST => '/nothing', request(GET => '/other/'), @json)
    . request(GET => '/new', undef, 'Connection: close'));
unlike $r, qr/^other$/m, 'a body is no request';

# --- HEAD, Range -------------------------------------------------------------

for my $path ('/', '/new', "/deals/$id/a-deal", '/api/v1/deals', '/nothing') {
    my ($get, $head) = map { $t->$_($path) } qw(get head);
    is $head->status, $get->status, "HEAD $path";
    is $head->body, '', '  has no body';
    is $head->header('Content-Length'), length $get->body,
        '  and says how long it is' if $get->header('Content-Length');
}
for my $range ('bytes=0-10', 'bytes=5-', 'bytes=-5', 'bytes=0-0,5-9',
    'bytes=99999999-', 'bytes=9-1', 'bytes=' . '0-,' x 500, 'cats=1-2', 'x')
{
    for my $path ('/', '/static/x/style.css', "/api/v1/deals/$id") {
        my $r = $t->get($path, headers => { Range => $range });
        my $is = $r->status;
        like $is, qr/^(?:200|206|416)$/, "Range: " . substr($range, 0, 20)
            . " of $path: $is";
    }
}

# --- absurd headers ----------------------------------------------------------

my $long = 'x' x 7000;
my %absurd = (
    'a cookie of 7000 bytes' => ["Cookie: deals=$long"],
    'a thousand cookies' => ['Cookie: ' . join '; ', map { "c$_=1" } 1 .. 800],
    'cookies of no sense' => ["Cookie: ;;;=;deals;deals=;=deals; \x01=\xff"],
    'a token of 7000 bytes' => ["Authorization: Bearer $long"],
    'a token of no sense' => ["Authorization: Bearer \xff\xfe.%00"],
    'Basic' => ['Authorization: Basic eDp5'],
    'no scheme' => ['Authorization:'],
    'tags' => ['If-None-Match: ' . '"x",' x 1000],
    'a broken tag' => ['If-None-Match: "' ],
    'times' => ['If-Modified-Since: 31 Feb 99999999', 'If-Range: x'],
    'languages' => ['Accept-Language: ' . 'xx;q=0.1,' x 500],
    'codings' => ['Accept-Encoding: gzip;q=9, ,;, br;q=-1, *;q=0'],
    'types' => ["Accept: $long"],
    'a site' => ["Sec-Fetch-Site: $long", 'Origin: null', 'Referer: ://'],
    'an expectation' => ['Expect: cats'],
    'a hundred lines' => [map { "X-$_: $_" } 1 .. 100],
    'another host' => ["Host: \xc3\xa4.example"],
    'an upgrade' => ['Upgrade: h2c, websocket', 'Connection: Upgrade'],
    'a key' => ["Idempotency-Key: $long"],
);
for my $what (sort keys %absurd) {
    for my $ask ([GET => '/'], [GET => "/api/v1/deals/$id"],
                 [PUT => "/api/v1/deals/$id/vote", '{"value":1}'])
    {
        my @type = $ask->[2] ? 'Content-Type: application/json' : ();
        my $r = $t->raw(request(@$ask, @type, @{ $absurd{$what} },
            'Connection: close'));
        my ($is) = $r =~ m{^HTTP/1\.1 ([2-4]\d\d) };
        ok $is, "$what: $ask->[0] $ask->[1]: " . ($is // substr $r, 0, 60);
    }
}
for my $line ('GET', 'GET /', "GET / HTTP/9.9", "\0" x 50, 'get / HTTP/1.1',
    'GET http:// HTTP/1.1', 'GET /' . '%' x 100 . ' HTTP/1.1',
    'GET /' . 'a' x 9000 . ' HTTP/1.1', 'GET /%00 HTTP/1.1',
    'GET /../../etc/passwd HTTP/1.1', 'GET /deals/%2e%2e HTTP/9.1',
    "GET /deals/99999999999999999999999/ HTTP/1.1",
    'GET /?cursor=' . 'A' x 5000 . ' HTTP/1.1', "PRI * HTTP/2.0\r\n\r\nSM")
{
    my $r = $t->raw("$line\r\nHost: x\r\nConnection: close\r\n\r\n");
    unlike $r, qr{^HTTP/1\.1 (?:2|5(?!05))}, 'not served: '
        . substr($line, 0, 30) =~ s/[^ -~]/./gr . ': ' . substr $r, 9, 3
        if $line ne 'GET /';
}

# --- reading slowly ----------------------------------------------------------

my @slow = map {
    my $s = $t->connect;
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, pack 'i', 2048;
    syswrite $s, request(GET => "/deals/$id/a-deal") x 40;
    $s;
} 1 .. 40;
sleep 0.5;
is $t->get('/new')->status, 200, 'who does not read holds up nobody';

# --- all connections taken ---------------------------------------------------

my $seen = $watch->end;
is_deeply $seen->{$_}{odd}, [], "meanwhile: $_" for sort keys %$seen;
cmp_ok $seen->{$_}{p99}, '<', 1, "  without a wait: $_" for sort keys %$seen;
close $_ for @slow;

my @idle;
for (1 .. 1100) {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $t->port('patient'), Timeout => 2) or last;
    push @idle, $s;
    syswrite $s, request(GET => '/') . 'GET ';
}
$t->allow(qr/\d+ worker_connections are not enough/);
ok $t->wait_until(sub { $t->log =~ /worker_connections are not enough/ }),
    'all connections are taken by ' . @idle;
close $_ for @idle;
my $began = time;
ok $t->wait_until(sub {
    (eval { $t->get('/new')->status } // 0) == 200
        && $ann->put("/api/v1/deals/$id/vote", json => { value => 1 })->status
           == 200 }, 10), 'when they are left, there is service';
cmp_ok $still->since($began), '<', 3, '  at once';

is_deeply [sort $t->workers], \@workers, 'no worker died';
ok $t->wait_until(sub { connections() <= 6 }), 'no connection is left over';
is $t->deals('verify')->{code}, 0, 'all counters are right';
$t->finish;
