#!/usr/bin/perl

# PostgreSQL over a network: with sslmode=require encrypted or not at all, and with
# sslmode=verify-full nobody else is taken for it. (What is done where nothing is
# said, t/unit/io_config.c knows: no address of this machine is one of a network.)

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Certificates;

my $t = Deals::Test->new(redis => 0);
my $dir = $t->dir;
my $certs = Deals::Test::Certificates->new($t);
$certs->authority('stranger');

# An address of this machine that nobody else has now, with the usual port.
my $address = join '.', 127, map { 1 + int rand 250 } 1 .. 3;
$certs->make('good', names => ['DNS:localhost', "IP:$address"]);
$certs->make('other', names => ['DNS:db.example.org']);
$certs->make('old', names => ['DNS:localhost'], days => -1);
$certs->make('foreign', names => ['DNS:localhost'], from => 'stranger');

# In the clear nobody gets in.
open my $hba, '>>', "$t->{servers}{data}/pg_hba.conf" or die "pg_hba.conf: $!\n";
print {$hba} "hostssl all all 127.0.0.0/8 scram-sha-256\n";
close $hba or die;

# It presents this certificate from now on; none: it knows no TLS.
sub present {
    my ($name) = @_;
    my %ssl = (ssl => 'off');
    if ($name) {
        my $user = Deals::Servers::service_user();
        my $key = "$t->{servers}{data}/$name.key";
        Deals::Test::write_file($key, Deals::Test::read_file(
            $certs->file("$name.key")));
        chmod 0600, $key;
        chown $user->[0], $user->[1], $key if $user;
        %ssl = (ssl => 'on', ssl_key_file => $key,
            ssl_cert_file => $certs->file("$name.pem"));
    }
    $t->stop_postgresql;
    $t->start_postgresql(%ssl, listen_addresses => $address);
}

sub status {
    my ($host, $how) = @_;
    $how =~ s{%CA%}{$certs->file('ca.pem')}e;
    $t->nginx(<<"CONF");
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "host=$host hostaddr=$address port=5432 dbname=deals
                    user=deals password=worker-secret $how";
    deals_connect_timeout 20s;
    deals_query_timeout 20s;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
    }
}
CONF
    my $from = length $t->log;
    my $status = $t->get('/api/v1/deals')->status;
    $t->stop_nginx;
    return ($status, substr $t->log, $from);
}

sub taken {
    my ($what, $host, $how) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, $said) = status($host, $how);
    is $status, 200, "$what is taken" or diag $said;
}

sub refused {
    my ($what, $why, $host, $how) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, $said) = status($host, $how);
    is $status, 503, "$what is refused";
    like $said, qr/database.*$why/, '  with the reason';
    unlike $said, qr/worker-secret/, '  and no password';
}

my $full = 'sslmode=verify-full sslrootcert=%CA%';
present('good');
taken('a certificate for its name', 'localhost', $full);
taken('a certificate for its address', $address, $full);
taken('any certificate, if no more is asked', 'localhost', 'sslmode=require');
refused('another name', 'does not match host name', 'db.example.net', $full);
refused('nobody who vouches', 'root certificate file ".*" does not exist',
    'localhost', "sslmode=verify-full sslrootcert=$dir/nothing");
refused('in the clear', 'no encryption', 'localhost', 'sslmode=disable');
present('other');
refused('the certificate of another host', 'does not match host name',
    'localhost', $full);
taken('its own name', 'db.example.org', $full);
present('old');
refused('an old certificate', 'certificate verify failed', 'localhost', $full);
present('foreign');
refused('one of a stranger', 'certificate verify failed', 'localhost', $full);
refused('  whose name does not matter', 'certificate verify failed', 'localhost',
    'sslmode=verify-ca sslrootcert=%CA%');
present();
refused('no TLS, any of it wanted', 'server does not support SSL', 'localhost',
    'sslmode=require');
refused('no TLS, all of it wanted', 'server does not support SSL', 'localhost',
    $full);

$t->finish;
