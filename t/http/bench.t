#!/usr/bin/perl

# What make bench checks before it measures, on a small community; and that its
# measuring measures.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../bench";
use Test::More;
use Deals::Test;

use Bench::Check;
use Bench::Data;
use Bench::Facts;
use Bench::Load;
use Bench::Pages;
use Bench::Rounds;
use Bench::Site;
use Bench::Table;
use Bench::Votes;

my $t = Deals::Test->new;
Bench::Data::fill($t, 2_000);
is $t->deals('verify')->{code}, 0, 'the counters of the data are right';

my $site = Bench::Site->new($t);
Bench::Check->new($site, is => sub { is $_[0], $_[1], $_[2] })->all;

# --- counted ------------------------------------------------------------------

my $misses = Bench::Facts::misses($site, 1000);
is $misses->{text}, 1, 'a thousand misses of a key make one statement';
like Bench::Facts::weight($site)->{text}, qr{^\d+\.\d KB / \d+$},
    'the whole page is weighed';

# --- measured: that it is, not how much --------------------------------------

SKIP: {
    skip 'valgrind makes all of it too slow for wrk to tell a median', 1
        if $ENV{DEALS_VALGRIND};
    measured();
}
is $t->deals('verify')->{code}, 0, 'all votes were counted';
$t->finish;

sub measured {
    my $load = Bench::Load->new($site, 1);
    my ($feed, $n) = Bench::Pages::same_sql($site, $load, 'feed',
        '/api/v1/deals');
    cmp_ok $n, '>', 0, 'the statements of a page are found in the log';
    my $votes = Bench::Votes->new($site, $load);
    my @rows = Bench::Rounds::measure({
        name => 'one',
        loads => [
            ['page', sub { $load->http('/', port => 'uncached') }],
            ['sql', sub { $load->pgbench($feed, 2) }],
            ['votes', sub { $votes->http(20, $site->active, $site->deals) }],
            ['one by one', sub { $votes->pgbench('spread', 2) }],
        ],
        rows => [
            { name => 'a page', of => 'page', reference => 'sql', by => 'cpu',
              against => 'SQL', must => '1000', aim => '1000' },
            { name => 'votes', of => 'votes', reference => 'one by one',
              by => 'rate', against => 'SQL', must => '0', aim => '0' },
        ],
    }, 1, sub {});
    for my $row (@rows) {
        for my $side (@$row{qw(a b)}) {
            cmp_ok $side->{$_}, '>', 0, "$row->{name}: $_"
                for qw(rate p50 p99 postgres cpu);
        }
        cmp_ok $row->{a}{nginx}, '>', 0, '  and nginx';
    }
    is +(() = Bench::Table::text(@rows) =~ / yes, the aim too /g), 2,
        'a table says whether a target is met';
    $rows[0]{must} = $rows[0]{aim} = '0';
    like Bench::Table::text(@rows), qr/CPU <= 0 \(0\).* \*\*no\*\* /,
        '  and if not';
}
