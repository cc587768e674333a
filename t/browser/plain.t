#!/usr/bin/perl
# What members do, in a browser that runs no scripts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx;
browse($t, 'members.js', js => 0);
$t->finish;
