#!/usr/bin/perl

# What is too much in a minute: the page again with all that was typed, and when
# to come back.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit post=1/m comment=1/m vote=1/m;
%%SITE%%
CONF

my $ann = $t->member('ann');

# Up to three times, for the minute may end between two of them.
sub refused {
    my ($path, $form, $typed) = @_;
    my $r;
    for (1 .. 3) {
        $r = $ann->post($path, form => $form);
        last if $r->status == 429;
    }
    is $r->status, 429, "$path: too often";
    like $r->header('Retry-After') // '', qr/^[1-9]\d?$/, '  when to come back';
    like $r->body, $typed, '  what was typed is not lost';
    return $r;
}

my $r = refused('/submit', { title => 'A kettle' }, qr/value="A kettle"/);
my ($id) = $t->sql('SELECT deal_id FROM deals LIMIT 1');
refused("/deals/$id/-/edit", { title => 'Another kettle' },
    qr/value="Another kettle"/);
refused("/deals/$id/-/comments", { body => 'Boils well' }, qr/Boils well/);
my ($cid) = $t->sql('SELECT comment_id FROM comments LIMIT 1');
refused("/deals/$id/-/comments/$cid/edit", { body => 'Boils badly' },
    qr/Boils badly/);
refused("/deals/$id/-/vote", { value => 1 }, qr/too often/);

$t->finish;
