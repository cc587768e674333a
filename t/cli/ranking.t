# The real input, imported and then read over the API: the hot list is in the
# order that the formula gives, computed here anew, and every list shows each
# deal exactly once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX qw(log10);
use Test::More;
use Time::Local qw(timegm);
use Deals::Test;

my $t = Deals::Test->new;
my $shared = $ENV{DEALS_SHARED} // $t->root . '/../shared';
my $real = "$shared/data/deals_2013.ndjson.gz";
plan skip_all => "there is no $real (DEALS_SHARED says where)" if !-e $real;
plan skip_all => 'the nginx module is not built' if !-e $t->module;

my ($epoch, $tau) = (1134028003, 45000);

sub hot {
    my ($up, $down, $created) = @_;
    my $s = $up - $down;
    my $size = abs $s > 1 ? abs $s : 1;
    return ($s <=> 0) * log10($size) + ($created - $epoch) / $tau;
}

subtest 'golden vectors' => sub {
    my @vector = ([1, 0, 12577.1554889], [10, 0, 12578.1554889],
        [100, 10, 12579.1097314], [0, 10, 12576.1554889],
        [5, 5, 12577.1554889]);
    is sprintf('%.7f', hot($_->[0], $_->[1], 1700000000)), $_->[2],
        "$_->[0] up, $_->[1] down" for @vector;
};

sub seconds {
    my @t = $_[0] =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/
        or die "no time: $_[0]";
    return timegm(@t[5, 4, 3, 2], $t[1] - 1, $t[0]);
}

# A list from its beginning to its end, or to `max` deals.
sub walk {
    my ($query, $max) = @_;
    my ($cursor, @all);
    my $client = $t->client;
    do {
        my $r = $client->get("/api/v1/deals?$query"
            . (defined $cursor ? "&cursor=$cursor" : ''));
        is $r->status, 200, $query or return @all;
        push @all, @{ $r->json->{deals} };
        $cursor = $r->json->{next};
    } while (defined $cursor && !($max && @all >= $max) && @all < 30000);
    return @all;
}

# Does it have every deal once? Says it in one line.
sub each_once {
    my ($name, @list) = @_;
    my %seen;
    $seen{ $_->{id} }++ for @list;
    is scalar(@list), 13613, "$name: to its end";
    is scalar(keys %seen), 13613, "$name: each exactly once";
}

sub in_order {
    my ($name, $list, $order) = @_;
    my @sorted = sort $order @$list;
    my ($wrong) = grep { $sorted[$_]{id} != $list->[$_]{id} } 0 .. $#sorted;
    is $wrong, undef, "$name: in order";
}

my $r = $t->deals('import', $real);
is $r->{code}, 0, 'import' or BAIL_OUT($r->{err});
$t->nginx;

my @new;
subtest 'new' => sub {
    @new = walk('sort=new&limit=100');
    each_once('new', @new);
    $_->{t} = seconds($_->{created_at}) for @new;
    in_order('new', \@new,
        sub { $b->{t} <=> $a->{t} || $b->{id} <=> $a->{id} });
    is scalar(grep { $_->{score} != $_->{up} - $_->{down} } @new), 0,
        'score is up - down';
};

my @hot;
subtest 'hot' => sub {
    my @expected = sort { $b->{hot} <=> $a->{hot} || $b->{id} <=> $a->{id} }
        map { { %$_, hot => hot($_->{up}, $_->{down}, $_->{t}) } } @new;
    @hot = walk('sort=hot&limit=100');
    my ($wrong) = grep { $hot[$_]{id} != $expected[$_]{id} } 0 .. 999;
    is $wrong, undef, 'the first 1,000, id by id' or diag explain
        [@hot[$wrong - 1 .. $wrong + 1]], [@expected[$wrong - 1 .. $wrong + 1]];
    each_once('hot', @hot);
    ($wrong) = grep { $hot[$_]{id} != $expected[$_]{id} } 0 .. $#hot;
    is $wrong, undef, 'and all the others';
};

subtest 'hot, by pages of another size' => sub {
    my @first = walk('limit=25', 300);
    is join(' ', map { $_->{id} } @first),
        join(' ', map { $_->{id} } @hot[0 .. $#first]), 'the same';
};

subtest 'top of all time' => sub {
    my @top = walk('sort=top&window=all&limit=100');
    each_once('top', @top);
    in_order('top', \@top,
        sub { $b->{score} <=> $a->{score} || $b->{id} <=> $a->{id} });
};

$t->finish;
