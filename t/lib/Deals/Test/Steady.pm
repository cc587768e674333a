package Deals::Test::Steady;

=head1 NAME

Deals::Test::Steady - a client that keeps its connection and knows the time

=head1 SYNOPSIS

    my $c = Deals::Test::Steady->new(port => 8080, timeout => 5);
    my $r = $c->get('/');
    $r->status;     # 0: no answer, $c->{why} says how: refused, closed, timeout
    $c->{took};     # seconds, since $c->{began}

It is a L<Deals::Test::Client>; C<like =E<gt> $client> takes over the cookies of
another. A kept connection that the server had closed before the request was
sent is replaced; one that it closes without a word while the request is on its
way is an answer that did not come, unless C<again =E<gt> 1> asks once more on a
new connection, as browsers do.

=cut

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes ();

use Deals::Test::Client;

our @ISA = 'Deals::Test::Client';

sub new {
    my ($class, %o) = @_;
    if (my $like = delete $o{like}) {
        %o = (port => $like->{port}, cookie => { %{ $like->{cookie} } }, %o);
    }
    return $class->SUPER::new(
        headers => [Connection => 'keep-alive'], timeout => 5, %o);
}

# Closes what is kept, as after a fork.
sub drop {
    my ($self) = @_;
    delete $self->{kept};
    return $self;
}

sub raw {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $began = $self->{began} = Time::HiRes::time();
    my $until = $began + $self->{timeout};
    my $kept = $self->{kept};
    # Something to read before a word was said: the server's goodbye.
    undef $kept if $kept && IO::Select->new($kept)->can_read(0);
    my $got = $self->exchange($kept // $self->fresh, $bytes, $until);
    if ($kept && $self->{again} && $got eq '' && $self->{why} eq 'closed') {
        $got = $self->exchange($self->fresh, $bytes, $until);
    }
    $self->{took} = Time::HiRes::time() - $began;
    return $got;
}

sub fresh {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => $self->{host},
        PeerPort => $self->{port}, Timeout => $self->{timeout});
}

# One request and its answer, however far that comes.
sub exchange {
    my ($self, $s, $bytes, $until) = @_;
    delete $self->{kept};
    $self->{why} = 'refused';
    return '' if !$s;
    my ($got, $sent) = ('', 0);
    my $whole;
    my $select = IO::Select->new($s);
    $self->{why} = 'timeout';
    until ($whole = whole($got, $bytes)) {
        my $left = $until - Time::HiRes::time();
        last if $left <= 0;
        my ($r, $w) = IO::Select->select($select,
            $sent < length $bytes ? $select : undef, undef, $left);
        if ($r && @$r && !sysread $s, $got, 65536, length $got) {
            $self->{why} = 'closed';
            last;
        }
        if ($w && @$w) {
            my $n = syswrite $s, $bytes, 65536, $sent;
            $sent = defined $n ? $sent + $n : length $bytes;
        }
    }
    if ($whole) {
        $self->{why} = '';
        $self->{kept} = $s if $got !~ /\r\nConnection: close\r\n/i
            && $sent == length $bytes;
        return $got;
    }
    # Half an answer is none.
    return '';
}

# Is the answer complete?
sub whole {
    my ($got, $request) = @_;
    my $end = index $got, "\r\n\r\n";
    return 0 if $end < 0;
    my $head = substr $got, 0, $end + 2;
    return 1 if $request =~ /\AHEAD / || $head =~ m{\AHTTP/1\.1 (?:204|304) };
    return length($got) - $end - 4 >= $1 if $head =~ /\r\nContent-Length: (\d+)/i;
    return $got =~ /\r\n0\r\n\r\n\z/ if $head =~ /\r\nTransfer-Encoding: chunked/i;
    return 0;
}

1;
