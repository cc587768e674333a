package Deals::Test::Standstill;

=head1 NAME

Deals::Test::Standstill - for how long the machine ran nobody

=head1 SYNOPSIS

    my $still = Deals::Test::Standstill->new;
    my $began = time;           # of Time::HiRes
    ...
    cmp_ok $still->since($began), '<', 2, 'at once';

=head1 DESCRIPTION

The host of a virtual machine may stop it, or one of its processors, for seconds,
and who measures a time then finds a wait that nobody made. On each processor a
process sleeps for a moment, again and again. When it is late by more than
C<$TELLS> seconds, which no other process can make of one that has slept, it
notes from when to when.

took($from, $to) and since($from) are the seconds that passed without those;
without($from, $seconds) is for who knows how long it took.

=cut

use strict;
use warnings;

use File::Temp ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Deals::Servers;

my ($MOMENT, $TELLS, $MOST) = (0.02, 0.15, 8);

sub new {
    my ($class) = @_;
    my $self = bless { owner => $$, pids => [],
                       file => File::Temp->new(TEMPLATE => 'deals-still.XXXXXX',
                                               TMPDIR => 1) }, $class;
    for my $processor (processors()) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            eval { $self->tick($processor) };
            POSIX::_exit(0);
        }
        push @{ $self->{pids} }, $pid;
    }
    return $self;
}

# Those that we may use.
sub processors {
    open my $f, '<', '/proc/self/status' or return 0;
    my ($list) = map { /^Cpus_allowed_list:\s*(\S+)/ } <$f>;
    my @n = map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $list // 0;
    return @n > $MOST ? @n[0 .. $MOST - 1] : @n;
}

sub tick {
    my ($self, $processor) = @_;
    my $before = time;
    # What the test has open it must be able to close.
    Deals::Servers::close_above(2);
    system("taskset -pc $processor $$ >/dev/null 2>&1");
    open my $f, '>>', $self->{file}->filename or return;
    while (getppid == $self->{owner}) {
        sleep $MOMENT;
        my $now = time;
        syswrite $f, "$before $now\n" if $now - $before > $MOMENT + $TELLS;
        $before = $now;
    }
}

sub took {
    my ($self, $from, $to) = @_;
    my $took = $to - $from;
    return $took if $took < $TELLS;
    # Those who note it have just come to again, too.
    sleep 5 * $MOMENT if time < $to + 5 * $MOMENT;
    my ($end, $still) = ($from, 0);
    for ($self->notes) {
        my ($stopped, $went) = @$_;
        $stopped = $end if $stopped < $end;
        $went = $to if $went > $to;
        next if $went <= $stopped;
        $still += $went - $stopped;
        $end = $went;
    }
    return $took - $still;
}

sub since   { return $_[0]->took($_[1], time) }
sub without { return $_[0]->took($_[1], $_[1] + $_[2]) }

# [from, to] of each, in their order.
sub notes {
    my ($self) = @_;
    open my $f, '<', $self->{file}->filename or return;
    local $/ = "\n";
    return sort { $a->[0] <=> $b->[0] } map { [split] } <$f>;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    kill 'KILL', @{ $self->{pids} };
    waitpid $_, 0 for @{ $self->{pids} };
}

1;
