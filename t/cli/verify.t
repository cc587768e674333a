# deals verify names each value that differs from what the votes say, and
# nothing else; deals set ranks again, and goes on where it was interrupted.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;

is $t->deals('demo')->{code}, 0, 'a community';
like $t->deals('verify')->{out}, qr/^\d+ deals: every counter and rank/,
    'clean';

subtest 'every kind of drift' => sub {
    # Second lines of defence; here it is about the third.
    $t->sql("ALTER TABLE deal_stats DROP CONSTRAINT deal_stats_score;
        ALTER TABLE deals DROP CONSTRAINT deals_live;
        ALTER TABLE deal_tags DROP CONSTRAINT deal_tags_deal_id_fkey;
        ALTER TABLE comments DROP CONSTRAINT comments_votes;
        ALTER TABLE comments DROP CONSTRAINT comments_tree");

    # What is done to one deal or comment, and what must be listed.
    my @deal = (
        ['UPDATE deal_stats SET up = up + 1', 'up'],
        ['UPDATE deal_stats SET down = down + 1', 'down'],
        ['UPDATE deal_stats SET score = score - 1', 'score'],
        ['UPDATE deal_stats SET hot = hot + 0.001', 'hot'],
        ['UPDATE deal_stats SET comment_count = comment_count + 1',
            'comment_count'],
        ["UPDATE deal_stats SET created_at = created_at + interval '1 s'",
            'created_at'],
        ['UPDATE deal_stats SET created_day = created_day + 1',
            'created_day'],
        ["UPDATE deal_stats SET starts_at = now()", 'starts_at'],
        ["UPDATE deal_stats SET expires_at = now() + interval '1 h'",
            'expires_at'],
        ['UPDATE deal_stats SET live = false', 'live'],
        ['UPDATE deals SET live = false', 'deal.live'],
        ["UPDATE deals SET tags = tags || '{extra}'", 'tags'],
        ["INSERT INTO deal_tags SELECT deal_id, 'extra', created_at, live
            FROM deals", 'tags'],
        ["UPDATE deal_tags SET created_at = created_at - interval '1 s'",
            'tags.created_at'],
        ['UPDATE deal_tags SET live = false', 'tags.live'],
        # An imported vote counts in score and rank alone.
        ['UPDATE deal_stats SET imported_up = imported_up + 5', 'hot',
            'score'],
        # A vote that was not counted.
        ["INSERT INTO votes SELECT deal_id, 1, 1, 0, now() FROM deals",
            'hot', 'score', 'up'],
    );
    my @comment = (
        ['UPDATE comments SET up = up + 1', 'up'],
        ['UPDATE comments SET down = down + 1', 'down'],
        ['UPDATE comments SET score = score + 1', 'score'],
        ['UPDATE comments SET wilson = wilson / 2', 'wilson'],
        ['UPDATE comments SET reply_count = reply_count + 1', 'reply_count'],
        ['UPDATE comments SET thread_bytes = thread_bytes + 1',
            'thread_bytes'],
        ['UPDATE comments SET depth = depth + 1', 'depth'],
        ['UPDATE comments SET root_id = 5', 'root_id',
            'thread_bytes'],
        ['INSERT INTO comment_votes (deal_id, comment_id, user_id, value, prev,
            voted_at) SELECT deal_id, comment_id, 1, -1, 0, now()
            FROM comments', 'down', 'score', 'wilson'],
    );
    # Deals that begin at once, each with a comment that nobody answered.
    my @ids = $t->sql('SELECT deal_id, max(comment_id) FROM comments
        JOIN deals USING (deal_id) WHERE starts_at IS NULL
        AND parent_id IS NULL AND reply_count = 0 AND up <> down
        GROUP BY deal_id');
    my @want;

    for (@deal) {
        my ($sql, @fields) = @$_;
        my ($id) = split /\|/, pop @ids;
        $t->sql("$sql WHERE deal_id = $id");
        push @want, map { "deal $id: $_" } @fields;
    }
    for (@comment) {
        my ($sql, @fields) = @$_;
        my ($id, $comment) = split /\|/, pop @ids;
        $t->sql("$sql WHERE deal_id = $id AND comment_id = $comment");
        push @want, map { "deal $id comment $comment: $_" } @fields;
    }

    # Rows without what they belong to.
    my ($gone) = split /\|/, pop @ids;
    $t->sql("DELETE FROM deal_stats WHERE deal_id = $gone");
    $t->sql("INSERT INTO votes VALUES (17, 1, 1, 0, now()),
        (9007199254740991, 1, 1, 0, now());
        INSERT INTO comment_votes (deal_id, comment_id, user_id, value, prev,
            voted_at) VALUES ($gone, 5, 1, 1, 0, now())");
    push @want, 'deal 17: votes', 'deal 9007199254740991: votes',
        "deal $gone comment 5: votes";

    my $r = $t->deals('verify');
    is $r->{code}, 1, 'exit 1';
    my @all = split /\n/, $r->{out};
    my @got = map { /^(deal \d+(?: comment \d+)?: [\w.]+) is .*, should be ./
        ? $1 : "?? $_" } @all;
    my %missing = map { $_ => 1 } grep { /^deal $gone: / } @got;
    ok $missing{"deal $gone: $_"}, "a deal without counters: $_"
        for qw(up down comment_count created_at live);
    @got = grep { !$missing{$_} } @got;
    is join("\n", sort @got), join("\n", sort @want), 'exactly these'
        or diag $r->{out};
    like $r->{err}, qr/^deals: ${\ scalar @all } values differ/, 'counted';
    ok !(grep { /is missing, should be missing|is (\S+), should be \1$/ } @all),
        'each with two different values';
};

sub record {
    my ($n) = @_;
    return sprintf '{"source":"test","source_id":"%d","title":"Deal %d",'
        . '"created_at":"2026-01-%02dT12:00:00Z","up":%d,"down":%d}'
        . "\n", $n, $n, 1 + $n % 28, $n % 97, $n % 13;
}

subtest 'ranking again' => sub {
    my $u = Deals::Test->new(redis => 0);
    my %o = (env => { DEALS_REDIS => '' });
    $u->deals('import', '-', { %o, input => join '', map { record($_) }
        1 .. 5000 });
    my $ranks = 'SELECT md5(string_agg(hot::text, \' \' ORDER BY deal_id))
        FROM deal_stats';
    my $before = $u->sql($ranks);

    my $r = $u->deals('set', 'tau', 90000, \%o);
    is $r->{code}, 0, 'set';
    is $r->{out}, "5000 ranks changed.\ntau 90000\n", 'says what it did';
    isnt $u->sql($ranks), $before, 'other ranks';
    is $u->deals('verify', \%o)->{code}, 0, 'verify';

    # It waits before the deal in the middle, and is killed there.
    my $middle = $u->sql('SELECT deal_id FROM deal_stats ORDER BY deal_id
        OFFSET 2500 LIMIT 1');
    open my $psql, '|-', 'psql', '-XAtqo/dev/null', $u->database_admin
        or die $!;
    $psql->autoflush(1);
    print {$psql} "BEGIN; SELECT FROM deal_stats WHERE deal_id = $middle
        FOR UPDATE;\n";
    $u->wait_until(sub { $u->sql("SELECT count(*) FROM pg_stat_activity
        WHERE state = 'idle in transaction'") });

    my $pid = fork // die $!;
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        @ENV{qw(DEALS_DATABASE DEALS_REDIS)} = ($u->database, '');
        exec "$u->{build}/deals", 'set', 'tau', 45000 or POSIX::_exit(127);
    }
    my $waiting = 'SELECT count(*) FROM pg_locks WHERE NOT granted';
    ok $u->wait_until(sub { $u->sql($waiting) }), 'half-way';
    kill 'KILL', $pid;
    waitpid $pid, 0;
    is $u->sql("SELECT value FROM settings WHERE key = 'tau'"), 45000,
        'killed when the setting stands';
    my $state = "SELECT value FROM settings WHERE key = 'rerank'";
    my $stands = $u->sql($state);
    close $psql;
    ok $u->wait_until(sub { $u->sql($state) ne $stands }), 'one step further';

    # 1,000 at a time: the step that was waiting is done by the server alone.
    my @drift = split /\n/, $u->deals('verify', \%o)->{out};
    is scalar(grep { /: hot is/ } @drift), 2000,
        'the ranks that are not done yet are listed';

    $r = $u->deals('set', 'tau', 45000, \%o);
    is $r->{code}, 0, 'the same again';
    is $r->{out}, "2000 ranks changed.\ntau 45000\n", 'goes on';
    is $u->sql($ranks), $before, 'the ranks of the beginning';
    is $u->deals('verify', \%o)->{code}, 0, 'verify';
    $u->stop;
};

$t->finish;
