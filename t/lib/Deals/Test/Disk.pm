package Deals::Test::Disk;

=head1 NAME

Deals::Test::Disk - a small disk that can be full

=head1 SYNOPSIS

    Deals::Test::Disk->needed;      # before the first test: skips all without
    my $disk = Deals::Test::Disk->new($directory, '200m');
    $disk->fill;
    $disk->free;

C<needed> starts the program again in a mount namespace of its own: what is
mounted there is seen by nobody else, and gone with its last process. That takes
root, and a container that may mount.

=cut

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep);

sub needed {
    my ($class) = @_;
    return if $ENV{DEALS_TEST_MOUNTS};
    my $why = $> != 0 ? 'only root may mount'
            : system('unshare -m --propagation private sh -c '
                . '"mount -t tmpfs tmpfs /tmp" 2>/dev/null') != 0
            ? 'no file system may be mounted here' : undef;
    Test::More::plan(skip_all => $why) if $why;
    $ENV{DEALS_TEST_MOUNTS} = 1;
    exec 'unshare', '-m', '--propagation', 'private', $^X, $0, @ARGV;
    die "unshare: $!\n";
}

sub new {
    my ($class, $directory, $size) = @_;
    -d $directory or mkdir $directory or die "$directory: $!\n";
    system('mount', '-t', 'tmpfs', '-o', "size=$size,mode=1777", 'tmpfs',
        $directory) == 0 or die "cannot mount $directory\n";
    return bless { directory => $directory, owner => $$,
                   filler => "$directory/filler" }, $class;
}

# Nobody gets a byte until free: what others give back is taken at once.
sub fill {
    my ($self) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open my $f, '>', $self->{filler} or POSIX::_exit(1);
        my $bytes = 'x' x 65536;
        while (1) {
            my $n = 65536;
            while ($n >= 1) {
                $n = int $n / 2 if !syswrite $f, $bytes, $n;
            }
            sleep 0.005;
        }
    }
    $self->{pid} = $pid;
    for (1 .. 500) {
        return $self if $self->left == 0;
        sleep 0.02;
    }
    die "$self->{directory} is not full\n";
}

# KB.
sub left {
    my ($self) = @_;
    my @df = `df --output=avail $self->{directory}`;
    return $df[1] + 0;
}

sub free {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    local $?;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    unlink $self->{filler};
    return $self;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    $self->free;
}

# Once nobody works in it.
sub remove {
    my ($self) = @_;
    $self->free;
    system('umount', '-l', $self->{directory});
    rmdir $self->{directory};
}

1;
