#!/usr/bin/perl

# Many votes at once, and what becomes of them when something dies under them:
# each that was answered is there, none is counted twice.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use IPC::Open2;
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Node;
use Deals::Test::Standstill;

my $DEALS   = 12;
my $MEMBERS = 100;
my $AT_ONCE = 1000;

my $t = Deals::Test->new;
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit vote=off;
    deals_query_timeout 60s;
    deals_queue_size 2000;
    server {
        listen 127.0.0.1:%%PORT%% backlog=2048;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:small%%;
        deals_queue_size 10;
        location / { deals; }
    }
}
CONF
$t->nginx($conf);

# Test databases do not wait for their log; one of these tests crashes it.
open my $settings, '>>', $t->dir . '/postgresql/postgresql.conf' or die;
print {$settings} "synchronous_commit = on\n";
close $settings or die;
$t->signal('HUP', 'postgres');
$t->wait_until(sub { $t->sql('SHOW synchronous_commit') eq 'on' }) or die;

my $secret = '012345678901234567890123';
$t->sql(<<"SQL");
INSERT INTO users (user_id, name, password_hash, created_at)
SELECT i, 'member' || i, 'none', now() FROM generate_series(1, $MEMBERS) i;
INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
SELECT i, encode(sha256('$secret'), 'hex'), now(), now() + interval '1 day',
       now() + interval '30 days'
  FROM generate_series(1, $MEMBERS) i;
SELECT deals_deal_create(i, 1, 'member1', 'Deal', NULL, NULL, NULL, NULL, NULL,
                         NULL, NULL, NULL, NULL, NULL, '{a}', NULL, NULL, now())
  FROM generate_series(1, $DEALS) AS i;
SELECT deals_comment_create(i, 100 + i, NULL, 1, 'member1', 'x', 'x', 1, now(),
                            100, 100000, 50)
  FROM generate_series(1, $DEALS) AS i;
SQL


# --- voting -----------------------------------------------------------------------------

# A vote: deal, comment (0: on the deal), member, value.
sub request {
    my ($deal, $comment, $member, $value) = @{ $_[0] };
    my $body = qq({"value":$value});
    return "PUT /api/v1/deals/$deal" . ($comment ? "/comments/$comment" : '')
        . "/vote HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $member."
        . "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\r\nContent-Type: application/json"
        . "\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n"
        . "\r\n$body";
}

# Each on a connection of its own; nothing is read before all are written.
sub submit {
    my ($port, @votes) = @_;
    my $client = $t->client(port => $t->port($port));
    return map {
        my $socket = $client->connect;
        print {$socket} request($_);
        $socket->flush;
        { vote => $_, socket => $socket };
    } @votes;
}

# The answers' statuses are noted in what submit returned; 0: there was none.
sub answers {
    for my $one (@_) {
        my $socket = delete $one->{socket} // next;
        my $text = do { local $/; <$socket> } // '';
        ($one->{status}) = $text =~ m{\AHTTP/1\.1 (\d+)};
        $one->{status} //= 0;
        ($one->{retry}) = $text =~ /^Retry-After: (\d+)/mi;
        ($one->{my_vote}) = $text =~ /"my_vote":(-?\d)/;
    }
    my %n;
    $n{ $_->{status} }++ for @_;
    return \%n;
}

sub stands {
    return map { my ($k, $v) = /(.*)\|(.*)/; ($k => $v) } $t->sql(<<'SQL');
SELECT deal_id, 0, user_id, value FROM votes
UNION ALL SELECT deal_id, comment_id, user_id, value FROM comment_votes
SQL
}

sub key { return join '|', @{ $_[0] }[0 .. 2] }

