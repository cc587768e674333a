# deals verify finds every kind of drift, one by one, and nothing where there is
# none; deals set ranks everything again, also after an interruption.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Deals::Test;

my $t = Deals::Test->new(redis => 0);

# More than one part (1,000 deals).
$t->sql(<<'SQL');
SELECT deals_deal_create(i * 10, 7, 'ann', 'Deal', NULL, NULL, NULL, NULL, NULL,
                         NULL, NULL, NULL, NULL, NULL, '{a,b}', NULL, NULL,
                         '2026-01-01Z'::timestamptz + i * interval '1 h')
  FROM generate_series(1, 2500) AS i;
SELECT count(*) FROM deals_vote(
    ARRAY(SELECT 10 * (1 + i % 2500) FROM generate_series(1, 20000) AS i),
    ARRAY(SELECT 1 + i / 2500 FROM generate_series(1, 20000) AS i),
    ARRAY(SELECT i % 3 - 1 FROM generate_series(1, 20000) AS i)::int2[],
    ARRAY(SELECT now() FROM generate_series(1, 20000) AS i));
SELECT count(deals_comment_create(d * 10, c, CASE WHEN c > 1 THEN c - 1 END, 7,
                                  'ann', 'x', 'x', 1, now(), 1000, 1000, 50))
  FROM generate_series(1, 1200) AS d, generate_series(1, 3) AS c;
SELECT count(*) FROM deals_comment_vote(
    ARRAY(SELECT 10 * i FROM generate_series(1, 1200) AS i),
    ARRAY(SELECT 1 + i % 3 FROM generate_series(1, 1200) AS i),
    array_fill(5::int8, '{1200}'), array_fill(1::int2, '{1200}'),
    array_fill(now(), '{1200}'));
SELECT deals_comment_delete(10, 2, 7, false, now()),
       deals_deal_hide(20, true, NULL, now()),
       deals_deal_delete(30, 7, false, now());
SQL

my $r = $t->deals('verify');
is $r->{code}, 0, 'a sound community' or diag $r->{out}, $r->{err};

# Breaks something, behind the functions' backs; verify says so and names it;
# mended, it is content again.
sub drift {
    my ($what, $like, $break, $mend) = @_;

    $t->sql($break);
    my $found = $t->deals('verify');
    is $found->{code}, 1, "$what: found";
    like $found->{out} . $found->{err}, $like, "$what: named";
    $t->sql($mend);
    is $t->deals('verify')->{code}, 0, "$what: mended";
    return;
}

my $deal = 'UPDATE deal_stats SET %s WHERE deal_id = 24000';
my $comment = 'UPDATE comments SET %s WHERE deal_id = 11990 AND comment_id = 1';
my @same = (
    [ 'up', qr/24000\b.*\bup\b/, $deal, 'up = up + 1, score = score + 1',
      'up = up - 1, score = score - 1' ],
    [ 'down', qr/24000\b.*\bdown\b/, $deal,
      'down = down + 1, score = score - 1',
      'down = down - 1, score = score + 1' ],
    [ 'hot', qr/24000\b.*\bhot\b/, $deal, 'hot = hot + 1e-9', undef ],
    [ 'comment_count', qr/24000\b.*\bcomment_count\b/, $deal,
      'comment_count = comment_count + 1',
      'comment_count = comment_count - 1' ],
    [ 'created_day', qr/24000\b.*\bcreated_day\b/, $deal,
      'created_day = created_day + 1', 'created_day = created_day - 1' ],
    [ 'expires_at', qr/24000\b.*\bexpires_at\b/, $deal,
      "expires_at = '2030-01-01Z'", 'expires_at = NULL' ],
    [ 'live', qr/24000\b.*\blive\b/, $deal, 'live = false', 'live = true' ],
    [ 'a comment\'s votes', qr/11990\b.*\bup\b/, $comment,
      'up = up + 1, score = score + 1', 'up = up - 1, score = score - 1' ],
    [ 'wilson', qr/11990\b.*\bwilson\b/, $comment, 'wilson = wilson + 0.001',
      'wilson = deals_wilson(up, down)' ],
    [ 'reply_count', qr/11990\b.*\breply_count\b/, $comment,
      'reply_count = 7', 'reply_count = 2' ],
    [ 'thread_bytes', qr/11990\b.*\bthread_bytes\b/, $comment,
      'thread_bytes = 7', 'thread_bytes = 6' ],
);
for my $case (@same) {
    my ($what, $like, $sql, $break, $mend) = @$case;
    $mend //= 'hot = deals_hot(up + imported_up, down + imported_down,'
        . ' created_at, 1134028003, 45000)';
    drift($what, $like, sprintf($sql, $break), sprintf($sql, $mend));
}
drift('a vote that was not counted', qr/24000\b.*\bup\b/,
      "INSERT INTO votes VALUES (24000, 99, 1, 0, now())",
      "DELETE FROM votes WHERE deal_id = 24000 AND user_id = 99");
