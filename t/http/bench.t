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
use Bench::Load;
use Bench::Site;

my $t = Deals::Test->new;
Bench::Data::fill($t, 2_000);
is $t->deals('verify')->{code}, 0, 'the counters of the data are right';

my $site = Bench::Site->new($t);
Bench::Check->new($site, is => sub { is $_[0], $_[1], $_[2] })->all;

$t->finish;
