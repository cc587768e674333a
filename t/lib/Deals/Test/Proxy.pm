package Deals::Test::Proxy;

=head1 NAME

Deals::Test::Proxy - stands between two programs and is no help

=head1 SYNOPSIS

    my $proxy = Deals::Test::Proxy->new(port => $t->port('proxy'),
        to => '/run/postgresql/.s.PGSQL.5432');
    $proxy->mode('dribble', 0.5);
    $proxy->mode('pass');

=head1 DESCRIPTION

Listens on 127.0.0.1:C<port>, or on the socket C<path>, and connects everybody
with C<to>, a socket's path or HOST:PORT. What it does meanwhile is switched at
any time, and holds for the connections there are and for new ones. A switch has
happened when C<mode> returns. C<to($address)> leads new connections elsewhere.

    pass                as if it were not there
    delay MS            everything comes so much later, both ways
    dribble MS          byte by byte, so far apart (0.2: five bytes a
                        millisecond), both ways
    hole                nothing arrives, as when a cable is cut: what is held
                        goes on its way in the next mode
    garbage             other bytes in place of each answer
    cut N               N bytes more of each connection's answers, then a reset
    half                the answering side is closed, questions are taken
    reset               connections are reset, new ones too
    refuse              nobody listens; connections are reset

=cut

use strict;
use warnings;

use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes ();

my $AHEAD = 1 << 20;            # held of one direction

sub new {
    my ($class, %o) = @_;
    my $self = bless { %o, owner => $$, mode => 'pass', arg => 0, conns => {} },
        $class;
    $self->listen;
    pipe my $order_r, my $order_w or die "pipe: $!\n";
    pipe my $done_r, my $done_w or die "pipe: $!\n";
    $order_w->autoflush(1);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        close $order_w;
        close $done_r;
        $done_w->autoflush(1);
        eval { $self->serve($order_r, $done_w); 1 } or print STDERR "proxy: $@";
        POSIX::_exit(0);
    }
    delete $self->{listener};
    @$self{qw(pid order done)} = ($pid, $order_w, $done_r);
    return $self;
}

sub mode {
    my ($self, $mode, $arg) = @_;
    print { $self->{order} } join(' ', $mode, $arg // 0) . "\n";
    readline $self->{done} // die "the proxy is gone\n";
    return $self;
}

sub to { return $_[0]->mode('to', $_[1]) }

# It ends when its orders do.
sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || !$self->{pid};
    local $?;
    close $self->{order};
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}

# --- the proxy's own process ------------------------------------------------

sub listen {
    my ($self) = @_;
    unlink $self->{path} if defined $self->{path};
    $self->{listener} = defined $self->{path}
        ? IO::Socket::UNIX->new(Local => $self->{path}, Listen => 128)
        : IO::Socket::INET->new(LocalAddr => "127.0.0.1:$self->{port}",
            Listen => 128, ReuseAddr => 1);
    $self->{listener} or die "the proxy can't listen: $!\n";
    chmod 0777, $self->{path} if defined $self->{path};
}

sub serve {
    my ($self, $order, $done) = @_;
    while (1) {
        my $now = Time::HiRes::time();
        my ($read, $write) = (IO::Select->new($order), IO::Select->new);
        $read->add($self->{listener}) if $self->{listener};
        my $wait = 5;
        for my $conn (values %{ $self->{conns} }) {
            for my $way (@{ $conn->{ways} }) {
                $read->add($way->{from})
                    if !$way->{eof} && $way->{held} < $AHEAD;
                my $due = $self->due($way) // next;
                if ($due <= $now) {
                    $write->add($way->{to});
                } elsif ($due - $now < $wait) {
                    $wait = $due - $now;
                }
            }
        }
        my ($r, $w) = IO::Select->select($read, $write, undef, $wait);
        my %ready = map { fileno($_) => 1 } @{ $r || [] };
        my %open = map { fileno($_) => 1 } @{ $w || [] };
        if ($ready{ fileno $order }) {
            sysread $order, my $text, 4096 or return;
            $self->turn(split ' ', $_) for split /\n/, $text;
            syswrite $done, "done\n";
            next;
        }
        $self->welcome if $self->{listener} && $ready{ fileno $self->{listener} };
        for my $conn (values %{ $self->{conns} }) {
            for my $way (@{ $conn->{ways} }) {
                last if $conn->{closed};
                $self->take($conn, $way) if $ready{ fileno $way->{from} };
                last if $conn->{closed};
                $self->give($conn, $way) if $open{ fileno $way->{to} };
            }
        }
    }
}