drift('a vote on no deal', qr/99999\b.*\bvotes\b/,
      "INSERT INTO votes VALUES (99999, 99, 1, 0, now())",
      "DELETE FROM votes WHERE deal_id = 99999");
drift('a vote on no deal between others', qr/\b15\b.*\bvotes\b/,
      "INSERT INTO votes VALUES (15, 99, 1, 0, now())",
      "DELETE FROM votes WHERE deal_id = 15");
drift('a vote on no comment', qr/24000\b.*\b77\b.*\bvotes\b/,
      "INSERT INTO comment_votes VALUES (24000, 77, 99, 1, 0, now())",
      "DELETE FROM comment_votes WHERE comment_id = 77");
drift('a missing tag', qr/24000\b.*\btags\b/,
      "DELETE FROM deal_tags WHERE deal_id = 24000 AND tag = 'a'",
      "INSERT INTO deal_tags SELECT deal_id, 'a', created_at, live FROM deals"
      . " WHERE deal_id = 24000");
drift('a tag that is shown of a hidden deal', qr/\b20\b.*\btags\.live\b/,
      "UPDATE deal_tags SET live = true WHERE deal_id = 20 AND tag = 'a'",
      "UPDATE deal_tags SET live = false WHERE deal_id = 20 AND tag = 'a'");
drift('a tag\'s time', qr/24000\b.*\btags\.created_at\b/,
      "UPDATE deal_tags SET created_at = '2020-01-01Z' WHERE deal_id = 24000"
      . " AND tag = 'b'",
      "UPDATE deal_tags t SET created_at = d.created_at FROM deals d"
      . " WHERE d.deal_id = t.deal_id");
drift('a deal without counters', qr/24010\b.*\bcreated_day\b/,
      "DELETE FROM deal_stats WHERE deal_id = 24010; DELETE FROM votes"
      . " WHERE deal_id = 24010",
      "INSERT INTO deal_stats (deal_id, hot, created_at, created_day)"
      . " SELECT deal_id, deals_hot(0, 0, created_at, 1134028003, 45000),"
      . " created_at, deals_day(created_at) FROM deals WHERE deal_id = 24010");

# --- settings ----------------------------------------------------------------

my $off = "SELECT count(*) FROM deal_stats WHERE hot <> deals_hot("
    . "up + imported_up, down + imported_down, created_at, 1134028003, %d)";
is $t->deals('set', 'tau', 20000)->{code}, 0, 'another tau';
is $t->sql("SELECT value FROM settings WHERE key = 'tau'"), 20000, 'is set';
is $t->sql(sprintf $off, 20000), 0, 'every deal is ranked by it';
is $t->deals('verify')->{code}, 0, 'and verify agrees';
is $t->sql("SELECT count(*) FROM settings WHERE key = 'rerank'"), 0,
    'nothing is due';

# Interrupted: the setting is there, and a part of the ranks.
$t->sql("UPDATE settings SET value = '30000' WHERE key = 'tau';"
        . " INSERT INTO settings VALUES ('rerank', '1 0');"
        . " SELECT deals_rerank(700)");
is $t->sql(sprintf $off, 30000), 1800, 'half done';
is $t->deals('verify')->{code}, 1, 'verify sees that';
is $t->deals('set', 'tau', 30000)->{code}, 0, 'the same value again';
is $t->sql(sprintf $off, 30000), 0, 'goes on to the end';
is $t->deals('verify')->{code}, 0, 'and verify agrees';

for my $bad ([ 'tau', '0' ], [ 'tau', '-1' ], [ 'tau', 'x' ], [ 'tau', '' ],
             [ 'tau', '1.5' ], [ 'tau', '9999999999' ], [ 'tau', '007' ],
             [ 'epoch', '-1' ], [ 'rerank', '1 0' ], [ 'nonsense', '1' ])
{
    isnt $t->deals('set', @$bad)->{code}, 0, "set @$bad: refused";
}
is $t->sql("SELECT string_agg(key || '=' || value, ' ' ORDER BY key)"
           . " FROM settings"), 'epoch=1134028003 tau=30000', 'as it was';

$t->finish;
