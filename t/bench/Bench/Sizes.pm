package Bench::Sizes;

# The rows of a large community against a small one: what PostgreSQL and nginx
# spend on the same list, page, vote or comment, without the cache, must not grow
# with the data.

use strict;
use warnings;

use Bench::Load;
use Bench::Votes;

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
        my $start = 0;
        push @loads, ["votes, $size", sub { $votes->http(256, $site->deals) }],
            ["comments, $size", sub {
                my $r = $load->http('', script => ['comments.lua',
                    $site->deals, $site->members, $start]);
                $start += $r->{count} + 32;
                return $r;
            }];
    }
    push @rows, row('votes', $large, $small), row('comments', $large, $small);
    return { name => 'sizes', loads => \@loads, rows => \@rows };
}

sub row {
    my ($name, $large, $small) = @_;
    return { name => "$name at " . $large->deals . ' deals', of => "$name, large",
             reference => "$name, small", against => 'at ' . $small->deals,
             by => 'cpu', must => '1.2', aim => '1.05' };
}

1;
