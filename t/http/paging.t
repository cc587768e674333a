#!/usr/bin/perl

# Paging through ranked lists while votes turn them over: no deal and no thread
# comes twice, and none is left out, as long as the snapshot lives; behind it, and
# without it, pages go on by their sort keys.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use List::Util qw(shuffle);
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Node;

my $t = Deals::Test->new;
sub conf {
    my ($zone, $redis) = @_;
    return <<"CONF";
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "%%DATABASE%%";
    @{[$redis ? 'deals_redis %%REDIS%%;' : '']}
    @{[$zone ? "deals_cache zone=pages:$zone;" : '']}
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    add_header X-Cache \$deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
}

# 1,800 deals: 200 of today, 200 more of the week, 200 more of the month ...
my %in = (day => 200, week => 400, month => 600, year => 1500, all => 1800);
$t->sql(<<'SQL');
SELECT deals_deal_insert(i, NULL, 'kim', NULL, NULL, 'Deal ' || i, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::text[], NULL,
       NULL, date_trunc('second', now()) - (CASE
           WHEN i <= 200 THEN i * interval '6 minutes'
           WHEN i <= 400 THEN interval '1 day' + (i - 199) * interval '12 min'
           WHEN i <= 600 THEN interval '7 days' + (i - 399) * interval '1 hour'
           WHEN i <= 1500 THEN interval '30 days' + (i - 599) * interval '8 h'
           ELSE interval '365 days' + (i - 1499) * interval '1 day' END),
       (random() * 100)::int, (random() * 20)::int)
  FROM generate_series(1, 1800) i;
ANALYZE;
SQL

# As if everybody voted on everything.
sub turn_over {
    $t->sql(<<'SQL');
UPDATE deal_stats SET imported_up = r, imported_down = 0, score = up - down + r,
       hot = 10000 + random() * 5000
  FROM (SELECT deal_id AS id, (random() * 1000)::int AS r FROM deal_stats) x
 WHERE deal_id = id;
SQL
}

$t->nginx(conf('8m', 1));
$t->wait_until(sub { $t->get('/')->status == 200 });

# One page: its ids, and the cursor of the next.
sub page {
    my ($client, $path, $cursor) = @_;
    my $r = $client->get($path . ($cursor ? "&cursor=$cursor" : ''));
    fail "$path: " . $r->status . ' ' . $r->body if $r->status != 200;
    my $list = $r->json;
    my @ids = map { $_->{id} } grep { !$_->{parent_id} }
        @{ $list->{deals} || $list->{comments} };
    return (\@ids, $list->{next}, $r);
}

# All pages, with something in between.
sub pages {
    my ($client, $path, $between) = @_;
    my (@pages, $cursor);
    do {
        if (@pages && $between) {
            $between->(scalar @pages, \@pages);
        }
        (my $ids, $cursor) = page(ref $client eq 'ARRAY'
            ? $client->[@pages % @$client] : $client, $path, $cursor);
        push @pages, $ids;
        die "no end" if @pages > 300;
    } while ($cursor);
    return @pages;
}

sub twice { my %n; $n{$_}++ for @_; return grep { $n{$_} > 1 } sort keys %n }
sub same { return join(' ', sort { $a <=> $b } @{ $_[0] })
    eq join(' ', sort { $a <=> $b } @{ $_[1] }) }

# --- every ranked list, turned over between all pages -----------------------------------

