package Deals::Test::H2;

=head1 NAME

Deals::Test::H2 - one HTTP/2 connection, frame by frame

=head1 SYNOPSIS

    my $h2 = Deals::Test::H2->new($port);       # without TLS
    my $id = $h2->headers(POST => '/path', end => 0, 'content-length' => 9);
    $h2->data($id, 'x' x 9, end => 1);
    my @frames = $h2->frames;   # until nothing comes, or no more
    # [$type, $stream, $flags, $payload]

What programs do with what arrives is their affair; here it is seen. Text of the
headers is sent literally; windows are not kept: what is sent fits the first one.

=cut

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

our %TYPE = (DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, PING => 6,
             GOAWAY => 7, WINDOW_UPDATE => 8, CONTINUATION => 9);

sub new {
    my ($class, $port) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5)
        or die "no connection: $!\n";
    my $self = bless { s => $s, next => 1, in => '' }, $class;
    syswrite $s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    $self->frame('SETTINGS', 0, 0, '');
    return $self;
}

sub frame {
    my ($self, $type, $stream, $flags, $payload) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $bytes = substr(pack('N', length $payload), 1)
        . pack('CCN', $TYPE{$type}, $flags, $stream) . $payload;
    while (length $bytes) {
        my $n = syswrite($self->{s}, $bytes) // return 0;
        substr $bytes, 0, $n, '';
    }
    return 1;
}

sub string {
    my ($text) = @_;
    my $n = length $text;
    return pack('C', $n) . $text if $n < 127;
    my $bytes = pack 'C', 127;
    for ($n -= 127; $n > 127; $n >>= 7) {
        $bytes .= pack 'C', 0x80 | $n & 0x7f;
    }
    return $bytes . pack('C', $n) . $text;
}

# Opens a stream; end => 0: there will be data.
sub headers {
    my ($self, $method, $path, %o) = @_;
    my $end = delete $o{end} // 1;
    my $id = $self->{next};
    $self->{next} += 2;
    my @headers = ([':method', $method], [':path', $path], [':scheme', 'http'],
        [':authority', 'localhost'], map { [$_, $o{$_}] } sort keys %o);
    $self->frame('HEADERS', $id, 0x4 | ($end ? 0x1 : 0), join '', map {
        "\0" . string($_->[0]) . string($_->[1]) } @headers);
    return $id;
}

sub data {
    my ($self, $id, $bytes, %o) = @_;
    return $self->frame('DATA', $id, $o{end} ? 0x1 : 0, $bytes);
}

# The next frame within so many seconds.
sub read_frame {
    my ($self, $seconds) = @_;
    my %name = reverse %TYPE;
    while (1) {
        if (length $self->{in} >= 9) {
            my ($high, $low, $type, $flags, $stream)
                = unpack 'CnCCN', $self->{in};
            my $n = $high << 16 | $low;
            if (length $self->{in} >= 9 + $n) {
                my $payload = substr $self->{in}, 9, $n;
                substr $self->{in}, 0, 9 + $n, '';
                return [$name{$type} // $type, $stream & 0x7fffffff, $flags,
                        $payload];
            }
        }
        IO::Select->new($self->{s})->can_read($seconds) or return;
        sysread $self->{s}, $self->{in}, 65536, length $self->{in} or return;
    }
}

# Until each of these streams has ended on the server's side, and what follows.
sub frames {
    my ($self, @streams) = @_;
    my %open = map { $_ => 1 } @streams;
    my @frames;
    while (my $f = $self->read_frame(%open ? 10 : 0.3)) {
        push @frames, $f;
        delete $open{ $f->[1] } if $f->[0] eq 'RST_STREAM'
            || $f->[0] =~ /^(?:DATA|HEADERS)$/ && $f->[2] & 0x1;
        last if $f->[0] eq 'GOAWAY';
    }
    return @frames;
}

# Of one stream: what came, in order, as "413 DATA END" or "RST_STREAM 0".
sub story {
    my ($self, $id, @frames) = @_;
    return join ' ', map {
        my ($type, undef, $flags, $payload) = @$_;
        ($type eq 'HEADERS' ? status($payload) : $type,
            $type eq 'RST_STREAM' ? unpack 'N', $payload : (),
            $type =~ /^(?:DATA|HEADERS)$/ && $flags & 0x1 ? 'END' : ())
    } grep { $_->[1] == $id && $_->[0] ne 'WINDOW_UPDATE' } @frames;
}

# It is the first header; before it the size of the table may stand.
sub status {
    my ($headers) = @_;
    return $1 if $headers =~ /^.?[\x08\x48]\x03(\d{3})/s;
    return (200, 204, 206, 304, 400, 404, 500)[ord($1) - 0x88]
        if $headers =~ /^[\x20-\x3f]?([\x88-\x8e])/;
    return 'HEADERS';
}

1;
