#!/usr/bin/perl

# What is private stays so: members and strangers ask for the same pages with
# every combination of headers that might confuse a cache. Who is asked for by a
# request is told by nobody but its own credentials.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Uncompress::Gunzip qw(gunzip);
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF', workers => 2);
deals_cache zone=pages:4m;
%%UNLIMITED%%
add_header X-Cache $deals_cache_status always;
server {
    listen 127.0.0.1:%%PORT%% reuseport;
    location / { deals; }
}
CONF

my $ann = $t->member('ann');
my $bob = $t->member('bob');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
$bob->put("/api/v1/deals/$id/vote", json => { value => -1 });
my $hidden = $ann->post('/api/v1/deals', json => { title => 'Hidden thing' })
    ->json->{id};
is $t->deals('deal', 'hide', $hidden)->{code}, 0, 'a hidden deal';
$ann->post("/api/v1/deals/$id/comments", json => { body => 'by ann' });

my %token = (ann => $ann->{cookie}{deals}, bob => $bob->{cookie}{deals});
my @cookie = (undef, '', 'deals=', "deals=$token{ann}", "deals=$token{bob}",
    "x=1; deals=$token{ann}", "deals=$token{ann}; deals=$token{bob}",
    "deals=; deals=$token{ann}", 'deals=1.wrong', 'x=deals',
    "xdeals=$token{ann}", "DEALS=$token{ann}", "deals=\"$token{ann}\"");
my @authorization = (undef, "Bearer $token{ann}", "bearer $token{bob}",
    'Bearer wrong', 'Basic YTpi', '', 'Bearer');
my @more = ([], ['Cache-Control' => 'no-cache'], ['X-HTTP-Method-Override' =>
    'POST', 'X-Forwarded-Host' => 'evil.example', 'X-Original-URL' => '/me'],
    ['If-None-Match' => '*'], ['Range' => 'bytes=0-10'],
    ['Accept-Encoding' => 'gzip', 'Host' => 'evil.example']);
my @path = ('/', '/new', "/deals/$id/a-deal", '/api/v1/deals',
    "/api/v1/deals/$id", "/api/v1/deals/$id/comments",
    "/deals/$hidden/hidden-thing", "/api/v1/deals/$hidden", '/users/ann');

# What a stranger gets who was first.
my %public = map { $_ => $t->get($_)->body } @path;
unlike $public{$_}, qr/Sign out|my_vote":-?1|action="[^"]*vote|evil/,
    "nothing of a member on $_" for @path;

# Whose request it is, by what it says: pages know the cookie alone, the API a
# Bearer token before the cookie. '?': nobody, and it is told so.
sub asker {
    my ($path, $cookie, $authorization) = @_;
    if ($path =~ m{^/api} && ($authorization // '') =~ /^bearer\b *(.*)/i) {
        return $1 eq $token{ann} ? 'ann' : $1 eq $token{bob} ? 'bob' : '?';
    }
    for my $part (split /[;,] */, $cookie // '') {
        my ($name, $value) = split /=/, $part, 2;
        next if lc $name ne 'deals';
        return '' if !length($value // '');
        return $value eq $token{ann} ? 'ann' : $value eq $token{bob} ? 'bob'
            : '?';
    }
    return '';
}

my ($asked, %bad, %cache) = (0);
sub judge {
    my ($r, $path, $who, $asker) = @_;
    my $status = $r->header('X-Cache') // '';
    $cache{$status}++;
    my $body = $r->body;
    $body = do { gunzip(\$r->body, \my $plain); $plain }
        if ($r->header('Content-Encoding') // '') eq 'gzip';
    my $control = $r->header('Cache-Control') // '';
    my $private = $control =~ /private|no-store/;
    my $known = $asker eq 'ann' || $asker eq 'bob';
    $bad{"$path $who: $status, for $asker, but public"}++ if $known && !$private;
    $bad{"$path $who: a cookie from the cache"}++
        if $r->header('Set-Cookie') && $status ne 'BYPASS';
    $bad{"$path $who: a member's words for nobody"}++
        if !$known && $body =~ /Sign out|"my_vote":-?1/;
    $bad{"$path $who: what a header said"}++ if $body =~ /evil/;
    for my $name (qw(ann bob)) {
        $bad{"$path $who: the page of $name for $asker"}++
            if $asker ne $name && $body =~ m{Signed in as <b>$name<};
    }
    $bad{"$path $who: the vote of somebody else"}++
        if $body =~ /^\{"(?:id|deals)/ && $r->status == 200
        && $path =~ m{^/api/v1/deals(?:/$id)?$}
        && $body !~ /"id":$id,.*?"my_vote":${\ ($asker eq 'ann' ? 1
                                               : $asker eq 'bob' ? -1 : 0)},/;
    $bad{"$path $who: the hidden deal, $status, for $asker"}++
        if $path =~ /$hidden/ && $r->status == 200
        && ($asker ne 'ann' || $status ne 'BYPASS');
}

for my $path (@path) {
    for my $cookie (@cookie) {
        for my $authorization (@authorization) {
            my $more = $more[$asked++ % @more];
            my $r = $t->get($path, headers => [Cookie => $cookie,
                Authorization => $authorization, @$more]);
            judge($r, $path, ($cookie // '-') . ' / ' . ($authorization // '-'),
                asker($path, $cookie, $authorization));
        }
    }
    # Whatever they asked for: a stranger still sees what he saw.
    for (1 .. 4) {
        my $r = $t->get($path);
        judge($r, $path, 'stranger', '');
        $bad{"$path: the public page is another"}++
            if $r->body ne $public{$path}
            && $r->body =~ s/\d+ (?:seconds?|minutes?) ago|just now//gr
               ne $public{$path} =~ s/\d+ (?:seconds?|minutes?) ago|just now//gr;
    }
}
is join("\n", sort keys %bad), '', "$asked requests: nothing private leaks";
ok $cache{HIT} > 50, "many from the cache: $cache{HIT}";
ok $cache{BYPASS} > 100, "some not: $cache{BYPASS}";

# Two members, one address, at the same time as strangers.
for my $round (1 .. 10) {
    for my $who (['ann', $ann, 1], ['bob', $bob, -1]) {
        my ($name, $client, $vote) = @$who;
        my $r = $client->get("/api/v1/deals/$id");
        is $r->json->{my_vote}, $vote, "$name sees the own vote" if $round < 3;
        $bad{mixed}++ if $r->json->{my_vote} != $vote;
        $r = $client->get('/');
        $bad{"not $name"}++ if $r->body !~ m{/users/$name"};
    }
    my $r = $t->get("/api/v1/deals/$id");
    $bad{stranger}++ if $r->json->{my_vote} != 0;
}
is join("\n", sort keys %bad), '', 'nor when they alternate';
is $ann->get("/api/v1/deals/$hidden")->status, 200,
    'the author sees the hidden deal';
is $t->get("/api/v1/deals/$hidden")->status, 404, '  a stranger does not';
unlike $t->log, qr/private page/, 'nothing private came near the zone';

$t->finish;
