#!/usr/bin/perl
# The site by keyboard alone, and when the script's calls fail; below a prefix
# that looks like one of the site's own paths.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Test;
use Deals::Browser;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /deals/ { deals; }
    }
}
CONF
browse($t, 'keys.js', prefix => '/deals');
$t->finish;
