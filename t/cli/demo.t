# deals demo: a believable community, the same each time, and only where there
# is none.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Deals::Test;

my %no_redis = (env => { DEALS_REDIS => '' });
my $t = Deals::Test->new;
my $r = $t->deals('demo');
is $r->{code}, 0, 'deals demo' or diag $r->{err};
my ($members, $deals, $comments, $votes) = $r->{out} =~
    /^(\d+) members, (\d+) deals, (\d+) comments, (\d+) votes\.$/m;
my ($name, $password) = $r->{out} =~
    /^Sign in as (\S+), a moderator, with the password (\S+)$/m;
ok defined $name, 'prints a sign-in';

subtest 'what there is' => sub {
    is $members, 50, 'members';
    cmp_ok abs($deals - 200), '<=', 15, "$deals deals";
    is $t->sql('SELECT count(*) FROM users'), $members, 'as it says';
    is $t->sql('SELECT count(*) FROM deals'), $deals;
    is $t->sql('SELECT count(*) FROM comments'), $comments;
    is $t->sql('SELECT (SELECT count(*) FROM votes)
        + (SELECT count(*) FROM comment_votes)'), $votes;
    like $t->deals('verify')->{out}, qr/^$deals deals: every counter/,
        'verify';
};

subtest 'it looks alive' => sub {
    my $hot = "SELECT * FROM deal_stats s WHERE live
        AND (starts_at IS NULL OR starts_at <= now())
        AND (expires_at IS NULL OR expires_at > now())
        ORDER BY hot DESC LIMIT 25";
    my @n = split /\|/, $t->sql("SELECT count(*) FILTER (WHERE score >= 20),
        count(*) FILTER (WHERE score BETWEEN 5 AND 19),
        count(*) FILTER (WHERE score < 5),
        count(*) FILTER (WHERE comment_count >= 3),
        count(*) FILTER (WHERE expires_at < now() + interval '1 day'),
        count(*) FILTER (WHERE created_at > now() - interval '2 hours'),
        count(*) FILTER (WHERE created_at < now() - interval '6 hours')
        FROM ($hot) x");
    my @what = ('hot ones', 'warm ones', 'cool ones', 'talked about',
        'ending within a day', 'new ones', 'from earlier');
    cmp_ok $n[$_], '>=', 3, "front page: $what[$_]: $n[$_]" for 0 .. $#what;
    is $t->sql("SELECT count(DISTINCT author_name) > 12 FROM ($hot) x
        JOIN deals USING (deal_id)"), 't', 'by many members';

    @n = split /\|/, $t->sql("SELECT
        count(*) FILTER (WHERE score < 0), max(score),
        count(*) FILTER (WHERE starts_at > now()),
        count(*) FILTER (WHERE expires_at < now()), max(comment_count)
        FROM deal_stats");
    cmp_ok $n[0], '>=', 4, "disliked: $n[0]";
    cmp_ok $n[1], '>=', 40, "the best has $n[1]";
    cmp_ok $n[2], '>=', 2, "not begun: $n[2]";
    cmp_ok $n[3], '>=', 10, "ended: $n[3]";
    cmp_ok $n[4], '>=', 12, "the longest thread: $n[4]";
    cmp_ok $t->sql('SELECT max(depth) FROM comments'), '>=', 3,
        'answers to answers';
};

subtest 'it makes sense' => sub {
    my %none = (
        'a deal, comment or vote of the future' => "SELECT count(*) FROM (
            SELECT created_at AS t FROM deals UNION ALL
            SELECT created_at FROM comments UNION ALL
            SELECT voted_at FROM votes UNION ALL
            SELECT voted_at FROM comment_votes) x WHERE t > now()",
        'a vote before its deal' => 'SELECT count(*) FROM votes
            JOIN deals USING (deal_id) WHERE voted_at < created_at',
        'an answer before what it answers' => 'SELECT count(*) FROM comments c
            JOIN comments p ON p.deal_id = c.deal_id
                AND p.comment_id = c.parent_id
            WHERE c.created_at <= p.created_at',
        'somebody who answers himself' => 'SELECT count(*) FROM comments c
            JOIN comments p ON p.deal_id = c.deal_id
                AND p.comment_id = c.parent_id
            WHERE c.user_id = p.user_id',
        'something said twice in a thread' => 'SELECT count(*) FROM (SELECT
            FROM comments GROUP BY deal_id, body HAVING count(*) > 1) x',
        'a deal older than its author' => 'SELECT count(*) FROM deals d
            JOIN users u USING (user_id) WHERE u.created_at > d.created_at',
        'an author that is no member' => 'SELECT count(*) FROM deals
            LEFT JOIN users u USING (user_id) WHERE u.user_id IS NULL',
        'something that begins or ends within an hour' =>
            "SELECT count(*) FROM deals
             WHERE starts_at BETWEEN now() AND now() + interval '61 minutes'
             OR expires_at BETWEEN now() AND now() + interval '61 minutes'",
        'an address that somebody could own' => "SELECT count(*) FROM deals
            WHERE url !~ '^https://[a-z0-9-]+\\.example/'",
        'a price above the list price' => 'SELECT count(*) FROM deals
            WHERE price_amount >= list_price_amount
                AND list_price_amount > 0',
        'a title twice' => 'SELECT count(*) FROM (SELECT FROM deals
            GROUP BY title HAVING count(*) > 1) x',
    );
    is $t->sql($none{$_}), 0, "not $_" for sort keys %none;
    is $t->sql("SELECT count(*) FROM users WHERE role <> 'member'"), 1,
        'one moderator';
};

my $content = "SELECT md5(string_agg(concat_ws('|', title, url, description,
    tags, price_amount, d.author_name, score, up, down, comment_count), ''
    ORDER BY title)) FROM deals d JOIN deal_stats USING (deal_id)";
