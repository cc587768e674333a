package Bench::Rounds;

# Loads that are compared run in turn, round after round, every other round
# backwards: a machine that gets slower or faster hits all of them. What a row says
# is the median of the rounds, and how far the rounds were apart.

use strict;
use warnings;

# A group: { name, loads => [[key, code], ...], rows => [...] }. Returns its rows,
# each with what was measured as a (its own) and b (its reference).
#
# A row: name, of and reference => keys of loads, against => words; by => cpu,
# rate or p50: what is compared; must, aim: the target of the ratio a : b, at
# most (at least for rate). Or, without a load, text: what was found, and met.
sub measure {
    my ($group, $rounds, $say) = @_;
    my %seen;
    for my $round (1 .. $rounds) {
        my @loads = @{ $group->{loads} };
        @loads = reverse @loads if $round % 2 == 0;
        for my $load (@loads) {
            my ($key, $code) = @$load;
            $say->("$group->{name}: round $round of $rounds: $key");
            push @{ $seen{$key} }, $code->();
        }
    }
    for my $row (grep { $_->{of} } @{ $group->{rows} }) {
        my @a = @{ $seen{ $row->{of} } };
        $row->{a} = summary(@a);
        next if !defined $row->{reference};
        my @b = @{ $seen{ $row->{reference} } };
        $row->{b} = summary(@b);
        my $by = $row->{by};
        my @each = sort { $a <=> $b }
                   map { $a[$_]{$by} / ($b[$_]{$by} || 1e-9) } 0 .. $#a;
        $row->{ratio} = $row->{a}{$by} / ($row->{b}{$by} || 1e-9);
        @$row{qw(least most)} = @each[0, -1];
    }
    return @{ $group->{rows} };
}

sub summary {
    my (@runs) = @_;
    return { map { my $k = $_; $k => median(map { $_->{$k} } @runs) }
             qw(rate p50 p99 nginx postgres cpu) };
}

sub median {
    my @v = sort { $a <=> $b } @_;
    return @v % 2 ? $v[$#v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

# Does a row meet its target?
sub met {
    my ($row) = @_;
    return $row->{met} if !defined $row->{ratio};
    return '' if !defined $row->{must};
    my ($ratio, $must, $aim) = @$row{qw(ratio must aim)};
    ($ratio, $must, $aim) = map { -$_ } $ratio, $must, $aim
        if $row->{by} eq 'rate';
    return $ratio <= $aim ? 'yes, the aim too' : $ratio <= $must ? 'yes' : '**no**';
}

1;
