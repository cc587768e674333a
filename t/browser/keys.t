#!/usr/bin/perl
# The site by keyboard alone, and when the script's calls fail.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx;
browse($t, 'keys.js');
$t->finish;
