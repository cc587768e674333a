#!/usr/bin/perl

# Redis with TLS: two nodes and the command line hear of each other, limits
# count for all; who is not trusted, or does not trust us, is done without, with
# one line that says why.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Certificates;
use Deals::Test::Node;
use Deals::Test::Standstill;

my $t = Deals::Test->new;
my $dir = $t->dir;
my $certs = Deals::Test::Certificates->new($t);
$certs->authority('stranger');
$certs->make('redis', names => ['DNS:localhost', 'IP:127.0.0.1']);
$certs->make('other', names => ['DNS:redis.example.org', 'IP:192.0.2.1']);
$certs->make('old', names => ['DNS:localhost'], days => -1);
$certs->make('foreign', names => ['DNS:localhost'], from => 'stranger');
$certs->make('client');
my $ca = 'ssl_trusted_certificate=' . $certs->file('ca.pem');
my $own = 'ssl_certificate=' . $certs->file('client.pem')
    . '&ssl_certificate_key=' . $certs->file('client.key');
my $port = $certs->redis('redis', ask => 1);
my $good = "rediss://localhost:$port/0?$ca&$own";

# nginx' own TLS stands beside it, in the same workers.
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%%";
    deals_redis %%ADDRESS%%;
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:limited%%;
        deals_rate_limit vote=4/m;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:https%% ssl;
        ssl_certificate %%DIR%%/certificates/redis.pem;
        ssl_certificate_key %%DIR%%/certificates/redis.key;
        location / { deals; }
        location = /deals_status { deals_status; }
    }
}
CONF

sub conf_of { return $conf =~ s/%%ADDRESS%%/$_[0]/r }

sub https {
    my ($path) = @_;
    return $t->command(['curl', '-s', '--max-time', 20, '--cacert',
        $certs->file('ca.pem'), 'https://localhost:' . $t->port('https')
        . $path])->{out};
}

# --- it works ---------------------------------------------------------------

$t->nginx(conf_of($good));
my $two = $t->fill(conf_of("rediss://127.0.0.1:$port?$own&$ca"));
$two =~ s/127\.0\.0\.1:@{[$t->port($_->[0])]}\b/127.0.0.1:@{[$t->port($_->[1])]}/g
    for ['', 'two'], ['limited', 'limited2'], ['https', 'https2'];
$two = Deals::Test::Node->new($t, $two);
my $other = $t->client(port => $t->port('two'));

