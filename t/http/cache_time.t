#!/usr/bin/perl

# Time in the cache: the second in which a deal ends or begins, votes within a
# second, writes at once, and what is only found out after a while.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use POSIX qw(strftime);
use Deals::Test;
use Deals::Test::Standstill;

# A second, and another one for a busy machine.
my $soon = 2 * Deals::Test::patience();
my $still = Deals::Test::Standstill->new;

my $t = Deals::Test->new;
my $template = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
$t->nginx($template);

sub status { return $_[0]->header('X-Cache') // '' }
sub stamp  { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }
sub titles { return join ',', sort map { $_->{title} }
             @{ $t->get('/api/v1/deals')->json->{deals} } }

my $ann = $t->member('ann');
my $bob = $t->member('bob');
sub post {
    my ($title, %o) = @_;
    my $r = $ann->post('/api/v1/deals', json => { title => $title, %o });
    $r->status == 201 or die $r->body;
    return $r->json->{id};
}

# Waits for the workers to hear of other nodes: entries then last.
$t->wait_until(sub { $t->get('/new'); sleep 1.2;
    status($t->get('/new')) eq 'HIT' }) or diag 'does not last';

# --- to the second -------------------------------------------------------------

my $now = int time;
my %at = (ends => $now + 4, begins => $now + 6, later => $now + 9);
my $ending = post('ending', expires_at => stamp($at{ends}));
post('beginning', starts_at => stamp($at{begins}),
    expires_at => stamp($at{later}));
post('lasting');

my (%seen, %cache);
while (time < $at{later} + 1.2) {
    my $before = time;
    my $list = titles();
    my $r = $t->get('/');
    my $page = $t->get("/api/v1/deals/$ending");
    my $after = time;
    $cache{ status($r) }++;
    if (int $before == int $after) {
        my $s = int $before;
        my @want = ('lasting', $s < $at{ends} ? 'ending' : (),
            $s >= $at{begins} && $s < $at{later} ? 'beginning' : ());
        $seen{$s}{list}{$list eq join(',', sort @want) ? 'right' :
            "has $list, not @want"}++;
        my @shown = grep { $r->body =~ /">$_</ } qw(beginning ending lasting);
        $seen{$s}{page}{"@shown" eq "@{[sort @want]}" ? 'right' :
            "has @shown, not @want"}++;
        my $is = $page->json->{status};
        $seen{$s}{deal}{$is eq ($s < $at{ends} ? 'active' : 'expired')
            ? 'right' : $is}++;
    }
    sleep 0.03;
}
for my $s (sort keys %seen) {
    for my $what (qw(list page deal)) {
        is join(' ', sort keys %{ $seen{$s}{$what} }), 'right',
            "$what in second " . ($s - $now);
    }
}
ok keys %seen >= 5, 'most seconds were seen';
ok $cache{HIT} > 2 * $cache{MISS}, 'most of it from the cache';

# --- writes are seen at once -----------------------------------------------------

my @paths = ('/', '/new', '/top', '/users/ann', '/api/v1/deals');
$t->get($_) for @paths;
my $id = post('fresh thing', tags => ['one']);
like $t->get($_)->body, qr/fresh thing/, "a new deal is on $_ at once" for @paths;
$t->get($_) for @paths, "/api/v1/deals/$id", "/deals/$id/fresh-thing",
    '/tags/one';
$ann->patch("/api/v1/deals/$id", json => { title => 'changed thing' });
like $t->get($_)->body, qr/changed thing/, "so is a change on $_"
    for @paths, "/api/v1/deals/$id", "/deals/$id/changed-thing", '/tags/one';
is $t->get("/deals/$id/fresh-thing")->status, 301, 'its old address has moved';

my $comments = "/api/v1/deals/$id/comments";
$t->get($_) for $comments, "/deals/$id/changed-thing";
my $cid = $bob->post($comments, json => { body => 'well said' })->json->{id};
like $t->get($_)->body, qr/well said/, "a comment is on $_ at once"
    for $comments, "/deals/$id/changed-thing";
$bob->patch("$comments/$cid", json => { body => 'well put' });
like $t->get($_)->body, qr/well put/, "its edit is on $_"
    for $comments, "/deals/$id/changed-thing";
$bob->delete("$comments/$cid");
unlike $t->get($_)->body, qr/well put/, "its end is on $_"
    for $comments, "/deals/$id/changed-thing";

$t->get($_) for @paths;
$ann->delete("/api/v1/deals/$id");
unlike $t->get($_)->body, qr/changed thing/, "a deleted deal is off $_"
    for @paths, '/tags/one';
is $t->get("/deals/$id/changed-thing")->status, 404, 'its page is gone';

# --- votes: within a second, and not more often -------------------------------------

$id = post('voted on');
sleep 1.1;
sub score { return (grep { $_->{id} == $id }
            @{ $t->get('/api/v1/deals')->json->{deals} })[0]{score} }
is score(), 1, 'a score';
my $start = time;
$bob->put("/api/v1/deals/$id/vote", json => { value => 1 });
is $bob->get("/api/v1/deals/$id")->json->{score}, 2, 'who votes sees it at once';
# What was kept is less than two seconds old, and good for ten but for votes.
$t->wait_until(sub { score() == 2 }, 14);
my $took = $still->since($start);
ok $took < $soon, sprintf 'others within a second (%.2f)', $took;

my %count;
$start = time;
while (time < $start + 3) {
    $bob->put("/api/v1/deals/$id/vote", json => { value => int(time * 10) % 2 });
    $count{ status($t->get('/api/v1/deals')) }++;
    sleep 0.01;
}
$took = time - $start;
ok $count{MISS} <= 1 + int $took,
    sprintf 'a storm of votes refreshes once a second: %d in %.2f s', $count{MISS}, $took;
ok $count{HIT} > 2 * $count{MISS}, "  and the others are hits: $count{HIT}";

# --- what nobody tells is found out after a while ---------------------------------------

sleep 1.2;                              # the last of those votes is shown
$t->get('/api/v1/deals') for 1 .. 4;
$t->sql("UPDATE deals SET title = 'by hand' WHERE deal_id = $id");
unlike $t->get('/api/v1/deals')->body, qr/by hand/, 'a change by hand';
$start = time;
$t->wait_until(sub { $t->get('/api/v1/deals')->body =~ /by hand/ }, 25);
$took = $still->since($start);
ok $took > 5 && $took < 14, sprintf 'is found out in ten seconds (%.1f)', $took;

# A Redis that is away: nobody could tell.
$t->stop_redis;
sleep 3.5;
$t->get('/api/v1/deals');
$t->sql("UPDATE deals SET title = 'again' WHERE deal_id = $id");
$start = time;
$t->wait_until(sub { $t->get('/api/v1/deals')->body =~ /again/ }, 14);
$took = $still->since($start);
ok $took < $soon, sprintf 'without Redis in one (%.1f)', $took;
$t->start_redis;
ok $t->wait_until(sub { $t->get('/new'); sleep 1.5;
    status($t->get('/new')) eq 'HIT' }, 20), 'it is back: pages last again';

$t->finish;
