package Deals::Test::Growth;

=head1 NAME

Deals::Test::Growth - does it stay as big as it is?

=head1 SYNOPSIS

    my $growth = Deals::Test::Growth->new($t);
    $growth->look;              # each few seconds
    is_deeply [$growth->grown], [], 'nothing grows';
    print $growth->table;

Looked at are memory and descriptors of nginx' main process and of its workers,
connections to PostgreSQL and Redis, and what of the shared zones is in use
(C<status>: the path of a deals_status on the test's port).

Each line is drawn by Theil and Sen: its slope is the median of those between
all pairs of looks, so that single ones, high or low, make no difference. What it
rose from the first look to the last must be within C<noise>, in the unit of the
line.

=cut

use strict;
use warnings;

use IO::Socket::UNIX;
use Time::HiRes ();

# What may be more at the end than in the beginning, and the share of it that
# may come on top: memory is given back in pages, and not always at once.
my %NOISE = (
    KB          => [1536, 0.03],
    descriptors => [6, 0],
    connections => [2, 0],
    bytes       => [64 * 1024, 0.05],
);

sub new {
    my ($class, $t, %o) = @_;
    return bless { t => $t, line => {}, began => Time::HiRes::time(), %o },
        $class;
}

sub look {
    my ($self) = @_;
    my $t = $self->{t};
    my $main = $t->{servers}->main_process('nginx');
    my $n = 0;
    for my $pid ($main, sort { $a <=> $b } $t->workers) {
        my $name = $pid == $main ? 'main process' : 'worker ' . ++$n;
        my ($kb, $fds) = weight($pid);
        $self->note("$name, memory", 'KB', $kb) if $kb;
        $self->note("$name, descriptors", 'descriptors', $fds) if $fds;
    }
    $self->note('connections to PostgreSQL', 'connections', scalar grep {
        cmdline($_->[0]) =~ /^postgres: deals deals / }
        $t->{servers}->processes('postgres'));
    $self->note('connections to Redis', 'connections', redis_clients($t));
    my $status = eval { $t->get($self->{status} . '?format=json')->json };
    for my $zone (@{ ($status || {})->{caches} || [] }) {
        $self->note("zone $zone->{zone}", 'bytes', $zone->{used_bytes});
    }
    return $self;
}

sub note {
    my ($self, $name, $unit, $value) = @_;
    return if !defined $value;
    $self->{line}{$name} ||= { unit => $unit, looks => [] };
    push @{ $self->{line}{$name}{looks} },
        [Time::HiRes::time() - $self->{began}, $value];
}

# KB that nobody else has; descriptors.
sub weight {
    my ($pid) = @_;
    my ($kb, $fds);
    open my $f, '<', "/proc/$pid/smaps_rollup" or return;
    while (my $line = <$f>) {
        $kb += $1 if $line =~ /^Private_(?:Clean|Dirty):\s+(\d+)/;
    }
    opendir my $d, "/proc/$pid/fd" or return;
    $fds = grep { /^\d/ } readdir $d;
    return ($kb, $fds);
}

sub cmdline {
    my ($pid) = @_;
    open my $f, '<', "/proc/$pid/cmdline" or return '';
    return <$f> // '';
}

sub redis_clients {
    my ($t) = @_;
    my $s = IO::Socket::UNIX->new(Peer => substr $t->redis, 5) or return;
    syswrite $s, "CLIENT LIST\r\n" or return;
    my $got = '';
    until ($got =~ /\A\$(\d+)\r\n/ && length $got >= $1 + length $&) {
        sysread $s, $got, 65536, length $got or return;
    }
    # Without the one that asks.
    return scalar(() = $got =~ /\bid=/g) - 1;
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return @sorted % 2 ? $sorted[@sorted / 2]
        : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

# Where it is at the start, in the middle and at the end; and how much it rose.
sub drawn {
    my ($line) = @_;
    my @looks = @{ $line->{looks} };
    my @slopes;
    for my $i (0 .. $#looks) {
        for my $j ($i + 1 .. $#looks) {
            my $seconds = $looks[$j][0] - $looks[$i][0];
            push @slopes, ($looks[$j][1] - $looks[$i][1]) / $seconds
                if $seconds > 0;
        }
    }
    my $third = int((@looks + 2) / 3);
    my @part = map { median(map { $_->[1] } @$_) }
        [@looks[0 .. $third - 1]],
        [@looks[int((@looks - $third) / 2) .. int((@looks + $third) / 2) - 1]],
        [@looks[-$third .. -1]];
    my $rise = @slopes ? median(@slopes) * ($looks[-1][0] - $looks[0][0]) : 0;
    return (@part, $rise);
}

sub noise {
    my ($line, $start) = @_;
    my ($least, $share) = @{ $NOISE{ $line->{unit} } };
    return $least + $share * $start;
}

# What grows, a line each.
sub grown {
    my ($self) = @_;
    my @grown;
    for my $name (sort keys %{ $self->{line} }) {
        my $line = $self->{line}{$name};
        my ($start, undef, undef, $rise) = drawn($line);
        my $noise = noise($line, $start);
        push @grown, sprintf '%s: %d more %s than %d in %d s, noise is %d',
            $name, $rise, $line->{unit}, $start, $line->{looks}[-1][0]
            - $line->{looks}[0][0], $noise if $rise > $noise;
    }
    return @grown;
}

sub looks {
    my ($self) = @_;
    my ($least) = sort { $a <=> $b } map { scalar @{ $_->{looks} } }
        values %{ $self->{line} };
    return $least // 0;
}

sub table {
    my ($self) = @_;
    my $out = sprintf "%-28s %-12s %9s %9s %9s %9s %9s\n",
        qw(what in start middle end rise noise);
    for my $name (sort keys %{ $self->{line} }) {
        my $line = $self->{line}{$name};
        my ($start, $middle, $end, $rise) = drawn($line);
        $out .= sprintf "%-28s %-12s %9d %9d %9d %9d %9d\n", $name,
            $line->{unit}, $start, $middle, $end, $rise, noise($line, $start);
    }
    return $out;
}

1;
