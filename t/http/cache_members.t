#!/usr/bin/perl

# Pages of members: made once for all, and each gets his own. What they see is
# what they would see without a cache; what is warm asks nobody; what ends a
# session or changes a vote is seen at once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use IO::Uncompress::Gunzip qw(gunzip);
use Deals::Test;

my $t = Deals::Test->new;
my $template = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 1024; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_query_timeout 2s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache $deals_cache_status always;
    add_header X-DB $deals_db_time always;
    gzip on;
    gzip_types application/json;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:off%%;
        location / { deals; deals_cache off; }
    }
}
CONF
$t->nginx($template);

sub status { return $_[0]->header('X-Cache') // '' }
sub cold { return ($_[0]->header('X-DB') // '') =~ /\d/ }

# What depends on the clock alone.
sub timeless {
    return $_[0] =~ s/\d+ (?:second|minute)s? ago|just now/then/gr;
}

my %client = map { $_ => $t->member($_) } qw(ann bob carol);
my ($ann, $bob, $carol) = @client{qw(ann bob carol)};
my @id = map {
    my $who = $_ % 2 ? $ann : $bob;
    $who->post('/api/v1/deals', json => { title => "Deal $_",
        tags => ['one'], merchant => 'Shop' })->json->{id};
} 1 .. 8;
my $id = $id[0];
my $c1 = $ann->post("/api/v1/deals/$id/comments",
    json => { body => 'by ann' })->json->{id};
my $c2 = $bob->post("/api/v1/deals/$id/comments",
    json => { body => 'by bob', parent_id => $c1 })->json->{id};
$bob->put("/api/v1/deals/$id/vote", json => { value => -1 });
$carol->put("/api/v1/deals/$id[1]/vote", json => { value => 1 });
$ann->put("/api/v1/deals/$id/comments/$c2/vote", json => { value => 1 });
$carol->put("/api/v1/deals/$id/comments/$c1/vote", json => { value => -1 });

my %off;
for my $name (keys %client) {
    $off{$name} = $t->client(port => $t->port('off'));
    $off{$name}{cookie} = $client{$name}{cookie};
}

my @path = ('/', '/new', '/top', '/top?window=all', '/tags/one',
    '/merchants/shop', '/users/ann', "/deals/$id/deal-1", '/api/v1/deals',
    '/api/v1/deals?sort=new&limit=3', "/api/v1/deals/$id",
    "/api/v1/deals/$id/comments", '/api/v1/users/ann');
sleep 1.1;

# --- the same as without a cache ------------------------------------------------

for my $path (@path) {
    my (%tag, %body, %seen);
    for my $round (1 .. 6) {
        for my $name (sort keys %client) {
            my $r = $client{$name}->get($path);
            $seen{ status($r) }++;
            is $r->status, 200, "$path for $name" if $round == 1;
            if ($round == 1) {
                is timeless($r->body), timeless($off{$name}->get($path)->body),
                    '  the bytes of a page made for one';
                is $r->header('Cache-Control'), 'private, no-cache',
                    '  private';
                like $r->header('ETag'), qr/^"[0-9a-f]{32}"$/, '  a tag';
                ($tag{$name}, $body{$name}) = ($r->header('ETag'), $r->body);
            }
        }
    }
    is $seen{BYPASS} // 0, 0, "$path: none passes by";
    cmp_ok $seen{HIT} // 0, '>=', 13, '  most are there';
    for my $name (sort keys %client) {
        my $other = $name eq 'ann' ? 'bob' : 'ann';
        my $r = $client{$name}->get($path,
            headers => { 'If-None-Match' => $tag{$name} });
        is $r->status, 304, "  $name has it"
            if timeless($body{$name}) eq $body{$name};
        next if $body{$name} eq $body{$other};
        isnt $tag{$name}, $tag{$other}, "  a tag of $name\'s own";
        is $client{$name}->get($path,
            headers => { 'If-None-Match' => $tag{$other} })->status, 200,
            "  the tag of $other is not good for $name";
    }
    my $zip = $ann->get($path, headers => { 'Accept-Encoding' => 'gzip' });
    my $plain = $ann->get($path);
    next if length $plain->body < 256;
    is $zip->header('Content-Encoding'), 'gzip', '  compressed';
    gunzip(\$zip->body, \my $text);
    is timeless($text), timeless($plain->body), '  the same bytes';
    like $zip->header('ETag'), qr/^"[0-9a-f]{32}z"$/, '  a tag of its own';
    is $zip->header('Content-Length'), length $zip->body, '  the length';
    is $ann->get($path, headers => { 'Accept-Encoding' => 'gzip',
        'If-None-Match' => $zip->header('ETag') })->status, 304, '  known';
    is $ann->head($path)->header('Content-Length'),
        $plain->header('Content-Length'), '  HEAD';
}

# --- warm: nobody is asked ------------------------------------------------------

# Once in ten seconds each worker reads all again, which may be now.
for my $path ('/', "/deals/$id/deal-1", '/api/v1/deals') {
    my $asked;
    for (1 .. 3) {
        $_->get($path) for ($ann, $bob) x 6;
        $asked = grep { cold($_->get($path)) } ($ann, $bob) x 10;
        last if !$asked;
    }
    is $asked, 0, "$path: the database is not asked when warm";
}

# --- own votes, own things ------------------------------------------------------

sub vote_of {
    my ($client, $what) = @_;
    my %seen = map { $client->get("/api/v1/deals/$what")->json->{my_vote} => 1 }
        1 .. 6;
    return join ',', sort keys %seen;
}

is vote_of($bob, $id), -1, 'bob voted against it';
is vote_of($ann, $id), 1, 'ann posted it';
is vote_of($carol, $id), 0, 'carol did not vote';
for my $value (1, -1, 0, 1) {
    is $carol->put("/api/v1/deals/$id/vote", json => { value => $value })
        ->status, 200, "carol votes $value";
    is vote_of($carol, $id), $value, '  which she sees at once, everywhere';
    is vote_of($bob, $id), -1, '  bob still sees his own';
}
my $page = $carol->get('/')->body;
like $page, qr{id="d$id".*?aria-pressed="true">Vote up}s, 'on the page too';
is $carol->put("/api/v1/deals/$id/comments/$c1/vote",
    json => { value => 1 })->json->{my_vote}, 1, 'a vote on a comment';
is $carol->get("/api/v1/deals/$id/comments")->json->{comments}[0]{my_vote}, 1,
    '  likewise';

like $ann->get("/deals/$id/deal-1")->body, qr/Delete this deal/,
    'ann may delete her deal';
unlike $bob->get("/deals/$id/deal-1")->body, qr/Delete this deal/,
    '  bob may not';
like $bob->get("/deals/$id/deal-1")->body, qr{/comments/$c2/edit}, 'bob may edit his comment';
unlike $bob->get("/deals/$id/deal-1")->body, qr{/comments/$c1/edit}, '  not hers';

# --- who sees more, or less -----------------------------------------------------

is $t->deals('deal', 'hide', $id[2])->{code}, 0, 'a deal is hidden';
is $ann->get("/api/v1/deals/$id[2]")->status, 200, '  its author sees it';
is $bob->get("/api/v1/deals/$id[2]")->status, 404, '  another does not';
is $ann->get("/deals/$id[2]/deal-3")->status, 200, '  nor does the page';
is $bob->get("/deals/$id[2]/deal-3")->status, 404, '  differ';
like $bob->get("/deals/$id[2]/deal-3")->body, qr{/users/bob"},
    '  a member sees the page of an error as a member';

my $mod = $t->member('morris');
ok $t->wait_until(sub { status($mod->get('/')) eq 'HIT' }), 'a member';
is $t->deals('user', 'role', 'morris', 'moderator')->{code}, 0, '  is promoted';
ok $t->wait_until(sub { !grep { status($mod->get('/')) ne 'BYPASS' } 1 .. 12 }, 5),
    '  and gets pages of his own, of every worker';
like $mod->get("/deals/$id/deal-1")->body, qr/Hide from lists/,
    '  with what moderators do';

# --- sessions end ---------------------------------------------------------------

my $r = $t->get('/', headers => { Cookie => 'deals=1.wrong' });
is $r->status, 200, 'a bad cookie: the page of strangers';
like $r->header('Set-Cookie'), qr/deals=;/, '  and it is cleared';
is $t->get('/api/v1/deals', headers => { Authorization => 'Bearer 1.x' })
    ->status, 401, 'a bad Bearer token';

my $dave = $t->member('dave');
my $token = $dave->{cookie}{deals};
for my $path ('/', '/api/v1/deals') {
    $dave->get($path) for 1 .. 6;
    ok $t->wait_until(sub { status($dave->get($path)) eq 'HIT' }),
        "$path is warm for dave";
}
is $dave->delete('/api/v1/sessions/current')->status, 204, 'dave signs out';
my @after = map { $t->get('/api/v1/deals',
    headers => { Authorization => "Bearer $token" })->status } 1 .. 6;
is "@after", '401 401 401 401 401 401', '  and is out in every worker';
unlike $t->get('/', headers => { Cookie => "deals=$token" })->body,
    qr/Sign out/, '  on pages too';

my $erin = $t->member('erin');
$erin->get('/api/v1/deals') for 1 .. 6;
is $t->deals('user', 'passwd', 'erin', '--password-stdin',
    { input => "another password of erin\n" })->{code}, 0,
    'the password of erin is changed';
my $bearer = { Authorization => "Bearer $erin->{cookie}{deals}" };
ok $t->wait_until(sub { $t->get('/api/v1/deals', headers => $bearer)->status
    == 401 }, 5), '  and her sessions are over';

# --- the database is away -------------------------------------------------------

$ann->get('/') for 1 .. 6;
sleep 1.2;
$t->stop_postgresql;
$r = $ann->get('/');
is $r->status, 200, 'without the database a page goes on';
like status($r), qr/^(?:HIT|STALE|UPDATING)$/, '  as it was kept';
like $r->body, qr{/users/ann"}, '  ann is still ann';
sleep 1.5;
$r = $ann->get('/');
is $r->status, 200, '  a while later too';
like $r->body, qr{/users/ann"}, '  as ann';
is $t->get('/', headers => { Cookie => "deals=$token" })->status, 503,
    'who is not known is told to come again';
is $ann->put("/api/v1/deals/$id/vote", json => { value => 0 })->status, 503,
    'nothing is written';
$t->start_postgresql;
ok $t->wait_until(sub { $ann->get('/new')->status == 200
    && $ann->get('/api/v1/me')->status == 200 }, 12), 'it is back';
is $t->deals('verify')->{code}, 0, 'all counters are right';

$t->allow(qr/PostgreSQL|database|connect/i);
$t->finish;
