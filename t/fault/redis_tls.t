#!/usr/bin/perl

# What may happen to the connection to Redis (redis.t), over TLS; and what may go wrong while
# hands are shaken. Each is said in one line, and Redis is used again soon after.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

our ($tls, $t, $certs, $proxy, $more) = 1;

# The connections that there are end, and new ones meet this. Who is refused, or
# refuses, says why; else what is said of the loss will do.
sub in_handshakes {
    my ($what, $why, %o) = @_;
    my ($usual, $logged) = ($o{end} || sub { }, length $t->log);
    $why //= 'Connection reset by peer';
    disaster($what, seconds => 1.5, limits => 0, %o, begin => sub {
        $proxy->mode('reset');
        $o{begin}->();
    }, end => sub {
        $usual->();
        $proxy->mode('pass');
    });
    my @said = substr($t->log, $logged) =~ /redis: not available: (.*)/g;
    ok scalar(grep { /^$why$/ } @said), "$what: the log says it"
        or diag join "\n", @said;
    cmp_ok scalar @said, '<=', 12, '  at most twice for each connection';
    ok $t->wait_until(sub { subscribed() == 2 }), '  it is used again';
    ok $t->log =~ /redis: available again/, '  which is said too';
}

# The listeners of the two sites, by TLS.
sub subscribed {
    return scalar grep { /laddr=127/ && / sub=1 / }
        split /\n/, redis('CLIENT LIST');
}

$more = sub {
    $certs->make('old', names => ['DNS:localhost'], days => -1);
    $certs->make('other', names => ['DNS:redis.example.org']);

    in_handshakes('frozen in the handshake', undef,
        begin => sub {
            $t->signal('STOP', 'redis-server');
            $proxy->mode('pass');
        },
        end => sub { $t->signal('CONT', 'redis-server') });
    in_handshakes('no ServerHello', undef,
        begin => sub { $proxy->mode('hole') });
    in_handshakes('garbage in place of a ServerHello', 'TLS: .+',
        begin => sub { $proxy->mode('garbage') });
    in_handshakes('cut off in the handshake', undef,
        begin => sub { $proxy->mode('cut', 300) });
    in_handshakes('half closed in the handshake', undef,
        begin => sub { $proxy->mode('half') });

    # What takes the certificate's place takes it for new connections alone.
    for my $case (['old', 'certificate has expired'],
                  ['other', 'hostname mismatch: it is not for "localhost"']) {
        my ($name, $why) = @$case;
        in_handshakes("a certificate: $why",
            "TLS: certificate verify failed: $why",
            begin => sub {
                $certs->redis($name);
                $proxy->mode('pass');
            },
            end => sub { $certs->redis('redis') });
    }
};

do "$FindBin::Bin/redis.t" or die $@ || $!;