sub turn {
    my ($self, $mode, $arg) = @_;
    if ($mode eq 'to') {
        $self->{to} = $arg;
        return;
    }
    @$self{qw(mode arg)} = ($mode, $arg);
    if ($mode eq 'refuse') {
        close $self->{listener} if $self->{listener};
        delete $self->{listener};
    } elsif (!$self->{listener}) {
        $self->listen;
    }
    for my $conn (values %{ $self->{conns} }) {
        $_->{due} = 0 for @{ $conn->{ways} };
        $self->meet($conn);
    }
}

# What a mode does to a connection at once.
sub meet {
    my ($self, $conn) = @_;
    my $mode = $self->{mode};
    if ($mode eq 'reset' || $mode eq 'refuse') {
        $self->reset($conn);
    } elsif ($mode eq 'half') {
        my $answers = $conn->{ways}[1];
        shutdown $answers->{to}, 1;
        $answers->{shut} = 1;
    } elsif ($mode eq 'cut') {
        $conn->{left} = $self->{arg};
    }
}

sub welcome {
    my ($self) = @_;
    my $client = $self->{listener}->accept or return;
    my $server = $self->{to} =~ m{^/}
        ? IO::Socket::UNIX->new(Peer => $self->{to})
        : IO::Socket::INET->new(PeerAddr => $self->{to});
    if (!$server) {
        close $client;
        return;
    }
    for my $s ($client, $server) {
        $s->blocking(0);
        setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    }
    my $conn = { ways => [
        { from => $client, to => $server, bytes => '', held => 0, due => 0 },
        { from => $server, to => $client, bytes => '', held => 0, due => 0 },
    ] };
    $self->{conns}{ 0 + $conn } = $conn;
    $self->meet($conn);
}

sub reset {
    my ($self, $conn) = @_;
    for my $way (@{ $conn->{ways} }) {
        setsockopt $way->{from}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    }
    $self->drop($conn);
}

sub drop {
    my ($self, $conn) = @_;
    close $_->{from} for @{ $conn->{ways} };
    $conn->{closed} = 1;
    delete $self->{conns}{ 0 + $conn };
}

# When the next bytes of this way go on; undef: not at all.
sub due {
    my ($self, $way) = @_;
    return undef if $self->{mode} eq 'hole';
    return undef if !$way->{held} && !($way->{eof} && !$way->{shut});
    return $way->{due};
}

sub take {
    my ($self, $conn, $way) = @_;
    my $n = sysread $way->{from}, my $bytes, 65536;
    if (!$n) {
        return if !defined $n && $!{EAGAIN};
        $way->{eof} = 1;
        return;
    }
    $bytes = join '', map { chr int rand 256 } 1 .. $n
        if $self->{mode} eq 'garbage' && $way == $conn->{ways}[1];
    if (!$way->{held} && $self->{mode} =~ /^(?:delay|dribble)$/) {
        $way->{due} = Time::HiRes::time() + $self->{arg} / 1000;
    }
    $way->{bytes} .= $bytes;
    $way->{held} = length $way->{bytes};
}

sub give {
    my ($self, $conn, $way) = @_;
    my ($mode, $answers) = ($self->{mode}, $way == $conn->{ways}[1]);
    return $self->drop($conn) if !$way->{held};     # and there is no more
    my $n = $way->{held};
    if ($way->{shut}) {
        $way->{bytes} = '';                         # to nobody
    } else {
        $n = 1 if $mode eq 'dribble';
        if ($mode eq 'cut' && $answers) {
            return $self->reset($conn) if $conn->{left} <= 0;
            $n = $conn->{left} if $n > $conn->{left};
            $conn->{left} -= $n;
        }
        my $sent = syswrite $way->{to}, $way->{bytes}, $n;
        if (!defined $sent) {
            $self->drop($conn) if !$!{EAGAIN};
            return;
        }
        substr $way->{bytes}, 0, $sent, '';
    }
    $way->{held} = length $way->{bytes};
    if ($mode eq 'dribble') {
        # As many as are due by now, so that the average holds.
        $way->{due} += $self->{arg} / 1000;
    } elsif ($mode eq 'delay') {
        $way->{due} = 0;
    }
}

1;
