#!/usr/bin/perl

# The servers of conf/deals.conf for https, as they stand there in comments:
# which protocols and ciphers, what http gets, and that browsers keep to https.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;
my $host = 'deals.example.org';
my ($http, $https, $lax) = map { $t->port($_) } qw(http https lax);

is $t->command([qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj),
    "/CN=$host", '-keyout', "$dir/key.pem", '-out', "$dir/cert.pem"])->{code},
    0, 'a certificate';

open my $f, '<', $t->root . '/conf/deals.conf' or die;
my ($servers) = do { local $/; <$f> } =~ /^(# server \{.*^# \})$/ms;
$servers =~ s/^# ?//mg;
is scalar(() = $servers =~ /^server \{/mg), 3, 'three servers in the example';
$servers =~ s/listen 80 /listen 127.0.0.1:$http /;
$servers =~ s/listen 443 /listen 127.0.0.1:$https /g;
$servers =~ s{/etc/ssl/deals\.pem}{$dir/cert.pem};
$servers =~ s{/etc/ssl/private/deals\.key}{$dir/key.pem};

# Beside it one that takes anything: what the client asks for can be had.
$t->nginx(<<"CONF");
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    $servers
    server {
        listen 127.0.0.1:$lax ssl;
        ssl_certificate $dir/cert.pem;
        ssl_certificate_key $dir/key.pem;
        ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;
        ssl_ciphers ALL:\@SECLEVEL=0;
        location / { return 200; }
    }
}
CONF

# --- TLS ------------------------------------------------------------------

sub shakes {
    my ($port, @how) = @_;
    my $said = $t->command(['sh', '-c', 'exec openssl s_client "$@" </dev/null',
        'sh', '-connect', "127.0.0.1:$port", @how]);
    return $said->{out} =~ /^ *(?:New|Cipher)[ ,].*Cipher is (?!\(NONE\))\S/m
        ? 1 : 0;
}
my @named = ('-servername', $host);
my @old = ('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
my @plain = ('-tls1_2', '-cipher', 'AES128-GCM-SHA256:@SECLEVEL=0');
my @cbc = ('-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0');
is shakes($lax, @$_), 1, "the client can do @$_[0, 2]"
    for \@old, \@plain, \@cbc;
is shakes($https, @named, @old), 0, 'TLS 1.1 is refused';
is shakes($https, @named, '-tls1_2'), 1, 'TLS 1.2 is taken';
is shakes($https, @named, '-tls1_3'), 1, 'TLS 1.3 is taken';
is shakes($https, @named, @plain), 0,
    'a cipher without forward secrecy is refused';
is shakes($https, @named, @cbc), 0,
    '  and one without authentication of its own';
is shakes($https, '-servername', 'evil.example'), 0, 'another name is refused';
is shakes($https, '-noservername'), 0, '  and no name';

# --- http -----------------------------------------------------------------

my $plain = $t->client(port => $http, name => $host);
my $r = $plain->get('/new?a=b');
is $r->status, 301, 'a page by http';
is $r->header('Location'), "https://$host/new?a=b", '  leads to https';
$r = $plain->get('/new', headers => { Host => 'evil.example' });
is $r->header('Location'), "https://$host/new", '  of this site, in any case';
$r = $plain->get('/api/v1/me', bearer => '1.' . 'A' x 32);
is $r->status, 403, 'the API by http';
is $r->header('Location'), undef, '  leads nowhere';

# --- https ----------------------------------------------------------------

sub ask {
    my ($path, @args) = @_;
    my $got = $t->command(['curl', '-sk', '--http1.1', '-D', '-', '-o',
        '/dev/null', '--max-time', 20, '--resolve', "$host:$https:127.0.0.1",
        @args, "https://$host:$https$path"])->{out};
    $got =~ s/\r//g;
    return $got;
}
my @form = ('-H', 'Sec-Fetch-Site: same-origin', '-d');
for my $case (['/', 200], ['/nothing', 404], ['/submit', 303],
              ['/api/v1/none', 404], ['/api/v1/me', 401],
              ['/robots.txt', 200], ['/new', 405, '-X', 'DELETE'],
              ['/login', 422, @form, 'name=a&password=b'],
              ['/login', 403, '-d', 'name=a&password=b'],
              ['/api/v1/deals', 415, '-d', 'x'],
              ['/', 204, '-X', 'OPTIONS']) {
    my ($path, $status, @args) = @$case;
    my $got = ask($path, @args);
    like $got, qr{^HTTP/1\.1 $status }, "$path: $status";
    is_deeply [$got =~ /^Strict-Transport-Security: (.*)$/mgi],
        ['max-age=31536000; includeSubDomains'], '  keeps to https';
}
my $got = ask('/signup', @form, 'name=ann&password=password+of+ann');
like $got, qr/^Set-Cookie: __Host-deals=\S+; .*; Secure$/m, 'the cookie';
like $got, qr/^Strict-Transport-Security:/mi, '  keeps to https';

$t->finish;
