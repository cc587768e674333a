package Bench::Table;

use utf8;

# The rows as one Markdown table, and what machine it was.

use strict;
use warnings;

use Deals::Test;

use Bench::Rounds;

my %MEASURE = (cpu => 'CPU', rate => 'requests/s', p50 => 'p50');

sub text {
    my (@rows) = @_;
    my @head = ('measure', 'reference', 'target (aim)', 'measured', 'met',
        'requests/s', 'p50 / p99 ms', 'CPU µs a request: nginx + PostgreSQL');
    return join '', map { '| ' . join(' | ', @$_) . " |\n" }
        \@head, [map { '---' } @head], map { [cells($_)] } @rows;
}

sub machine {
    my ($site) = @_;
    my ($cpu) = Deals::Test::read_file('/proc/cpuinfo') =~ /^model name\s*: (.*)/m;
    my ($kb) = Deals::Test::read_file('/proc/meminfo') =~ /^MemTotal:\s+(\d+)/m;
    my $cores = () = Deals::Test::read_file('/proc/cpuinfo') =~ /^processor\b/gm;
    my $nginx = Deals::Servers::nginx_binary();
    my ($version) = `$nginx -v 2>&1` =~ m{nginx/(\S+)};
    chomp(my $kernel = `uname -r`);
    return sprintf "Machine: %d x %s, %.0f GB, Linux %s, nginx %s, PostgreSQL %s."
        . ' The load comes from the same machine: one worker of nginx, one'
        . ' thread of wrk, which is the limit of some rates; CPU a request is'
        . " nginx' and PostgreSQL's alone.", $cores, $cpu // 'CPU', $kb / 1e6, $kernel, $version,
        $site->sql('SHOW server_version') =~ /^(\S+)/;
}

sub cells {
    my ($row) = @_;
    my ($a, $b) = @$row{qw(a b)};
    my @sides = grep { $_ } $a, $b;
    return (
        $row->{name}, $row->{against}, target($row),
        defined $row->{ratio} ? measured($row) : $row->{text} // '',
        Bench::Rounds::met($row) // '',
        join(' : ', map { sprintf '%.0f', $_->{rate} } @sides),
        join(' : ', map { sprintf '%.2f / %.2f', @$_{qw(p50 p99)} } @sides),
        join(' : ', map { sprintf '%.1f + %.1f', @$_{qw(nginx postgres)} }
                    @sides),
    );
}

sub target {
    my ($row) = @_;
    return $row->{target} // '' if !defined $row->{must};
    my $sign = $row->{by} eq 'rate' ? '>=' : '<=';
    return "$MEASURE{ $row->{by} } $sign $row->{must} ($row->{aim})";
}

# The ratio of the medians, and the least and the greatest of a round.
sub measured {
    my ($row) = @_;
    return sprintf '%s %.2f (%.2f to %.2f)', $MEASURE{ $row->{by} },
        @$row{qw(ratio least most)};
}

1;