# No two of them are of one pair.
sub apart {
    my ($n, $value) = @_;
    return map { my $i = $_;
        my $deal = 1 + $i % $DEALS;
        [ $deal, $i % 3 ? 0 : 100 + $deal, 1 + int($i / $DEALS) % $MEMBERS,
          $value // $i % 3 - 1 ];
    } 0 .. $n - 1;
}

# Whatever was answered is there.
sub kept {
    my ($what, @sent) = @_;
    my %stands = stands();
    my @lost = grep { ($stands{ key($_->{vote}) } // 9) != $_->{vote}[3] }
        grep { $_->{status} == 200 } @sent;
    is scalar @lost, 0, "$what: none that was answered is lost";
    verified($what);
}

sub verified {
    my ($what) = @_;
    my $r = $t->deals('verify');
    is $r->{code}, 0, "$what: the counters are what the votes say"
        or diag $r->{out}, $r->{err};
}

# All counters locked by somebody else, so that votes gather; release ends it.
sub lock_all {
    my $pid = open2(my $out, my $in, 'psql', '-XAtq', $t->database_admin);
    print {$in} "BEGIN; SELECT 1 FROM deal_stats ORDER BY deal_id FOR UPDATE;\n";
    print {$in} "SELECT 1 FROM comments ORDER BY comment_id FOR UPDATE;\n";
    print {$in} "\\echo locked\n";
    $in->flush;
    while (<$out>) { last if /locked/ }
    return { in => $in, out => $out, pid => $pid };
}

sub release {
    my ($lock) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $lock->{in} } "COMMIT;\n";
    close $lock->{in};
    close $lock->{out};
    waitpid $lock->{pid}, 0;
}

# The backends that wait for it.
sub blocked {
    my ($n) = @_;
    my @pids;
    $t->wait_until(sub { @pids = $t->sql('SELECT DISTINCT pid FROM pg_locks'
        . ' WHERE NOT granted'); @pids >= $n }) or die "no flush\n";
    return @pids;
}


# --- a thousand at once -----------------------------------------------------------------

# Twice: the first ones are changed, repeated or withdrawn by the second ones.
srand 3;
my %may;
for my $round (1, 2) {
    my @votes = map {
        my $deal = 1 + int rand $DEALS;
        [ $deal, int(rand 4) ? 0 : 100 + $deal, 1 + int rand $MEMBERS,
          int(rand 3) - 1 ];
    } 1 .. $AT_ONCE;
    my $lock = lock_all();
    my @sent = submit('', @votes);
    blocked(2);
    release($lock);
    my $n = answers(@sent);
    is_deeply $n, { 200 => $AT_ONCE }, "$AT_ONCE votes at once" or diag explain $n;
    my %now;
    $now{ key($_) }{ $_->[3] } = 1 for @votes;
    @may{ keys %now } = values %now;
    my %stands = stands();
    is_deeply [ grep { !$may{$_}{ $stands{$_} } } keys %stands ], [],
        '  each stands at one that was cast';
    is_deeply [ sort keys %stands ], [ sort keys %may ], '  and no other';
    is_deeply [ grep { !$may{ key($_->{vote}) }{ $_->{my_vote} } } @sent ], [],
        '  and they were told so';
    verified('  then');
}
isnt $t->sql('SELECT count(*) FROM votes WHERE value = 0'), 0,
    '  some were withdrawn';

# --- who sees it ------------------------------------------------------------------------

my $eve = $t->member('eve');
my $list = '/api/v1/deals?sort=new&limit=100';
my $of = sub { my ($r) = @_; (grep { $_->{id} == 5 } @{ $r->json->{deals} })[0] };
$t->get($list) for 1 .. 3;
my $before = $of->($t->get($list))->{score};
for my $value (1, -1, 0, 1) {
    $eve->put('/api/v1/deals/5/vote', json => { value => $value });
    is $eve->get('/api/v1/deals/5')->json->{my_vote}, $value,
        "a vote of $value: the member sees it at once";
    is $of->($eve->get($list))->{my_vote}, $value, '  in lists too';
}
# Lists are made anew after a second; another one is for a busy machine, and when it
# stands still does not count. What nobody heard of is seen after ten.
my $still = Deals::Test::Standstill->new;
my $soon = 2.3 * Deals::Test::patience();
my $start = time;
ok $t->wait_until(sub { $of->($t->get($list))->{score} == $before + 1 }),
    'others see it in lists';
my $took = $still->since($start);
ok $took < $soon, sprintf '  after %.2f s', $took;

# Another node: an nginx with a cache of its own on the same database.
my $two = Deals::Test::Node->new($t, $conf =~ s/%%PORT%%/%%PORT:two%%/r
    =~ s/%%PORT:small%%/%%PORT:three%%/r);
my $there = $t->client(port => $t->port('two'));
$t->wait_until(sub { eval { $there->get($list)->status == 200 } });
sleep 1.5;                              # it listens to the first one
$there->get($list) for 1 .. 4;
$before = $of->($there->get($list))->{score};
is $eve->put('/api/v1/deals/5/vote', json => { value => -1 })->status, 200,
    'a vote here';
$start = time;
ok $t->wait_until(sub { $of->($there->get($list))->{score} == $before - 2 }),
    '  is in lists there';
$took = $still->since($start);
ok $took < $soon, sprintf '  after %.2f s', $took;
ok $two->quit, '  which leaves';

# --- more than may wait -----------------------------------------------------------------

my $lock = lock_all();
# As long as nobody gets through, an answer is that of one who was turned away.
my @sent = submit('small', apart(200, 1));
blocked(1);
$t->wait_until(sub {
    IO::Select->new(map { $_->{socket} } @sent)->can_read(0) });
release($lock);
my $n = answers(@sent);
is_deeply [ sort keys %$n ], [200, 503], 'a full queue: some are turned away';
is $n->{200} + $n->{503}, 200, '  at once or later all are answered';
is_deeply [ grep { $_->{status} == 503 && !$_->{retry} } @sent ], [],
    '  and told when to come back';
kept('  then', @sent);
for my $one (@sent) {
    answers(($one) = submit('small', $one->{vote})) if $one->{status} == 503;
}
is_deeply [ grep { $_->{status} != 200 } @sent ], [], '  then they are taken';
kept('  then', @sent);

# --- a backend dies ---------------------------------------------------------------------

sleep 1.1;                              # a young connection is mistrusted
$lock = lock_all();
@sent = submit('', apart(200, -1));
my ($pid) = blocked(1);
kill 'TERM', $pid;
$t->wait_until(sub { !kill 0, $pid });
release($lock);
$n = answers(@sent);
is_deeply $n, { 200 => 200 }, 'a backend was ended in mid-flush: sent once more'
    or diag explain $n;
kept('  then', @sent);

$lock = lock_all();
@sent = submit('', apart(300, 1));
($pid) = blocked(1);
kill 'KILL', $pid;
$n = answers(@sent);
release($lock);
note explain $n;
is_deeply [ grep { !/^(?:200|503)$/ } keys %$n ], [],
    'a crash in mid-flush: an answer or a 503';
ok $t->wait_until(sub { eval { $t->sql('SELECT 1') } }), '  it is back';
kept('  then', @sent);
# Each worker finds that out for itself: so many at once reach all of them, twice.
my $rounds = 0;
$t->wait_until(sub {
    my $n = answers(submit('', apart(100, 0)));
    $rounds = ($n->{200} // 0) == 100 ? $rounds + 1 : 0;
    return $rounds == 2;
}, 20);
@sent = submit('', apart(300, -1));
is_deeply answers(@sent), { 200 => 300 }, '  and takes votes';
kept('  then', @sent);

# --- a worker dies ----------------------------------------------------------------------

# Who is killed among answers may hold a lock.
$t->allow(qr/exited on signal 9|was locked by \d+/);
for my $value (1, -1) {
    $lock = lock_all();
    @sent = submit('', apart(300, $value));
    blocked(1);
    $t->all_taken;
    if ($value == 1) {
        kill 'KILL', $_ for $t->workers;    # while all wait
        release($lock);
        $n = answers(@sent);
        is_deeply $n, { 0 => 300 }, 'the workers were killed in mid-flush'
            or diag explain $n;
    } else {
        release($lock);
        answers(@sent[0 .. 20]);
        kill 'KILL', $_ for $t->workers;    # while some are answered
        $n = answers(@sent);
        ok +($n->{200} // 0) > 20, 'and among answers';
    }
    ok $t->wait_until(sub { eval { $t->get('/api/v1/deals')->status == 200 } }),
        '  there are others';
    $t->wait_until(sub { !$t->sql('SELECT count(*) FROM pg_locks'
        . " WHERE relation = 'votes'::regclass") });
    kept('  then', @sent);
}

# Again: nothing is counted twice.
@sent = submit('', apart(300, 1));
is_deeply answers(@sent), { 200 => 300 }, 'cast again';
kept('  then', @sent);

$t->finish;
