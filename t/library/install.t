#!/usr/bin/perl

# The library as a C programmer meets it: installed, found by pkg-config, with
# two example programs that run against a community.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes ();
use Deals::Test;

my $t    = Deals::Test->new;
my $root = $t->root;
my $dest = $t->dir . '/installed';
my $home = "$dest/opt/deals";
my $work = $t->dir . '/work';
mkdir $work;

sub run_ok {
    my ($what, $cmd, %o) = @_;
    my $r = $t->command($cmd, %o);
    is $r->{code}, 0, $what or diag $r->{out}, $r->{err};
    return $r;
}

# Files that are what they were, not made again.
sub built {
    return join ' ', map { join '.', (Time::HiRes::stat($_))[1, 9] }
        glob "$t->{build}/libdeals.* $t->{build}/deals $t->{build}/*.so";
}

my $built = built();
run_ok 'make install', ['make', '-s', '-C', $root, "BUILD=$t->{build}",
    "DESTDIR=$dest", 'PREFIX=/opt/deals', 'MAKEFLAGS=', 'install'];
is built(), $built, 'nothing that others run just now was built again';

for my $file (qw(include/deals/deals.h include/deals/rows.h lib/libdeals.a
                 lib/libdeals.so lib/libdeals.so.0 lib/pkgconfig/deals.pc
                 share/deals/nginx.conf share/deals/deals.conf
                 share/deals/templates/layout.html)) {
    ok -e "$home/$file", "$file is there";
}
ok -x "$home/bin/deals", 'bin/deals can be run';
ok -e "$dest/usr/lib/nginx/modules/ngx_http_deals_module.so",
    'the module is where nginx looks for it';

my %pc = (PKG_CONFIG_PATH => "$home/lib/pkgconfig",
          PKG_CONFIG_SYSROOT_DIR => $dest);

sub pkg_config {
    my $r = $t->command(['pkg-config', @_, 'deals'], env => \%pc);
    is $r->{code}, 0, "pkg-config @_" or diag $r->{err};
    return split ' ', $r->{out};
}

my @cflags = pkg_config('--cflags');
my @libs   = pkg_config('--libs');
my @static = pkg_config('--static', '--libs');
my ($version) = pkg_config('--modversion');
like $version, qr/^\d+\.\d+\.\d+$/, 'a version';
ok -f "$home/lib/libdeals.so.$version", 'the library has it in its name';

# Each header stands alone, in C and, where there is a compiler for it, C++.
for my $path (glob "$home/include/deals/*.h") {
    my ($name) = $path =~ m{([^/]+)$};
    my $try = "#include <deals/$name>\n#include <deals/$name>\n";
    my $r = $t->command(['gcc', '-std=c11', '-Wall', '-Wextra', '-Wpedantic',
        '-Werror', '-fsyntax-only', @cflags, '-x', 'c', '-'], input => $try);
    is $r->{code}, 0, "$name in C" or diag $r->{err};
    SKIP: {
        skip 'no g++', 1 if system('command -v g++ >/dev/null') != 0;
        $r = $t->command(['g++', '-std=c++17', '-Wall', '-Wextra', '-Werror',
            '-fsyntax-only', @cflags, '-x', 'c++', '-'], input => $try);
        is $r->{code}, 0, "$name in C++" or diag $r->{err};
    }
}

my $nm = run_ok 'nm', ['nm', '-D', '--defined-only', '-P',
                       "$home/lib/libdeals.so"];
is join(' ', grep { !/^deals_/ } map { (split)[0] } split /\n/, $nm->{out}), '',
    'no symbol leaves the library but deals_*';

my @sanitize = $ENV{DEALS_ASAN} ? '-fsanitize=address,undefined' : ();
for my $name (qw(feed poll)) {
    run_ok "$name builds", ['gcc', '-std=c11', '-D_GNU_SOURCE', '-Wall',
        '-Wextra', '-Werror', @sanitize, @cflags, '-o', "$work/$name",
        "$root/libdeals/examples/$name.c", @libs];
}
run_ok 'feed builds with the static library', ['gcc', '-std=c11',
    '-D_GNU_SOURCE', @sanitize, @cflags, '-o', "$work/feed-static",
    "$root/libdeals/examples/feed.c",
    map { $_ eq '-ldeals' ? '-l:libdeals.a' : $_ } @static];

my $demo = $t->deals('demo');
is $demo->{code}, 0, 'a community to read' or diag $demo->{err};

my %env = (DEALS_DATABASE => $t->database,
           LD_LIBRARY_PATH => "$home/lib");

my $r = run_ok 'feed', ["$work/feed", 'hot', 3], env => \%env;
my @ids = $r->{out} =~ /#(\d+)/g;
is scalar @ids, 30, 'three pages of ten deals';
my %seen = map { $_ => 1 } @ids;
is scalar keys %seen, 30, 'no deal twice';

$r = run_ok 'feed, linked statically', ["$work/feed-static", 'hot', 3],
    env => { DEALS_DATABASE => $t->database };
is_deeply [$r->{out} =~ /#(\d+)/g], \@ids, 'prints the same';

$r = run_ok 'poll', ["$work/poll"], env => \%env;
like $r->{out}, qr/^3 calls on their way$/m, 'several calls are in flight';
is scalar(() = $r->{out} =~ /^a list of 5 deals$/mg), 3, 'three lists came';
is scalar(() = $r->{out} =~ /^deal \d+: /mg), 3, 'and the deals asked for then';

for my $bad (['sideways'], ['hot', 'many'], ['hot', 1, 'more']) {
    $r = $t->command(["$work/feed", @$bad], env => \%env);
    is $r->{code}, 2, "feed @$bad is no command";
    like $r->{err}, qr/^usage: feed \[hot\|new\|top\] \[PAGES\]$/, 'says what is';
}

# Against nothing: a sentence, not a crash.
for my $name (qw(feed poll)) {
    $r = $t->command(["$work/$name"], env => { %env,
        DEALS_DATABASE => 'host=' . $t->dir . '/nowhere dbname=deals' });
    is $r->{code}, 1, "$name without a server fails";
    like $r->{err}, qr/\S/, 'and says why';
    $r = $t->command(["$work/$name"],
        env => { %env, DEALS_DATABASE => 'nonsense' });
    is $r->{code}, 1, "$name with a bad address fails";
}

$t->finish;
