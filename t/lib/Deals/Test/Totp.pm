package Deals::Test::Totp;

=head1 NAME

Deals::Test::Totp - the program on a member's phone

=head1 SYNOPSIS

    my $code = totp($secret);           # of now
    my $next = totp($secret, 1);        # of the half minute behind it

=head1 DESCRIPTION

The codes of RFC 6238 as all such programs make them: six digits, half a minute,
HMAC-SHA-1, of a secret in base32.

=cut

use strict;
use warnings;

use Digest::SHA 'hmac_sha1';
use Exporter 'import';

our @EXPORT = qw(totp totp_at);

sub totp {
    my ($secret, $steps) = @_;
    return totp_at($secret, int(CORE::time() / 30) + ($steps // 0));
}

sub totp_at {
    my ($secret, $step) = @_;
    my $bits = join '', map { sprintf '%05b', index
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $secret =~ s/ //gr;
    my $mac = hmac_sha1(pack('Q>', $step), pack('B*', $bits));
    my $at = ord(substr $mac, 19) & 15;
    my $n = unpack('N', substr $mac, $at, 4) & 0x7fffffff;
    return sprintf '%06d', $n % 1_000_000;
}

1;
