#!/usr/bin/perl
# What members do, in a browser that runs scripts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx;
$t->member('Keeper');
is $t->deals('user', 'role', 'Keeper', 'moderator')->{code}, 0, 'a moderator';
browse($t, 'members.js', js => 1);
$t->finish;
