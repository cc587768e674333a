#!/usr/bin/perl

# Whose request it is, by address: what a client says of itself changes nothing,
# what a proxy says that nginx was told to believe does.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit signin=3/m signup=off;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:proxied%%;
    set_real_ip_from 127.0.0.9;
    real_ip_header X-Forwarded-For;
    location / { deals; }
}
CONF

my @headers = ('X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP',
               'X-Client-IP', 'CF-Connecting-IP', 'X-Forwarded');
my $n = 0;

sub guess {
    my ($c, $said) = @_;
    my $value = $said // '';
    return $c->post('/api/v1/sessions', json => { name => 'nobody' . $n++,
        password => 'guess' }, headers => { map { $_ => /^Forwarded/
        ? "for=$value" : $value } defined $said ? @headers : () })->status;
}

sub address {
    my ($c) = @_;
    return (map { $_->{address} } grep { $_->{current} }
        @{ $c->get('/api/v1/sessions')->json->{sessions} })[0];
}

# --- nobody in between ----------------------------------------------------

$t->within(60, 25);
my $c = $t->client(from => '127.0.0.5');
is_deeply [map { guess($c, "192.0.2.$_") } 1 .. 5], [401, 401, 401, 429, 429],
    'another address said each time changes nothing';
is guess($t->client(from => '127.0.0.6'), '127.0.0.5'), 401,
    '  nor does that of somebody who guessed';
my $ann = $t->member('ann', undef, from => '127.0.0.7', headers =>
    { 'X-Forwarded-For' => '192.0.2.99', 'X-Real-IP' => '192.0.2.99' });
is address($ann), '127.0.0.7', '  nor is it told to the member';
unlike $t->log, qr/client: 192\.0\.2\./, '  nor to the log';
like $t->log, qr/result=rate-limited .*client: 127\.0\.0\.5,/,
    '  which has the true one';

# --- a proxy --------------------------------------------------------------

my @proxied = (port => $t->port('proxied'));
$t->within(60, 25);
my $proxy = $t->client(@proxied, from => '127.0.0.9');
is_deeply [map { guess($proxy, '192.0.2.1') } 1 .. 4], [401, 401, 401, 429],
    'an address from a proxy that is known is counted';
is guess($proxy, '192.0.2.2'), 401, '  and others apart';
is guess($proxy, '192.0.2.2, 192.0.2.1'), 429, '  the last one it is';
like $t->log, qr/result=rate-limited .*client: 192\.0\.2\.1,/,
    '  in the log too';
$t->within(60, 25);
my $other = $t->client(@proxied, from => '127.0.0.8');
is_deeply [map { guess($other, "192.0.2.$_") } 1 .. 4], [401, 401, 401, 429],
    'the word of others changes nothing';

$t->finish;
