#!/usr/bin/perl

# t/ASVS.md: every requirement of OWASP ASVS 5.0.0, level 1 and 2, has one row,
# and what a row names is there: the file, and the text that is quoted of it.

use strict;
use warnings;

use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die;

# The standard's ids by section; * is level 1, all others are level 2.
my %level;
while (<DATA>) {
    my ($section, $numbers) = /^([\d.]+): (.*)$/ or die "a line of ids: $_";
    for (split ' ', $numbers) {
        my ($n, $one) = /^(\d+)(\*?)$/ or die "an id: $_";
        $level{"$section.$n"} = $one ? 1 : 2;
    }
}
is scalar keys %level, 253, 'ids of level 1 and 2';
is scalar(grep { $_ == 1 } values %level), 70, '  of level 1';

my $table = slurp('t/ASVS.md');
my (@rows, @odd, %seen, %count);
for (grep { /^\| v/ } split /\n/, $table) {
    if (/^\|\ v5\.0\.0-([\d.]+)\ \|\ ([12])\ \|\ ([^|]+?)\ \|
            \ (test|design|n\/a|open)\ \|\ ([^|]+?)\ \|$/x) {
        push @rows, [$1, $2, $3, $4, $5];
        $seen{$1}++;
        $count{$4}++;
    } else {
        push @odd, $_;
    }
}
none(\@odd, 'every row has an id, a level, what it is about, how and where');
none([grep { !$seen{$_} } sort keys %level], 'every id has a row');
none([grep { $seen{$_} > 1 } sort keys %seen], '  and one only');
none([map { $_->[0] } grep { ($level{ $_->[0] } // 0) != $_->[1] } @rows],
    '  with its level');

my (@bare, @gone, %text);
for my $row (@rows) {
    my ($id, undef, undef, $how, $where) = @$row;
    my ($tests, $named) = (0, 0);
    while ($where =~ /`([^`]+)` ((?:"[^"]+"(?:, )?)+)/g) {
        my ($file, $quotes) = ($1, $2);
        $text{$file} //= -f $file ? slurp($file) : '';
        push @gone, "$id: $file" if $text{$file} eq '';
        for my $quote ($quotes =~ /"([^"]+)"/g) {
            push @gone, "$id: $file: $quote"
                if index($text{$file}, squeezed($quote)) < 0;
        }
        $named++;
        $tests++ if $file =~ m{^t/.*\.(?:t|c|js)$};
    }
    push @gone, map { "$id: $_" } grep { !-e }
        $where =~ m{(?<![\w/.])((?:t|conf|libdeals|ngx_deals_module|sql)/
                    [\w./*-]*\w)}gx;
    push @bare, "$id: $how" if $how eq 'test' ? !$tests
        : $how eq 'design' ? !$named : length $where < 10;
}
none(\@bare, 'tests name a test, designs a file, all else has a reason');
none(\@gone, 'what is named is there');

# The counts at the top.
$count{$_} //= 0 for qw(test design n/a open);
is_deeply { $table =~ /^\| (test|design|n\/a|open) \| (\d+) \|/mg }, \%count,
    'how many there are of each';
my $apply = @rows - $count{'n/a'};
like $table, qr/^${\ scalar @rows} rows; $apply apply\./m, 'and in all';

done_testing();

sub none {
    my ($bad, $what) = @_;
    is join("\n", @$bad), '', $what;
}

sub slurp {
    my ($file) = @_;
    open my $f, '<', $file or die "$file: $!";
    local $/;
    return squeezed(<$f>) if $file ne 't/ASVS.md';
    return <$f>;
}

# A quoted text may be broken over lines where it stands.
sub squeezed {
    my ($text) = @_;
    return $text =~ s/\s+/ /gr;
}

__DATA__
1.1: 1 2
1.2: 1* 2* 3* 4* 5* 6 7 8 9
1.3: 1* 2* 3 4 5 6 7 8 9 10 11
1.4: 1 2 3
1.5: 1* 2
2.1: 1* 2 3
2.2: 1* 2* 3
2.3: 1* 2 3 4
2.4: 1
3.2: 1* 2*
3.3: 1* 2 3 4
3.4: 1* 2* 3 4 5 6
3.5: 1* 2* 3* 4 5
3.7: 1 2
4.1: 1* 2 3
4.2: 1
4.3: 1 2
4.4: 1* 2 3 4
5.1: 1
5.2: 1* 2* 3
5.3: 1* 2*
5.4: 1 2 3
6.1: 1* 2 3
6.2: 1* 2* 3* 4* 5* 6* 7* 8* 9 10 11 12
6.3: 1* 2* 3 4
6.4: 1* 2* 3 4
6.5: 1 2 3 4 5
6.6: 1 2 3
6.8: 1 2 3 4
7.1: 1 2 3
7.2: 1* 2* 3* 4*
7.3: 1 2
7.4: 1* 2* 3 4 5
7.5: 1 2
7.6: 1 2
8.1: 1* 2
8.2: 1* 2* 3
8.3: 1*
8.4: 1
9.1: 1* 2* 3*
9.2: 1* 2 3 4
10.1: 1 2
10.2: 1 2
10.3: 1 2 3 4
10.4: 1* 2* 3* 4* 5* 6 7 8 9 10 11
10.5: 1 2 3 4 5
10.6: 1 2
10.7: 1 2 3
11.1: 1 2
11.2: 1 2 3
11.3: 1* 2* 3
11.4: 1* 2 3 4
11.5: 1
11.6: 1
12.1: 1* 2 3
12.2: 1* 2*
12.3: 1 2 3 4
13.1: 1
13.2: 1 2 3 4 5
13.3: 1 2
13.4: 1* 2 3 4 5
14.1: 1 2
14.2: 1* 2 3 4
14.3: 1* 2 3
15.1: 1* 2 3
15.2: 1* 2 3
15.3: 1* 2 3 4 5 6 7
16.1: 1
16.2: 1 2 3 4 5
16.3: 1 2 3 4
16.4: 1 2 3
16.5: 1 2 3
17.1: 1
17.2: 1 2 3 4
17.3: 1 2