for my $limit (100, 25, 9) {
    for my $window ($limit == 9 ? 'day' : qw(day week month)) {
        my @pages = pages($t->client, "/api/v1/deals?sort=top&window=$window"
            . "&limit=$limit", \&turn_over);
        my @all = map { @$_ } @pages;
        is scalar(twice(@all)), 0, "top of the $window by $limit: none twice";
        ok same(\@all, [1 .. $in{$window}]), '  and none is missing';
        is scalar(grep { @$_ != $limit } @pages[0 .. $#pages - 1]), 0,
            '  all pages are full';
    }
}

# Longer ones than a snapshot: the first thousand, then by keys.
my %order = (
    'sort=hot' => 'hot DESC, deal_id DESC',
    'sort=top&window=year' => 'score DESC, deal_id DESC',
    'sort=top&window=all' => 'score DESC, deal_id DESC',
);
for my $list (sort keys %order) {
    my $some = $list =~ /year/ ? "created_at >= now() - interval '365 days'"
        : 'true';
    for my $limit ($list =~ /hot/ ? (100, 25) : 100) {
        my (@expected, $n);
        my @pages = pages($t->client, "/api/v1/deals?$list&limit=$limit", sub {
            my ($done, $pages) = @_;
            $n = $done * $limit;
            turn_over() if $n <= 1000;
            return if @expected;
            my %shown = map { $_ => 1 } @{ $pages->[0] };
            @expected = @{ $pages->[0] };
            push @expected, grep { !$shown{$_} } $t->sql(
                "SELECT deal_id FROM deal_stats WHERE $some ORDER BY"
                . " $order{$list} LIMIT 1000");
        });
        my @all = map { @$_ } @pages;
        my @first = splice @all, 0, 1000;
        is scalar(twice(@first)), 0, "$list by $limit: none twice";
        is "@first", "@expected[0 .. 999]",
            '  the order is the one of the beginning';
        is scalar(twice(@all)), 0, '  behind it none twice either';
        my %at = map { split /\|/ } $t->sql('SELECT deal_id, ' . ($list =~ /hot/
            ? 'hot' : 'score') . ' FROM deal_stats');
        my @ranks = map { $at{$_} } @all;
        is "@ranks", join(' ', sort { $b <=> $a } @ranks), '  and in order';
        ok @all > 100, '  and there are some: ' . @all;
    }
}

# The pages that people see.
{
    my ($at, @seen) = ('/');
    while ($at) {
        my $body = $t->get($at)->body;
        my %page;
        push @seen, grep { !$page{$_}++ } $body =~ m{href="/deals/(\d+)/deal-}g;
        ($at) = $body =~ m{href="(/?\?cursor=[^"]+)"};
        $at = "/$at" if $at && $at =~ /\A\?/;
        turn_over();
        last if @seen >= 500;
    }
    is scalar(@seen), 500, 'pages in HTML';
    is scalar(twice(@seen)), 0, '  none twice';
}

# --- the same page, the same cursor ----------------------------------------------------------

my ($ids, $next) = page($t->client, '/api/v1/deals?limit=30');
sleep 1.2;
is +(page($t->client, '/api/v1/deals?limit=30'))[1], $next,
    'a first page that did not change has the same cursor';
my ($second, $third) = page($t->client, '/api/v1/deals?limit=30', $next);
sleep 1.2;
is_deeply [(page($t->client, '/api/v1/deals?limit=30', $next))[0, 1]],
    [$second, $third], '  and so has the second';

# --- by votes over HTTP, seen by who votes ---------------------------------------------------

my @members = map { $t->member("member_$_") } 1 .. 4;
{
    my @pages = pages($members[0], '/api/v1/deals?sort=top&window=day&limit=40',
        sub {
            my ($done, $pages) = @_;
            my @last = @{ $pages->[-1] };
            my %shown = map { $_ => 1 } map { @$_ } @$pages;
            my @others = (shuffle grep { !$shown{$_} } 1 .. 200)[0 .. 14];
            for my $m (@members) {
                for my $id (@last[-15 .. -1]) {
                    $m->put("/api/v1/deals/$id/vote", json => { value => -1 });
                }
                for my $id (grep { defined } @others) {
                    $m->put("/api/v1/deals/$id/vote", json => { value => 1 });
                }
            }
        });
    my @all = map { @$_ } @pages;
    is scalar(twice(@all)), 0, 'votes of members: none twice';
    ok same(\@all, [1 .. 200]), '  and none is missing';
    is scalar(@pages), 5, '  in five pages';
}
# Own votes stand on pages of a snapshot too.
{
    my $path = '/api/v1/deals?sort=top&window=day&limit=50';
    my ($ids, $next) = page($members[1], $path);
    my ($behind) = page($members[1], $path, $next);
    $members[1]->put("/api/v1/deals/$behind->[3]/vote", json => { value => 1 });
    my ($card) = grep { $_->{id} == $behind->[3] } @{ $members[1]->get(
        "$path&cursor=$next")->json->{deals} };
    is $card->{my_vote}, 1, 'the own vote on a page behind the first';
    ($card) = grep { $_->{id} == $behind->[3] } @{ $t->get(
        "$path&cursor=$next")->json->{deals} };
    is $card->{my_vote}, 0, '  and nobody else\'s';
}

# --- posted, deleted, ended, begun in between -------------------------------------------------

{
    my %gone;
    my $path = '/api/v1/deals?sort=hot&limit=20';
    my (@pages, $cursor);
    for my $n (1 .. 12) {
        (my $ids, $cursor) = page($t->client, $path, $cursor);
        push @pages, $ids;
        my %shown = map { $_ => 1 } map { @$_ } @pages;
        my @left = shuffle grep { !$shown{$_} && !$gone{$_} } 1 .. 1800;
        $gone{$_} = 1 for @left[0 .. 99];
        $t->sql('SELECT deals_deal_hide(deal_id, true, NULL, now()) FROM'
            . ' deals WHERE deal_id IN (' . join(',', @left[0 .. 49]) . ')');
        $t->sql("UPDATE $_ SET expires_at = now() - interval '1 s' WHERE"
            . ' deal_id IN (' . join(',', @left[50 .. 99]) . ')')
            for qw(deals deal_stats);
        $members[2]->post('/api/v1/deals', json => { title => "new $n" });
        turn_over();
    }
    my @all = map { @$_ } @pages;
    is scalar(twice(@all)), 0, 'with others posted, hidden, ended: none twice';
    is scalar(grep { @$_ != 20 } @pages), 0, '  all pages are full';
    is scalar(grep { $gone{$_} } @all), 0,
        '  what is not shown any more is left out at once';
    $t->sql('SELECT deals_deal_hide(deal_id, false, NULL, now()) FROM deals'
        . ' WHERE NOT live');
    $t->sql("UPDATE $_ SET expires_at = NULL") for qw(deals deal_stats);
    $t->sql('DELETE FROM deals WHERE deal_id > 1800');
}
# All that was left of it goes: the list goes on behind it.
{
    turn_over();
    my $path = '/api/v1/deals?sort=hot&limit=100';
    my ($ids, $next) = page($t->client, $path);
    my ($more, $after) = page($t->client, $path, $next);
    my %shown = map { $_ => 1 } @$ids, @$more;
    my @snapshot = grep { !$shown{$_} } $t->sql('SELECT deal_id FROM deal_stats'
        . ' ORDER BY hot DESC, deal_id DESC LIMIT 1000');
    $t->sql('SELECT deals_deal_hide(deal_id, true, NULL, now()) FROM deals'
        . ' WHERE deal_id IN (' . join(',', @snapshot) . ')');
    my ($rest, $end) = page($t->client, $path, $after);
    my @expected = $t->sql('SELECT deal_id FROM deal_stats WHERE live ORDER BY'
        . ' hot DESC, deal_id DESC OFFSET 200 LIMIT 100');
    is "@$rest", "@expected", 'all of it hidden: the page is of what follows';
    ok $end, '  and there is more';
    $t->sql('SELECT deals_deal_hide(deal_id, false, NULL, now()) FROM deals');
    sleep 1.5;
}
# A deal ends while a page of the snapshot lies in the cache.
{
    my ($id) = $t->sql('SELECT deal_id FROM deal_stats ORDER BY hot DESC,'
        . ' deal_id DESC OFFSET 14 LIMIT 1');
    my $in = 5 * Deals::Test::patience();
    my $end = int(time) + $in;
    $t->sql("UPDATE $_ SET expires_at = to_timestamp($end) WHERE deal_id = $id")
        for qw(deals deal_stats);
    my $path = '/api/v1/deals?sort=hot&limit=11';
    my ($ids, $next) = page($t->client, $path);
    my ($more) = page($t->client, $path, $next);
    ok +(grep { $_ == $id } @$more), 'a deal that will end';
    $t->wait_until(sub { ($more) = page($t->client, $path, $next);
        !grep { $_ == $id } @$more }, 12);
    my $late = time - $end;
    ok !(grep { $_ == $id } @$more), '  goes from the page when it does';
    # Else the page would go after ten seconds, as old as it is then.
    ok $late < 4 * Deals::Test::patience(), "  and not later: $late";
    is scalar(@$more), 11, '  and the page is full';
    $t->sql("UPDATE $_ SET expires_at = NULL") for qw(deals deal_stats);
}

# --- comments ---------------------------------------------------------------------------------

my $deal = 77;
$t->sql(<<"SQL");
INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth,
                      author_name, body, html, html_version, reply_count,
                      thread_bytes, created_at)
SELECT $deal, i, CASE WHEN i > 210 THEN 1 + i % 70 END,
       CASE WHEN i > 210 THEN 1 + i % 70 ELSE i END, (i > 210)::int, 'kim', 'x',
       '<p>x</p>', 1, CASE WHEN i <= 70 THEN 2 ELSE 0 END, 0, now()
  FROM generate_series(1, 350) i;
SQL
sub turn_threads {
    $t->sql(<<"SQL");
UPDATE comments SET up = r, score = r - down, wilson = deals_wilson(r, down)
  FROM (SELECT comment_id AS id, (random() * 50)::int AS r FROM comments) x
 WHERE deal_id = $deal AND comment_id = id;
SQL
}
for my $limit (100, 25, 9) {
    my $path = "/api/v1/deals/$deal/comments?limit=$limit";
    my @pages = pages($t->client, $path, \&turn_threads);
    my @all = map { @$_ } @pages;
    is scalar(twice(@all)), 0, "threads by $limit: none twice";
    ok same(\@all, [1 .. 210]), '  and none is missing';
    is scalar(grep { @$_ != $limit } @pages[0 .. $#pages - 1]), 0,
        '  all pages are full';
}
{
    my (%replies, $cursor);
    my $path = "/api/v1/deals/$deal/comments?limit=30";
    do {
        my $list = $t->get($path . ($cursor ? "&cursor=$cursor" : ''))->json;
        $replies{ $_->{id} }++ for grep { $_->{parent_id} }
            @{ $list->{comments} };
        $members[0]->post("/api/v1/deals/$deal/comments",
            json => { body => 'another root' });
        turn_threads();
        $cursor = $list->{next};
    } while ($cursor);
    is scalar(keys %replies), 140, 'all replies came';
    is scalar(grep { $_ > 1 } values %replies), 0, '  once';

    # And in HTML.
    my ($at, @seen) = ("/deals/$deal/deal-$deal");
    while ($at) {
        my $body = $t->get($at)->body;
        push @seen, $body =~ m{id="c(\d+)"}g;
        ($at) = $body =~ m{href="(/deals/[^"#]*\?cursor=[^"#]+)};
        turn_threads();
    }
    ok @seen >= 350, 'pages in HTML: ' . @seen;
    is scalar(twice(@seen)), 0, '  none twice';
}

# --- a worker that is killed ------------------------------------------------------------------

$t->allow(qr/exited on signal 9|was locked by \d+/);
{
    my @pages = pages($t->client, '/api/v1/deals?sort=top&window=week&limit=50',
        sub {
            my ($worker) = shuffle $t->workers;
            kill 'KILL', $worker;
            $t->wait_until(sub { $t->workers == 2
                && eval { $t->get('/new')->status == 200 } });
            turn_over();
        });
    my @all = map { @$_ } @pages;
    is scalar(twice(@all)), 0, 'workers are killed: none twice';
    ok same(\@all, [1 .. $in{week}]), '  and none is missing';
    $t->reload;
    @pages = pages($t->client, '/api/v1/deals?sort=top&window=day&limit=50',
        sub { $t->reload; turn_over() });
    ok same([map { @$_ } @pages], [1 .. $in{day}]), 'reloads in between';
}

# --- cursors --------------------------------------------------------------------------------------

{
    my $path = '/api/v1/deals?sort=hot&limit=50';
    my ($ids, $next) = page($t->client, $path);
    my $damaged = $next;
    substr $damaged, 12, 1, substr($damaged, 12, 1) eq 'A' ? 'B' : 'A';
    is $t->get("$path&cursor=$damaged")->status, 400, 'a damaged cursor';
    is $t->get("/api/v1/deals?sort=top&limit=50&cursor=$next")->status, 400,
        'a cursor of another list';
    is $t->get("/api/v1/deals/$deal/comments?cursor=$next")->status, 400,
        '  of other things';
}

# --- two nodes ------------------------------------------------------------------------------------

my $two = Deals::Test::Node->new($t, conf('8m', 1)
    =~ s/%%PORT%%/%%PORT:two%%/r);
my @nodes = ($t->client, $t->client(port => $t->port('two')));
$t->wait_until(sub { $nodes[1]->get('/')->status == 200 });
$nodes[1]->get('/') for 1 .. 8;

# Redis has an instant for each page; where it was late on a busy machine the page
# goes on by keys, and all of them are asked for once more.
for my $order (\@nodes, [reverse @nodes]) {
    for my $path ('/api/v1/deals?sort=top&window=week&limit=31',
                  "/api/v1/deals/$deal/comments?limit=20") {
        my @all;
        for (1 .. 3) {
            @all = map { @$_ } pages($order, $path,
                sub { turn_over(); turn_threads() });
            last if !twice(@all) && @all >= ($path =~ /top/ ? 400 : 210);
        }
        is scalar(twice(@all)), 0, 'pages of two nodes in turn: none twice';
        ok @all >= 210, '  and none is missing: ' . @all;
        is scalar(grep { $_ <= ($path =~ /top/ ? 400 : 210) } @all),
            $path =~ /top/ ? 400 : 210, '  each once';
    }
}

# What stands in Redis is not believed.
my $redis = $t->{servers}->redis_socket;
sub redis_command {
    return $t->command(['redis-cli', '-s', $redis, @_])->{out};
}
my @keys = grep { /\S/ } split /\n/, redis_command('KEYS', 'deals:kept:*');
ok @keys > 4, 'it is in Redis: ' . @keys;
is scalar(grep { my $ttl = redis_command('TTL', $_); $ttl < 1 || $ttl > 600 }
    @keys[0 .. 3]), 0, '  for ten minutes';
for my $bytes ('', 'x', 'x' x 40, 'x' x 56, "\x01" x 16040, 'y' x 100_000) {
    my ($ids, $next) = page($nodes[0], '/api/v1/deals?sort=top&limit=30');
    redis_command('SET', $_, $bytes) for split /\n/,
        redis_command('KEYS', 'deals:kept:*');
    my ($more) = page($nodes[1], '/api/v1/deals?sort=top&limit=30', $next);
    is scalar(@$more), 30, 'nonsense in Redis: ' . length $bytes;
    turn_over();
}

# Without it each node goes on by keys with what the other one began.
{
    my $path = '/api/v1/deals?sort=top&window=week&limit=29';
    my ($ids, $next, $more, $after, $start, $took);

    # Whoever waited for its answer would wait for a second each time.
    for my $try (1 .. 3) {
        turn_over();
        (undef, my $its) = page($nodes[0], $path =~ s/29/40 + $try/er);
        my $pid = $t->signal('STOP', 'redis-server');
        $start = time;
        page($nodes[1], $path =~ s/29/40 + $try/er, $its);
        $took = time - $start;
        kill 'CONT', $pid;
        last if $took < 0.8 * Deals::Test::patience();
        sleep 3;                    # all are connected again
    }
    ok $took < 0.8 * Deals::Test::patience(),
        'Redis hangs: nobody waits for long';
    $t->stop_redis;
    ($ids, $next) = page($nodes[0], $path);
    $start = time;
    ($more, $after) = page($nodes[1], $path, $next);
    $took = time - $start;
    my @expected = $t->sql('SELECT deal_id FROM deal_stats WHERE created_at >='
        . " now() - interval '7 days' ORDER BY score DESC, deal_id DESC"
        . ' OFFSET 29 LIMIT 29');
    is "@$more", "@expected", 'Redis is away: by keys';
    # A call has five seconds.
    ok $took < 4 * Deals::Test::patience(), '  soon';
    ok $after, '  and on';
    my @pages = pages($nodes[0], $path, \&turn_over);
    ok same([map { @$_ } @pages], [1 .. 400]), '  and on one node as before';
}
ok $two->quit, 'the second node leaves';
unlike $two->log,
    qr/\[alert\]|\[emerg\]|exited on signal|Sanitizer/, '  with a clean log';

# --- zones that are small, and none -----------------------------------------------------------------

sub goes_on {
    my ($what, $client) = @_;
    my (@walks, %wrong);
    for my $n (0 .. 9) {
        turn_over();
        my $path = '/api/v1/deals?sort=top&window=month&limit=' . (60 + $n);
        my ($ids, $next) = page($client, $path);
        push @walks, { path => $path, next => $next, pages => 1 };
    }
    for my $round (1 .. 40) {
        for my $walk (grep { $_->{next} } @walks) {
            (my $ids, $walk->{next}) = page($client, $walk->{path},
                $walk->{next});
            $walk->{pages}++;
            push @{ $walk->{ids} }, @$ids;
            $wrong{ scalar @$ids }++ if $walk->{next}
                && @$ids != ($walk->{path} =~ /limit=(\d+)/)[0];
        }
    }
    is scalar(grep { $_->{next} } @walks), 0, "$what: all come to their ends";
    is scalar(grep { twice(@{ $_->{ids} }) } @walks), 0, '  none twice';
    is_deeply \%wrong, {}, '  on full pages';
}
for my $size ('128k', '512k') {
    $t->write_conf(conf($size));
    $t->reload;
    $t->wait_until(sub { $t->get('/new')->status == 200 });
    goes_on("a zone of $size", $t->client);
}
# Snapshots have their share of the zone: older ones go, and pages stay.
{
    turn_over();
    my $path = '/api/v1/deals?sort=top&window=month&limit=51';
    my (undef, $next) = page($t->client, $path);
    (my $ids, $next) = page($t->client, $path, $next);
    my ($score) = $t->sql("SELECT score FROM deal_stats WHERE deal_id = $ids->[-1]");
    for my $limit (71 .. 79) {
        turn_over();
        my $other = $path =~ s/51/$limit/r;
        (undef, my $its) = page($t->client, $other);
        page($t->client, $other, $its);
    }
    my @expected = $t->sql('SELECT deal_id FROM deal_stats WHERE (score,'
        . " deal_id) < ($score, $ids->[-1]) AND created_at >= now() - interval"
        . " '30 days' ORDER BY score DESC, deal_id DESC LIMIT 51");
    my ($more) = page($t->client, $path, $next);
    is "@$more", "@expected", 'too many for their share: the oldest goes';
}
my ($path, $kept) = ('/api/v1/deals?sort=top&window=month&limit=50');
my (undef, $begun) = page($t->client, $path);
(undef, $begun) = page($t->client, $path, $begun);
my @expected = $t->sql("SELECT deal_id FROM deal_stats WHERE created_at >="
    . " now() - interval '30 days' ORDER BY score DESC, deal_id DESC"
    . ' OFFSET 100 LIMIT 50');
$t->write_conf(conf(''));
$t->reload;
$t->wait_until(sub { $t->get('/new')->header('X-Cache') eq 'BYPASS' });
($kept) = page($t->client, $path, $begun);
is "@$kept", "@expected", 'a snapshot that is gone: by keys';
goes_on('no zone', $t->client);

$t->finish;
