#!/usr/bin/perl

# Files that say one thing, functions that fit a screen, lines that fit a page
# (80 columns are the aim; 90 is too much).

use strict;
use warnings;

use File::Find ();
use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die;

my @files;
File::Find::find({ no_chdir => 1, wanted => sub {
    push @files, $_ if -f && /\.(?:c|h|pm|pl|t|js|css|sql)$/;
} }, grep { -d } qw(libdeals ngx_deals_module sql t conf));

my (@long, @functions, @wide, @later, @tabs);

for my $path (sort @files) {
    open my $f, '<', $path or die "$path: $!\n";
    my ($start, $n) = (0, 0);
    while (my $line = <$f>) {
        $n = $.;
        chomp $line;
        push @later, "$path:$n" if $line =~ /\b(?:TODO|FIXME)\b/
            && $path !~ m{^t/lint/};
        next if $path !~ /\.[ch]$/;
        utf8::decode($line);
        push @wide, "$path:$n" if length $line > 90;
        push @tabs, "$path:$n" if $line =~ /\t|[ ]$/;
        $start = $n if $line =~ /^\{/;
        if ($line =~ /^\}/ && $start) {
            push @functions, "$path:$start" if $n - $start - 1 > 100;
            $start = 0;
        }
    }
    push @long, "$path: $n lines" if $n > 800;
}

none(\@long, 'no file of more than 800 lines');
none(\@functions, 'no function of more than 100 lines');
none(\@wide, 'no line of C of more than 90 columns');
none(\@tabs, 'no tab and no space at the end of a line of C');
none(\@later, 'nothing is put off in a comment');

done_testing;

sub none {
    my ($found, $what) = @_;
    is join("\n", @$found), '', $what;
}
