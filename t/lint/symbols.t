#!/usr/bin/perl

# What leaves the library and the module: deals_* and what nginx looks for. A
# driver's symbols in the module would meet those of another module.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use FindBin;
use Test::More;

my $build = $ENV{BUILD} // "$FindBin::Bin/../../build";

my @so = symbols('-D', '--defined-only', "$build/libdeals.so");
ok @so > 10, 'libdeals.so has symbols';
none([grep { !/^deals_/ } @so], 'libdeals.so: only deals_*');

my %public = map { $_ => 1 } declared();
none([grep { !$public{$_} } @so],
    'libdeals.so: only what the public headers declare');
my %there = map { $_ => 1 } @so;
none([grep { !$there{$_} } sort keys %public],
    'libdeals.so: all that the public headers declare');

none([grep { !/^deals_/ }
      symbols('-g', '--defined-only', "$build/libdeals.a")],
    'libdeals.a: only deals_*');

my @module = symbols('-D', '--defined-only',
                     "$build/ngx_http_deals_module.so");
ok !!(grep { $_ eq 'ngx_modules' } @module), 'the module has ngx_modules';
none([grep { !/^ngx_(?:http_deals_|module)/ && !/^deals_builtin_/ } @module],
    'the module: only its own');

done_testing;

sub none {
    my ($found, $what) = @_;
    is join("\n", @$found), '', $what;
}

sub symbols {
    open my $nm, '-|', 'nm', '-P', @_ or die "nm: $!\n";
    my %seen;
    while (<$nm>) {
        my ($name, $type) = /^(\S+) ([A-TV-Z])/ or next;
        $seen{$name} = 1;
    }
    return sort keys %seen;
}

# Names marked DEALS_API in the public headers.
sub declared {
    my %names;
    for my $header (bsd_glob("$FindBin::Bin/../../libdeals/include/deals/*.h"),
                    bsd_glob("$build/gen/deals/*.h")) {
        open my $f, '<', $header or die "$header: $!\n";
        local $/;
        my $text = <$f>;
        $text =~ s{/\*.*?\*/}{}gs;
        $text =~ s/^\s*#.*$//mg;
        while ($text =~ /\bDEALS_API\b([^;]*);/g) {
            my $declaration = $1;
            my ($name) = $declaration =~ /\b(deals_\w+)\s*\(/;
            ($name) = $declaration =~ /\b(deals_\w+)\s*(?:\[.*\])?\s*$/
                if !defined $name;
            $names{$name} = 1 if defined $name;
        }
    }
    return keys %names;
}
