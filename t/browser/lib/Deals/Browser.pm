package Deals::Browser;

=head1 NAME

Deals::Browser - runs a script for Chromium against a test's private servers

=head1 SYNOPSIS

    my $t = Deals::Test->new;
    $t->nginx;
    browse($t, 'members.js', js => 0);
    $t->finish;

=head1 DESCRIPTION

The scripts lie beside the tests and print TAP, each line of which becomes a test
here. They find the site's address in C<DEALS_URL> and each option in a variable
of its name in capitals. C<SHOTS=DIR> makes them keep pictures of the pages.

=cut

use strict;
use warnings;

use Exporter 'import';
use File::Basename ();
use Test::More ();

our @EXPORT = qw(browse);

my $here = File::Basename::dirname(__FILE__) . '/../..';

sub browse {
    my ($t, $script, %o) = @_;
    local %ENV = %ENV;
    $ENV{DEALS_URL} = $t->url;
    $ENV{ uc $_ } = $o{$_} for keys %o;
    # For prove without make.
    $ENV{NODE_PATH} ||= ($ENV{BUILD} || $t->root . '/build') . '/node_modules';

    open my $tap, '-|', 'node', "$here/$script" or die "node: $!\n";
    my ($seen, $planned) = (0, -1);
    while (my $line = <$tap>) {
        chomp $line;
        if ($line =~ /^(not )?ok \d+(?: - (.*))?$/) {
            $seen++;
            Test::More::ok(!$1, $2 // '');
        } elsif ($line =~ /^1\.\.(\d+)$/) {
            $planned = $1;
        } elsif ($line =~ /^# (.*)$/) {
            Test::More::diag($1);
        }
    }
    close $tap;
    Test::More::ok($? == 0 && $seen == $planned, "$script ran to its end")
        or Test::More::diag("exit status $?, $seen tests of $planned");
}

1;
