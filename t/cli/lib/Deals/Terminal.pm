package Deals::Terminal;

=head1 NAME

Deals::Terminal - a program that stands before a terminal

=head1 SYNOPSIS

    my $p = Deals::Terminal->run(['deals', 'user', 'add', 'ann'], env => {...});
    $p->expect(qr/Password/) && $p->type("secret\n");
    my ($code, $seen) = $p->end;

Its standard input, output and error are a terminal of its own (Linux: a pseudo
terminal from /dev/ptmx, whose numbers are those of this kernel's headers).

=cut

use strict;
use warnings;

use Fcntl qw(O_RDWR O_NOCTTY);
use IO::Select;
use POSIX ();

use constant { TIOCGPTN => 0x80045430, TIOCSPTLCK => 0x40045431,
               TIOCSCTTY => 0x540e };

sub run {
    my ($class, $command, %o) = @_;
    sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or die "ptmx: $!\n";
    my $number = pack 'i', 0;
    ioctl $master, TIOCSPTLCK, $number or die "TIOCSPTLCK: $!\n";
    ioctl $master, TIOCGPTN, $number or die "TIOCGPTN: $!\n";
    my $name = '/dev/pts/' . unpack 'i', $number;

    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
        sysopen my $tty, $name, O_RDWR or die "$name: $!\n";
        ioctl $tty, TIOCSCTTY, 0;
        open STDIN, '<&', $tty;
        open STDOUT, '>&', $tty;
        open STDERR, '>&', $tty;
        $ENV{$_} = $o{env}{$_} for keys %{ $o{env} || {} };
        exec { $command->[0] } @$command or POSIX::_exit(127);
    }
    return bless { master => $master, pid => $pid, seen => '', at => 0 },
        $class;
}

# Reads what comes; false: nothing more.
sub more {
    my ($self, $seconds) = @_;
    IO::Select->new($self->{master})->can_read($seconds) or return 0;
    my $n = sysread $self->{master}, $self->{seen}, 65536,
        length $self->{seen};
    return $n;          # undef (EIO): the program closed its terminal
}

# Waits until what came since the last expect matches.
sub expect {
    my ($self, $what, $seconds) = @_;
    my $until = time + ($seconds // 10);
    while (time <= $until) {
        if (substr($self->{seen}, $self->{at}) =~ $what) {
            $self->{at} += $+[0];
            return 1;
        }
        $self->more(1) // last;
    }
    return 0;
}

sub type { syswrite $_[0]{master}, $_[1] }

# Does the terminal show what is typed?
sub echoes {
    my ($self) = @_;
    my $t = POSIX::Termios->new;
    $t->getattr(fileno $self->{master});
    return $t->getlflag & POSIX::ECHO() ? 1 : 0;
}

sub kill { CORE::kill($_[1], $_[0]{pid}) }

# Reads to the end: the exit code (128 + the signal's number) and all there was
# to see.
sub end {
    my ($self) = @_;
    my $until = time + 60;
    while (time < $until) {
        $self->more(60) or last;
    }
    waitpid $self->{pid}, 0;
    return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $self->{seen});
}

1;
