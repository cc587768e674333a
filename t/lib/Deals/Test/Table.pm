package Deals::Test::Table;

=head1 NAME

Deals::Test::Table - what a long run has seen, in one line

=head1 SYNOPSIS

    Deals::Test::Table->row('200 workers killed', '9,000 requests', 'lost 0');

=head1 DESCRIPTION

With C<ROUNDS> in the environment says it as a comment of the test. F<t/fault/rounds>
collects the lines of all tests (in the file C<DEALS_TABLE>) and prints them as a
table: what was done, what went on meanwhile, what was found afterwards.

=cut

use strict;
use warnings;

use Test::More ();

my $began = time;

sub row {
    my ($class, @cells) = @_;
    return if !$ENV{ROUNDS};
    push @cells, sprintf '%.1f min', (time - $began) / 60;
    Test::More::diag(join '; ', @cells);
    return if !$ENV{DEALS_TABLE};
    open my $f, '>>', $ENV{DEALS_TABLE} or die "$ENV{DEALS_TABLE}: $!\n";
    print {$f} join("\t", $0, @cells), "\n";
    close $f or die "$ENV{DEALS_TABLE}: $!\n";
}

# 1234567 is 1,234,567.
sub number {
    my ($class, $n) = @_;
    1 while $n =~ s/^(\d+)(\d{3})/$1,$2/;
    return $n;
}

1;