# Those of workers, and of the two in a node that listen: limits of their own make
# a second site.
sub connections {
    my ($kind) = @_;
    return scalar grep { /laddr=127\.0\.0\.1:$port / && /\bsub=$kind / }
        split /\n/, $certs->cli('CLIENT', 'LIST');
}
my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'first' })->json->{id};
$t->wait_until(sub { $other->get('/')->status == 200 });
ok $t->wait_until(sub { connections(1) == 4 }), 'both sites of both nodes listen';
sub last_longer {
    return $t->wait_until(sub { $other->get('/new'); sleep 1.5;
        ($other->get('/new')->header('X-Cache') // '') eq 'HIT' });
}
ok last_longer(), 'pages last, as they do where changes are heard of';

# On a machine that stands still for a second Redis is not waited for as long as
# that, and taken again.
sub said {
    my ($log) = @_;
    my $late = 'TLS: no handshake in time|no connection in time|'
        . 'it does not answer';
    return $log =~ s/^.* redis: not available: (?:$late)\n//gmr;
}

# Of a page that is good for ten seconds: it goes within one, and another one for a
# busy machine.
my $still = Deals::Test::Standstill->new;
sub seen {
    my ($what, $write, $like) = @_;
    my $lasts = last_longer();
    $other->get('/new') for 1 .. 8;
    $write->();
    my $start = time;
    my $seen = $t->wait_until(sub { $other->get('/new')->body =~ $like }, 14);
    my $took = $still->since($start);
    ok $lasts && $seen && $took < 2 * Deals::Test::patience(),
        sprintf '%s: seen after %.2f s', $what, $took;
}
seen('a post', sub { $ann->post('/api/v1/deals', json => { title => 'second' }) },
    qr/second/);
seen('hidden on the command line', sub {
    my $r = $t->deals('deal', 'hide', $id, { env => { DEALS_REDIS => $good } });
    is $r->{code}, 0, '  deals deal hide' or diag $r->{err};
    is $r->{err}, '', '  without a complaint';
}, qr/^(?!.*first)/s);
my $r = $t->deals('deal', 'hide', $id, { env => {
    DEALS_REDIS => "rediss://localhost:$port/0?$own",
    SSL_CERT_FILE => $certs->file('ca.pem') } });
is "$r->{code} $r->{err}", '0 ', 'whom the system trusts is trusted';
$id = $ann->post('/api/v1/deals', json => { title => 'voted on' })->json->{id};

my %status;
for my $name (('limited', 'limited2') x 10) {
    my $client = $t->client(port => $t->port($name),
        cookie => { %{ $ann->{cookie} } });
    $status{ $client->put("/api/v1/deals/$id/vote", json => { value => 1 })
        ->status }++;
}
cmp_ok $status{429} // 0, '>=', 12, 'four votes a minute for both nodes';
like https('/'), qr/second/, 'by https';
like https('/deals_status'), qr/\bup\b/, '  the report says that Redis is up';
ok $t->wait_until(sub { connections(0) >= 2 }),
    'workers have connections of their own';

# A reload reads certificates again, and keeps no old connection.
ok $t->reload, 'a reload';
ok $t->wait_until(sub { connections(1) == 4 }), '  all listen again';
seen('and hear', sub { $ann->post('/api/v1/deals', json => { title => 'third' }) },
    qr/third/);
ok $two->quit, 'the second node leaves';
unlike said($two->log),
    qr/\[alert\]|\[emerg\]|exited on signal|not available/,
    '  with a clean log';
unlike said($t->log), qr/not available/, 'nothing was wrong';

# --- nobody answers whom we would believe ------------------------------------

$t->stop_nginx;

# Each connection says it once: of two sites that of each worker, and two that
# listen.
sub distrusted {
    my ($what, $why, $address) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $from = length $t->log;
    $t->nginx(conf_of($address));
    my $client = $t->client(port => $t->port('limited'),
        cookie => { %{ $ann->{cookie} } });
    ok $t->wait_until(sub {
        $client->put("/api/v1/deals/$id/vote", json => { value => 1 });
        substr($t->log, $from) =~ /redis: not available: $why$/m;
    }), "$what: it is said";
    is $t->get('/new')->status, 200, '  pages come';
    like https('/'), qr/third/, '  by https too';
    my %n;
    $n{ $client->put("/api/v1/deals/$id/vote", json => { value => -1 })
        ->status }++ for 1 .. 20;
    like join(' ', sort keys %n), qr/^(?:200 )?429$/, '  limits count';
    sleep 1.2;          # for lines that must not come
    my @said = grep { /redis: / } split /\n/, substr $t->log, $from;
    my @other = grep { !/redis: not available: $why$/ && said("$_\n") } @said;
    is "@other", '', '  with the reason';
    @said = grep { /$why$/ } @said;
    cmp_ok scalar @said, '<=', 6, '  once for each connection';
    like https('/deals_status'), qr/\bdown\b/, '  the report knows';
    $t->stop_nginx;
    $r = $t->deals('deal', 'show', $id, { env => { DEALS_REDIS => $address } });
    is $r->{code}, 0, '  the command line goes on' or diag $r->{err};
    like $r->{err}, qr/redis: not available: $why$/m, '  and says it too';
}

my $refused = 'TLS: certificate verify failed: ';
my $unknown = $refused . '(?:unable to get local issuer certificate|'
    . 'self.signed certificate in certificate chain)';
distrusted('an unknown authority', $unknown, "rediss://localhost:$port/0?$own");
distrusted('another authority', $unknown, $good =~ s/\bca\.pem/stranger.pem/r);
distrusted('no certificate of ours', 'TLS: tlsv13 alert certificate required',
    "rediss://localhost:$port/0?$ca");
$certs->make('client2', from => 'stranger');
distrusted('a certificate of ours that is not taken',
    'TLS: tlsv1 alert unknown ca', $good =~ s/\bclient\./client2./gr);
distrusted('another name', "${refused}hostname mismatch: "
    . 'it is not for "redis\.example\.net"', "$good&ssl_name=redis.example.net");
$certs->redis('other');
distrusted('the certificate of another host', "${refused}hostname mismatch: "
    . 'it is not for "localhost"', $good);
distrusted('  of another address', "${refused}IP address mismatch: "
    . 'it is not for "127\.0\.0\.1"', $good =~ s/localhost/127.0.0.1/r);
$certs->redis('old');
distrusted('an old certificate', "${refused}certificate has expired", $good);
$certs->redis('foreign');
distrusted('one of a stranger', $unknown, $good);
$certs->redis('redis', 'tls-protocols' => 'TLSv1.1',
    'tls-ciphers' => 'ALL:@SECLEVEL=0');
distrusted('TLS 1.1', 'TLS: (?:tlsv1 alert protocol version|unsupported '
    . 'protocol)', $good);
my $plain = $t->port('plain');
$certs->cli('CONFIG', 'SET', 'port', $plain);
distrusted('a port without TLS', 'TLS: no handshake in time', $good =~ s/:$port/:$plain/r);
distrusted('TLS where none is expected', '(?:it closed the connection|'
    . 'Connection reset by peer)', "redis://127.0.0.1:$port");

# --- what is said explicitly --------------------------------------------------

sub trusted {
    my ($what, $address) = @_;
    my $from = length $t->log;
    $t->nginx(conf_of($address));
    ok $t->wait_until(sub { connections(1) == 2 }), "$what is taken";
    unlike said(substr $t->log, $from), qr/not available/, '  at once';
    $t->stop_nginx;
    ok $t->wait_until(sub { connections(1) == 0 }), '  and left';
}
$certs->redis('other', 'tls-protocols' => 'TLSv1.2', 'tls-ciphers' => 'DEFAULT');
trusted('the name that was told, with TLS 1.2',
    "$good&ssl_name=redis.example.org");
trusted('the address that was told', "$good&ssl_name=192.0.2.1");
$certs->redis('old', 'tls-protocols' => 'TLSv1.2 TLSv1.3');
trusted('anybody, if it must be', "rediss://localhost:$port?ssl_verify=off");

unlike $t->log, qr/SSL error/, 'nginx\' own TLS was not disturbed';
$t->finish;
