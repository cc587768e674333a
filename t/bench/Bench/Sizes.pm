package Bench::Sizes;

# The rows of a large community against a small one: what PostgreSQL and nginx
# spend on the same list, page, vote or comment, without the cache, must not grow
# with the data. Votes and comments are on the newest deals, as most are; votes on
# any of them for comparison.

use strict;
use warnings;

use Bench::Load;
use Bench::Votes;

my $NEWEST = 10_000;

# Name, and the address at a site.
my @ADDRESS = (
    ['hot feed',                  sub { '/api/v1/deals' }],
    ['new',                       sub { '/api/v1/deals?sort=new' }],
    ['top of the day',            sub { '/api/v1/deals?sort=top&window=day' }],
    ['top of the year',           sub { '/api/v1/deals?sort=top&window=year' }],
    ['top of all times',          sub { '/api/v1/deals?sort=top&window=all' }],
    ['page of a tag',             sub { '/tags/tag-7' }],
    ['page of a shop',            sub { '/merchants/shop-7' }],
    ['page of a member',          sub { '/users/member7' }],
    ['deal with 100 comments',    sub { $_[0]->talk }],
);

sub group {
    my ($small, $large, $seconds) = @_;
    my %site = (small => $small, large => $large);
    my (@loads, @rows);
    for my $address (@ADDRESS) {
        my ($name, $path) = @$address;
        for my $size (sort keys %site) {
            my $load = Bench::Load->new($site{$size}, $seconds);
            my $url = $path->($site{$size});
            push @loads, ["$name, $size",
                          sub { $load->http($url, port => 'uncached') }];
        }
        push @rows, row($name, $large, $small);
    }
    for my $size (sort keys %site) {
        my $site = $site{$size};
        my $load = Bench::Load->new($site, $seconds);
        my $votes = Bench::Votes->new($site, $load);
        my ($all, $start) = ($site->deals, 0);
        my $first = $all - $NEWEST + 1;
        # PostgreSQL logs each page whole that it first changes.
        $votes->http(256, $site->active, $NEWEST, $first) for 1 .. 5;
        push @loads,
            ["votes, $size", sub { $votes->http(256, $site->active, $NEWEST, $first) }],
            ["votes on any deal, $size", sub { $votes->http(256, $site->active, $all) }],
            ["comments, $size", sub {
                my $r = $load->http('', script => ['comments.lua',
                    $first, $NEWEST, $site->active, $start]);
                $start += $r->{count} + 32;
                return $r;
            }];
    }
    push @rows, map { row($_, $large, $small) } 'votes', 'comments';

    # No target: this is the price of memory and disk, for each vote changes pages
    # that no other did lately.
    push @rows, { %{ row('votes on any deal', $large, $small) },
                  must => undef };
    return { name => 'sizes', loads => \@loads, rows => \@rows };
}

sub row {
    my ($name, $large, $small) = @_;
    return { name => "$name at " . $large->deals . ' deals', of => "$name, large",
             reference => "$name, small", against => 'at ' . $small->deals,
             by => 'cpu', must => '1.2', aim => '1.05' };
}

1;