my $talk = "SELECT md5(string_agg(concat_ws('|', title, c.author_name, body,
    depth, c.score), '' ORDER BY title, c.comment_id))
    FROM comments c JOIN deals USING (deal_id)";
# Seconds from the beginning of all, which is relative to the start time.
my $times = "SELECT md5(string_agg(extract(epoch FROM created_at - first)::text,
    '' ORDER BY title)) FROM deals,
    (SELECT min(created_at) AS first FROM deals) x";

subtest 'where there is something already' => sub {
    my @before = map { $t->sql($_) } $content, $talk;
    my $again = $t->deals('demo');
    is $again->{code}, 0, 'exit 0';
    is $again->{out}, "The community is not empty; no demo was loaded.\n",
        'says so';
    is join(' ', map { $t->sql($_) } $content, $talk), "@before",
        'nothing changed';
};

subtest 'another time' => sub {
    sleep 2;
    my $other = Deals::Test->new(redis => 0);
    my $second = $other->deals('demo', '--quiet', \%no_redis);
    is $second->{code}, 0;
    like $second->{out}, qr/\ASign in as \S+, a moderator, .*\n\z/,
        'quiet: the sign-in alone';
    unlike $second->{out}, qr/\Q$password\E/, 'its own password';
    is $other->sql($content), $t->sql($content), 'the same deals and scores';
    is $other->sql($talk), $t->sql($talk), 'the same talk';
    is $other->sql($times), $t->sql($times), 'at the same intervals';
    isnt $other->sql('SELECT max(created_at) FROM deals'),
        $t->sql('SELECT max(created_at) FROM deals'), 'later';
    $other->stop;
};

subtest 'two at once' => sub {
    my $both = Deals::Test->new(redis => 0);
    # Both find it empty, and wait before the first name.
    open my $psql, '|-', 'psql', '-XAtqo/dev/null', $both->database_admin
        or die $!;
    $psql->autoflush(1);
    print {$psql} "BEGIN; LOCK user_names IN SHARE ROW EXCLUSIVE MODE;\n";
    my $locks = 'SELECT count(*) FROM pg_locks WHERE';
    $both->wait_until(sub { $both->sql("$locks relation = 'user_names'::regclass
        AND mode = 'ShareRowExclusiveLock'") });
    my @pids;
    for my $n (1, 2) {
        push @pids, fork // die $!;
        if (!$pids[-1]) {
            open STDOUT, '>', $both->dir . "/$n";
            @ENV{qw(DEALS_DATABASE DEALS_REDIS)} = ($both->database, '');
            exec "$both->{build}/deals", 'demo' or POSIX::_exit(127);
        }
        ok $both->wait_until(sub { $both->sql("$locks NOT granted") >= $n }),
            'waits';
        sleep 1.1;                      # or they would choose the same ids
    }
    close $psql;
    waitpid($_, 0), is($?, 0, 'exit 0') for @pids;
    my $said = $both->command(['sort', map { $both->dir . "/$_" } 1, 2])->{out};
    is scalar(() = $said =~ /^Sign in/mg), 1, 'one loads it' or diag $said;
    is scalar(() = $said =~ /^The community is not empty/mg), 1,
        'the other leaves it alone';
    is $both->sql('SELECT count(*) FROM deals'), $deals, 'once';
    is $both->deals('verify', \%no_redis)->{code}, 0, 'verify';
    $both->stop;
};

subtest 'where a member is' => sub {
    my $one = Deals::Test->new(redis => 0);
    $one->deals('user', 'add', 'ann', '--password-stdin',
        { input => "correct horse\n", %no_redis });
    my $no = $one->deals('demo', \%no_redis);
    is $no->{code}, 0;
    like $no->{out}, qr/not empty/;
    is $one->sql('SELECT count(*) FROM deals'), 0, 'nothing was added';
    $one->stop;
};

SKIP: {
    skip 'the nginx module is not built', 1 if !-e $t->module;
    subtest 'signing in' => sub {
        $t->nginx;
        my $client = $t->client;
        my $in = $client->post('/api/v1/sessions',
            json => { name => $name, password => $password });
        is $in->status, 201, 'with what was printed' or diag $in->body;
        is $client->get('/api/v1/me')->json->{role}, 'moderator';
        is scalar @{ $t->get('/api/v1/deals')->json->{deals} }, 25,
            'a full front page';
        is $t->get('/')->status, 200;
    };
}

$t->finish;
