#!/usr/bin/perl
# Every page of the demo community, in every view.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx;
my $demo = $t->deals('demo');
is $demo->{code}, 0, 'the demo community' or diag $demo->{err};
$t->member('Looker');
browse($t, 'looks.js', name => 'Looker', password => 'password of Looker');
$t->finish;
