package Deals::Test::Prometheus;

=head1 NAME

Deals::Test::Prometheus - reads Prometheus' text format, and is strict about it

=head1 SYNOPSIS

    my $m = Deals::Test::Prometheus->parse($text);
    is join("\n", $m->mistakes), '';
    is $m->sum('deals_calls_total', site => 'deals@/run/postgresql'), 7;
    for my $s ($m->samples('deals_worker_info')) { $s->{labels}{pid}; $s->{value} }
    $m->series('deals_calls_total');    # { 'site="..",worker="0"' => 7 }

=head1 DESCRIPTION

Version 0.0.4, without what it allows and nobody should write: timestamps, empty
lines, other comments, families that are not in one piece, without a HELP, a TYPE
or a sample, or whose series have different labels. Names follow the conventions:
C<_total> for counters and only for them, base units.

=cut

use strict;
use warnings;

my $NAME  = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $LABEL = qr/[a-zA-Z_][a-zA-Z0-9_]*/;
my $VALUE = qr/(?:[^"\\\n]|\\[\\"n])*/;
my $NUMBER = qr/[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|Inf|NaN)/;

sub parse {
    my ($class, $text) = @_;
    my $self = bless { mistakes => [], family => {}, order => [] }, $class;
    $self->wrong('not UTF-8') if !utf8::decode(my $copy = $text);
    $self->wrong('no newline at the end') if $text !~ /\n\z/;
    my $n = 0;
    for my $line (split /\n/, $text, -1) {
        $n++;
        next if $line eq '' && $n == 1 + ($text =~ tr/\n//);
        $self->line($line) or $self->wrong("line $n: $line");
    }
    $self->look_at($_) for @{ $self->{order} };
    return $self;
}

sub mistakes { @{ $_[0]{mistakes} } }
sub families { @{ $_[0]{order} } }
sub type     { ($_[0]{family}{ $_[1] } || {})->{type} }

sub wrong {
    my ($self, $what) = @_;
    push @{ $self->{mistakes} }, $what;
    return;
}

# A family begins with its HELP and ends where another begins.
sub line {
    my ($self, $line) = @_;
    if ($line =~ /\A# HELP ($NAME) (\S(?:[^\\]|\\[\\n])*)\z/) {
        return $self->wrong("$1 comes twice") if $self->{family}{$1};
        push @{ $self->{order} }, $1;
        $self->{now} = $self->{family}{$1} = { name => $1, samples => [] };
        return 1;
    }
    my $now = $self->{now} or return;
    if ($line =~ /\A# TYPE ($NAME) (counter|gauge|histogram)\z/) {
        return if $1 ne $now->{name} || $now->{type} || @{ $now->{samples} };
        $now->{type} = $2;
        return 1;
    }
    $line =~ /\A($NAME)(?:\{(.*)\})? ($NUMBER)\z/ or return;
    my ($name, $inside, $value) = ($1, $2, $3);
    return if !$now->{type};
    my %sample = (name => $name, value => $value, labels => {});
    while (defined $inside && $inside =~ s/\A($LABEL)="($VALUE)"(?:,(?=.)|\z)//) {
        my ($label, $v) = ($1, $2);
        return if exists $sample{labels}{$label} || $label =~ /^__/;
        $v =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        $sample{labels}{$label} = $v;
    }
    return if defined $inside && $inside ne '';
    push @{ $now->{samples} }, \%sample;
    return 1;
}

sub key {
    my ($labels, @without) = @_;
    my %without = map { $_ => 1 } @without;
    return join ',', map { "$_=\"$labels->{$_}\"" }
        grep { !$without{$_} } sort keys %$labels;
}

sub look_at {
    my ($self, $name) = @_;
    my $f = $self->{family}{$name};
    my (%seen, %shape);
    return $self->wrong("$name has no type") if !$f->{type};
    return $self->wrong("$name has no sample") if !@{ $f->{samples} };
    $self->wrong("$name: a counter ends in _total, nothing else does")
        if ($f->{type} eq 'counter') != ($name =~ /_total$/);
    $self->wrong("$name ends in what histograms have")
        if $name =~ /_(?:bucket|sum|count)$/;
    $self->wrong("$name: not a base unit")
        if $name =~ /_(?:ms|msec|usec|milliseconds|minutes|kb|mb|kilobytes)(?:_|$)/;
    for my $s (@{ $f->{samples} }) {
        my $histogram = $f->{type} eq 'histogram';
        my $ok = $histogram ? $s->{name} =~ /\A\Q$name\E_(?:bucket|sum|count)\z/
                            : $s->{name} eq $name;
        $self->wrong("$s->{name} among $name") if !$ok;
        $self->wrong("$name: a label le") if exists $s->{labels}{le}
            && $s->{name} ne "${name}_bucket";
        my $key = "$s->{name}\{" . key($s->{labels}) . '}';
        $self->wrong("twice: $key") if $seen{$key}++;
        $self->wrong("$key is negative") if $f->{type} ne 'gauge'
            && $s->{value} < 0;
        $shape{ join ',', grep { $_ ne 'le' } sort keys %{ $s->{labels} } }++;
    }
    $self->wrong("$name: series with different labels") if keys %shape != 1;
    $self->look_at_histogram($f) if $f->{type} eq 'histogram';
    return;
}

sub look_at_histogram {
    my ($self, $f) = @_;
    my %group;
    for my $s (@{ $f->{samples} }) {
        my $g = $group{ key($s->{labels}, 'le') } ||= { buckets => [] };
        if ($s->{name} =~ /_bucket$/) {
            my $le = $s->{labels}{le} // return $self->wrong('no le');
            push @{ $g->{buckets} }, [$le eq '+Inf' ? 9**9**9 : $le, $s->{value}];
        } else {
            $g->{ $s->{name} =~ /_sum$/ ? 'sum' : 'count' } = $s->{value};
        }
    }
    for my $key (sort keys %group) {
        my $g = $group{$key};
        my @b = @{ $g->{buckets} };
        $self->wrong("$f->{name}\{$key}: no sum or count")
            if !defined $g->{sum} || !defined $g->{count};
        $self->wrong("$f->{name}\{$key}: no +Inf, or not the count")
            if !@b || $b[-1][0] != 9**9**9 || $b[-1][1] != ($g->{count} // -1);
        for my $i (1 .. $#b) {
            $self->wrong("$f->{name}\{$key}: buckets do not grow")
                if $b[$i][0] <= $b[$i - 1][0] || $b[$i][1] < $b[$i - 1][1];
        }
    }
    return;
}

# Of a metric, with these labels at least.
sub samples {
    my ($self, $name, %with) = @_;
    (my $family = $name) =~ s/_(?:bucket|sum|count)$//
        if !$self->{family}{$name};
    my $f = $self->{family}{ $family // $name } or return;
    return grep {
        my $s = $_;
        $s->{name} eq $name
            && !grep { ($s->{labels}{$_} // '') ne $with{$_} } keys %with;
    } @{ $f->{samples} };
}

sub sum {
    my ($self, @what) = @_;
    my $sum = 0;
    $sum += $_->{value} for $self->samples(@what);
    return $sum;
}

sub series {
    my ($self, @what) = @_;
    return { map { ("$_->{name}\{" . key($_->{labels}) . '}' => $_->{value}) }
             $self->samples(@what) };
}

# All that only grows.
sub counters {
    my ($self) = @_;
    my %all;
    for my $name ($self->families) {
        next if $self->type($name) eq 'gauge';
        $all{ "$_->{name}\{" . key($_->{labels}) . '}' } = $_->{value}
            for @{ $self->{family}{$name}{samples} };
    }
    return \%all;
}

1;
