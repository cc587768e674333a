#!/usr/bin/perl

# Memory runs out in nginx' workers, at random, more and more, while members vote
# and write: no worker dies, whoever gets an answer gets one that says so,
# nothing acknowledged is lost, and all is well as soon as there is memory again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Standstill;
use Deals::Test::Storm;

plan skip_all => 'a sanitizer has an allocator of its own' if $ENV{DEALS_ASAN};

my $seconds = $ENV{ROUNDS} || 4;        # of each degree
my $still = Deals::Test::Standstill->new;
my $t = Deals::Test->new;
my $library = $t->dir . '/failing_malloc.so';
my $control = $t->dir . '/failing_malloc';
is system($ENV{CC} // 'gcc', qw(-shared -fPIC -O2 -D_GNU_SOURCE -Wall -o),
    $library, "$FindBin::Bin/failing_malloc.c"), 0, 'there is a library';
one_in(0);
chmod 0666, $control;

{
    local @ENV{qw(LD_PRELOAD FAILING_MALLOC)} = ($library, $control);
    $t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%%";
    deals_redis "%%REDIS%%";
    deals_cache zone=pages:8m;
    deals_query_timeout 2s;
    deals_rate_limit signin=100000/m signup=100000/m post=100000/m
                     comment=100000/m vote=100000/m;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
}

# nginx tells the operator, as it should.
$t->allow(qr/(?:malloc|posix_memalign|calloc)\(.*failed|Cannot allocate memory/);

my @members = map {
    my $who = $t->member("member$_");
    $who->{member} = "member$_";
    $who;
} 1 .. 3;
my @deals = map { $members[0]->post('/api/v1/deals', json => {
    title => "Deal $_", url => 'https://example.com/', tags => ['a', 'b'],
    description => '*Words*' })->json->{id} } 1 .. 5;
my $storm = Deals::Test::Storm->new($t, members => [@members[0, 1]],
    deals => \@deals, deadline => 20, patience => 30 + $seconds);
my @workers = sort { $a <=> $b } $t->workers;

# A sign-in that has no answer may have ended the session that it was to
# replace: so it comes from a browser that has none.
my @asks = (
    [get => '/'], [get => '/new'], [get => "/deals/$deals[0]/deal-1"],
    [get => '/api/v1/deals'], [get => '/users/member1'], [get => '/login'],
    [get => "/api/v1/deals/$deals[1]/comments"], [get => '/settings'],
    [post => '/api/v1/deals', json => { title => 'Another one',
                                        description => 'A *word* ' x 900 }],
    [put => "/api/v1/deals/$deals[2]/vote", json => { value => 1 }],
    [post => "/api/v1/deals/$deals[3]/comments", json => { body => 'Yes' }],
    [post => '/api/v1/sessions',
        json => { name => 'member3', password => 'password of member3' },
        cookies => 0],
);
my %usual = map { $_ => ask($_)->status } 0 .. $#asks;

for my $one_in (3000, 600, 150, 40) {
    my (%odd, %seen);
    my $slowest = 0;
    my $failed = failed();
    $storm->begin;
    one_in($one_in);
    my $end = time + $seconds;
    while (time < $end || failed() == $failed && time < $end + 20) {
        for my $i (0 .. $#asks) {
            my $start = time;
            my $r = eval { ask($i) };
            my $took = $still->since($start);
            $slowest = $took if $took > $slowest;
            my $status = $r && $r->status || 'none';
            $seen{$status}++;
            $odd{"@{ $asks[$i] }[0, 1]: $status"}++
                if $status !~ /^(?:none|$usual{$i}|500|503)$/;
        }
    }
    one_in(0);
    $storm->end;
    note "1 in $one_in: ", failed() - $failed, ' failed; ',
        join ', ', map { "$seen{$_} x $_" } sort keys %seen;
    ok failed() > $failed, "1 in $one_in: allocations failed";
    is join("\n", map { "$_, $odd{$_} times" } sort keys %odd), '',
        '... and who got an answer was told';
    cmp_ok $slowest, '<', 10, '... in time';
    is join(' ', sort { $a <=> $b } $t->workers), "@workers",
        '... by workers that live on';
    my $now;
    my $before = join ' ', map { $usual{$_} } 0 .. $#asks;
    $t->wait_until(sub {
        $now = join ' ', map { ask($_)->status } 0 .. $#asks;
        return $now eq $before;
    });
    is $now, $before, '... who serve as before, once there is memory';
}

is_deeply [$storm->wrong], [], 'what was acknowledged is there, and once';
is_deeply [grep { !/: 500 / } @{ $storm->{odd} }], [],
    'those who vote and write were told, too';
is $t->deals('verify')->{code}, 0, 'all counters are right';
diag failed(), ' allocations failed in the workers';
$t->finish;

sub ask {
    my ($method, $path, @o) = @{ $asks[$_[0]] };
    return $members[2]->$method($path, @o);
}

sub one_in {
    my ($n) = @_;
    my $new = !-e $control;
    open my $f, $new ? '>' : '+<', $control or die "$control: $!\n";
    syswrite $f, $new ? pack('LL', $n, 0) : pack('L', $n);
    close $f;
}

sub failed {
    open my $f, '<', $control or die "$control: $!\n";
    sysread $f, my $bytes, 8;
    return (unpack 'LL', $bytes)[1];
}
