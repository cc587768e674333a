#!/usr/bin/perl

# The floors of the house: who may include what, and what the pure ones may not
# do.

use strict;
use warnings;

use File::Find ();
use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die;

# What each floor's files may include of libdeals, as "floor/file.h" ...
my %floors = (
    base  => [qw(base)],
    core  => [qw(base core)],
    io    => [qw(base io)],
    view  => [qw(base core view)],
    calls => [qw(base core io view calls)],
    cli   => [qw(base core io view calls cli)],
    ngx_deals_module => [qw(base core io view calls)],
);

# ... and of the public headers, as <deals/file.h>. undef: any.
my @plain = qw(types input);
my %public = (
    base  => [@plain],
    core  => [@plain],
    io    => [@plain, qw(ctx)],
    view  => [@plain, qw(rows view pages)],
);

# Drivers stay on their floor.
my $drivers = qr{^(?:libpq|hiredis|postgresql|openssl)|^pg_config};

# A pure floor knows neither time, chance nor the world: they are arguments.
my $impure = qr{\b(
    time|gettimeofday|clock_gettime|clock|localtime(?:_r)?|
    rand(?:om)?(?:_r)?|getrandom|getentropy|arc4random\w*|randombytes_\w+|
    socket|connect|bind|listen|accept4?|send(?:to|msg)?|recv(?:from|msg)?|
    getaddrinfo|getenv|fork|system|popen|sleep|usleep|nanosleep
)\s*\(}x;
my $files = qr{\b(open(?:at|dir)?|fopen|read|write|stat)\s*\(};

my @sources;
File::Find::find({ no_chdir => 1, wanted => sub {
    push @sources, $_ if /\.[ch]$/;
} }, grep { -d } qw(libdeals ngx_deals_module));

ok @sources > 0, 'there are sources';

my (@includes, @nginx, @driver, @pure);

for my $path (sort @sources) {
    my ($floor) = $path =~ m{^(?:libdeals/)?([^/]+)/};
    my $code = code($path);

    while ($code =~ /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/mg) {
        my ($kind, $name) = ($1, $2);
        push @driver, "$path includes $name"
            if $name =~ $drivers && $floor ne 'io';
        if ($name =~ m{^deals/(\w+)\.h$}) {
            my $may = $public{$floor} or next;
            push @includes, "$path includes <$name>"
                if !grep { $_ eq $1 } @$may;
        } elsif ($kind eq '"' && $name =~ m{^(\w+)/}) {
            my $may = $floors{$floor} or next;
            push @includes, "$path includes \"$name\""
                if $floors{$1} && !grep { $_ eq $1 } @$may;
        }
    }
    next if $path !~ m{^libdeals/};
    push @nginx, "$path: $1" if $code =~ /\b(ngx_\w+)/;
    next if $floor !~ /^(?:core|view)$/;
    $code =~ s/"(?:[^"\\\n]|\\.)*"/""/g;
    push @pure, "$path: $1()" while $code =~ /$impure/g;
    next if $floor eq 'view';           # it reads the templates it is told to
    push @pure, "$path: $1()" while $code =~ /$files/g;
}

none(\@includes, 'a floor includes only floors below it');
none(\@nginx, 'libdeals does not know nginx');
none(\@driver, 'only io/ includes libpq, hiredis or OpenSSL');
none(\@pure, 'core/ and view/ are pure');

SKIP: {
    my @tracked = split /\n/, `git ls-files 2>/dev/null`;
    skip 'not a checkout', 1 if !@tracked;
    my %known = map { $_ => 1 } qw(config Makefile README.md LICENSE conf sql
        libdeals ngx_deals_module t debian);
    my %top = map { (split m{/})[0] => 1 } @tracked;
    none([sort grep { !$known{$_} && !/^\./ } keys %top],
        'no room that is not in the plan');
}

done_testing;

sub none {
    my ($found, $what) = @_;
    is join("\n", @$found), '', $what;
}

# A file without its comments, lines kept.
sub code {
    my ($path) = @_;
    open my $f, '<', $path or die "$path: $!\n";
    local $/;
    my $code = <$f>;
    $code =~ s{/\*(.*?)\*/}{ (my $c = $1) =~ tr/\n//cd; $c }gse;
    return $code;
}
