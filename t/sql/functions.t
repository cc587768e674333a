# The functions of the schema, one at a time: ranks, votes, deals, comments,
# imports, and what each says when it does not do what it is asked.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Deals::Test;

binmode $_, ':utf8' for map { Test::More->builder->$_ }
    qw(output failure_output todo_output);

my $t = Deals::Test->new(redis => 0);

# Everything runs as the workers' role, which is who will run it.
sub sql {
    my ($sql) = @_;
    utf8::encode($sql);
    my @rows = $t->sql_as($t->database, "SET timezone = 'UTC';\n$sql");
    utf8::decode($_) for @rows;
    return wantarray ? @rows : $rows[0];
}

my $T = "'2026-01-01T00:00:00Z'::timestamptz";

sub deal {
    my ($id, %o) = @_;
    my $title = $o{title} // "Deal $id";
    my $tags = $o{tags} // '{}';
    my $starts = $o{starts} // 'NULL';
    my $expires = $o{expires} // 'NULL';
    my $merchant = $o{merchant} // "NULL, NULL";
    return sql("SELECT deals_deal_create($id, 7, 'ann', '$title', NULL, NULL,"
               . " NULL, NULL, $merchant, NULL, NULL, NULL, NULL, '$tags',"
               . " $starts, $expires, $T)");
}

# One batch: [deal, user, vote, seconds after T], ...; rows of "found score up
# down value".
sub votes {
    my (@votes) = @_;
    my @column = map { my $i = $_; join ',', map { $_->[$i] } @votes } 0 .. 2;
    my $times = join ',', map { "$T + interval '$_->[3] s'" } @votes;
    return map { s/\|/ /gr } sql(
        "SELECT found, score, up, down, value FROM deals_vote("
        . "ARRAY[$column[0]]::int8[], ARRAY[$column[1]]::int8[],"
        . " ARRAY[$column[2]]::int2[], ARRAY[$times]::timestamptz[])"
        . " ORDER BY n");
}

sub stats { return sql("SELECT up, down, score, comment_count, live"
                       . " FROM deal_stats WHERE deal_id = $_[0]") }

subtest 'golden ranks' => sub {
    my %hot = ('1,0' => '12577.1554889', '10,0' => '12578.1554889',
               '100,10' => '12579.1097314', '0,10' => '12576.1554889',
               '5,5' => '12577.1554889');
    for my $votes (sort keys %hot) {
        is sprintf('%.7f', sql("SELECT deals_hot($votes,"
                               . " to_timestamp(1700000000), 1134028003,"
                               . " 45000)")), $hot{$votes}, "hot($votes)";
    }
    my %wilson = ('1,0' => '0.378448', '10,1' => '0.739495',
                  '40,20' => '0.585151', '0,5' => '0.000000',
                  '0,0' => '0.000000');
    for my $votes (sort keys %wilson) {
        is sprintf('%.6f', sql("SELECT deals_wilson($votes)")),
            $wilson{$votes}, "wilson($votes)";
    }
    is sql("SELECT count(*) FROM generate_series(-3000, 3000) AS s,"
           . " LATERAL (SELECT deals_hot(greatest(s, 0), greatest(-s, 0), $T,"
           . " 0, 45000) AS a, deals_hot(greatest(s + 1, 0),"
           . " greatest(-s - 1, 0), $T, 0, 45000) AS b,"
           . " deals_hot(greatest(s, 0), greatest(-s, 0),"
           . " $T + interval '1 s', 0, 45000) AS c) x"
           . " WHERE NOT (a < c) OR NOT (CASE WHEN s BETWEEN -1 AND 0"
           . " THEN a = b ELSE a < b END)"),
        0, 'rises with the score and with time, of hated deals too';
    is sql("SELECT count(*) FROM (VALUES (2147483647, 0), (0, 2147483647),"
           . " (2147483647, 2147483647)) v (u, d) WHERE NOT (deals_hot(u, d,"
           . " '9999-12-31Z', 1134028003, 45000) BETWEEN -1e12 AND 1e12"
           . " AND deals_wilson(u, d) BETWEEN 0 AND 1)"),
        0, 'finite at the ends';
    is sql("SELECT deals_day('1970-01-01T00:00:00Z'),"
           . " deals_day('1970-01-01T23:59:59Z'),"
           . " deals_day('1969-12-31T23:59:59Z')"), '0|0|-1', 'days are UTC';
};

subtest 'votes' => sub {
    deal($_) for 1 .. 3;
    my $fresh = sql('SELECT hot FROM deal_stats WHERE deal_id = 1');
    is_deeply [ votes([ 1, 5, 1, 0 ]) ], [ 't 1 1 0 1' ], 'up';
    is_deeply [ votes([ 1, 5, 1, 0 ]) ], [ 't 1 1 0 1' ], 'a retry';
    is_deeply [ votes([ 1, 5, 1, 1 ]) ], [ 't 1 1 0 1' ], 'a repeat';
    is_deeply [ votes([ 1, 5, -1, 0.5 ]) ], [ 't 1 1 0 1' ],
        'one that is older than the repeat is answered with what stands';
    is stats(1), '1|0|1|0|t', 'and changes nothing';
    is_deeply [ votes([ 1, 5, -1, 2 ]) ], [ 't -1 0 1 -1' ], 'turned round';
    is_deeply [ votes([ 1, 5, 0, 3 ]) ], [ 't 0 0 0 0' ], 'withdrawn';
    is sql('SELECT hot FROM deal_stats WHERE deal_id = 1'), $fresh,
        'and the rank is what it was, to the last bit';
    is_deeply [ votes([ 1, 5, 1, 2.5 ]) ], [ 't 0 0 0 0' ],
        'a vote that was overtaken by its withdrawal';
    is_deeply [ votes([ 2, 5, 0, 5 ]) ], [ 't 0 0 0 0' ],
        'withdrawing what never was';
    is_deeply [ votes([ 2, 5, 1, 4 ]) ], [ 't 0 0 0 0' ],
        'is remembered with its time';

    is_deeply [ votes([ 3, 1, 1, 0 ], [ 99, 1, 1, 0 ], [ 2, 8, -1, 0 ],
                      [ 3, 2, 1, 0 ], [ 3, 1, -1, 1 ], [ 2, 9, 1, 0 ],
                      [ 3, 1, 1, 2 ], [ 3, 2, 0, -9 ]) ],
        [ 't 2 2 0 1', 'f 0 0 0 0', 't 0 1 1 -1', 't 2 2 0 1', 't 2 2 0 1',
          't 0 1 1 1', 't 2 2 0 1', 't 2 2 0 1' ],
        'a batch: in its order, unknown deals, repeats, older ones';
    is stats(3), '2|0|2|0|t', 'counted once';
    is sql("SELECT count(*) FROM votes WHERE deal_id = 99"), 0,
        'nothing is kept of a vote on no deal';
    is_deeply [ sql("SELECT * FROM deals_vote('{}', '{}', '{}', '{}')") ], [],
        'an empty batch';
    is_deeply [ sql("SELECT * FROM deals_vote(NULL, NULL, NULL, NULL)") ], [],
        'no batch';
    is sql("SELECT deals_hot(s.up, s.down, created_at, 1134028003, 45000)"
           . " = hot FROM deal_stats s WHERE deal_id = 3"), 't', 'ranked';

    sql("SELECT deals_deal_hide(3, true, NULL, $T)");
    is_deeply [ votes([ 3, 9, 1, 0 ]) ], [ 'f 0 0 0 0' ], 'hidden: not found';
    sql("SELECT deals_deal_hide(3, false, NULL, $T)");
    is_deeply [ votes([ 3, 9, 1, 0 ]) ], [ 't 3 3 0 1' ], 'shown again';
    eval { votes([ 3, 9, 2, 5 ]) };
    like $@, qr/votes_value/, 'there is no double vote';
    is stats(3), '3|0|3|0|t', 'and nothing of it stays';
};

subtest 'deals' => sub {
    is deal(10, title => "Cafe\x{301} \x{2126}", tags => "{b,e\x{301},b}",
            merchant => "'amazon', 'Amazon'"), 'ok', 'made';
    is sql("SELECT title = normalize(title, NFC), char_length(title), tags"
           . " FROM deals WHERE deal_id = 10"), "t|6|{b,\x{e9},b}",
        'composed (NFC)';
    is_deeply [ sql("SELECT tag FROM deal_tags WHERE deal_id = 10"
                    . " ORDER BY tag COLLATE \"C\"") ], [ 'b', "\x{e9}" ],
        'each tag once';
    is sql("SELECT name FROM merchants WHERE slug = 'amazon'"), 'Amazon',
        'the merchant is known';
    eval { deal(10) };
    like $@, qr/duplicate key/, 'an id is used once';
    eval { deal(11, title => '') };
    like $@, qr/deals_title/, 'a title must be';
    eval { deal(11, starts => $T, expires => $T) };
    like $@, qr/deals_period/, 'no deal ends before it starts';
    is sql("SELECT count(*) FROM deal_stats WHERE deal_id = 11"), 0,
        'and nothing of it stays';

    my $update = sub {
        my ($id, $actor, $moderator, $given, %o) = @_;
        my ($starts, $expires) = ($o{starts} // 'NULL', $o{expires} // 'NULL');
        return sql("SELECT deals_deal_update($id, $actor, $moderator, $given,"
            . " 'New title', 'https://n/', 'text', '<p>text', 1, 'n', 'N', 1,"
            . " 'USD', 2, 'EUR', '{b,new}', $starts, $expires,"
            . " $T + interval '1 h')");
    };
    my $row = "SELECT title, url, description, html, price_amount,"
        . " list_price_currency, merchant_name, tags, starts_at, expires_at,"
        . " edited_at FROM deals WHERE deal_id = 12";
    deal(12, title => 'Old', tags => '{a,b}', expires => "$T + interval '1 d'");
    is $update->(99, 7, 'true', 511), 'not_found', 'unknown';
    is $update->(12, 8, 'false', 511), 'forbidden', 'another member';
    is sql($row), 'Old|||||||{a,b}||2026-01-02 00:00:00+00|',
        'changes nothing';
    is $update->(12, 7, 'false', 64), 'ok', 'only the tags';
    is sql($row), 'Old|||||||{b,new}||2026-01-02 00:00:00+00|'
        . '2026-01-01 01:00:00+00', 'only the tags change';
    is_deeply [ sql("SELECT tag, live FROM deal_tags WHERE deal_id = 12"
                    . " ORDER BY 1") ], [ 'b|t', 'new|t' ], 'in the lists too';
    is $update->(12, 7, 'false', 128, starts => "$T + interval '2 d'"),
        'ends_before_start', 'a start after the end that stands';
    is $update->(12, 7, 'false', 128, starts => "$T + interval '1 h'"), 'ok',
        'one before it';
    is sql("SELECT starts_at, expires_at FROM deal_stats WHERE deal_id = 12"),
        '2026-01-01 01:00:00+00|2026-01-02 00:00:00+00', 'copied';
    is $update->(12, 9, 'true', 511), 'ok', 'a moderator, everything';
    is sql($row), 'New title|https://n/|text|<p>text|1|EUR|N|{b,new}|||'
        . '2026-01-01 01:00:00+00', 'changed, and the times taken away';
    is sql("SELECT starts_at, expires_at FROM deal_stats WHERE deal_id = 12"),
        '|', 'there too';

    my $lives = "SELECT d.live, s.live, bool_and(t.live) FROM deals d"
        . " JOIN deal_stats s USING (deal_id) JOIN deal_tags t USING (deal_id)"
        . " WHERE deal_id = 12 GROUP BY 1, 2";
    is sql("SELECT deals_deal_hide(12, true, 3, $T)"), 'ok', 'hidden';
    is sql("SELECT deals_deal_hide(12, true, 4, $T + interval '1 s')"), 'ok',
        'again';
    is sql("SELECT hidden_at, hidden_by FROM deals WHERE deal_id = 12"),
        '2026-01-01 00:00:00+00|3', 'keeps who did it first';
    is sql($lives), 'f|f|f', 'nowhere in the lists';
    is $update->(12, 7, 'false', 64), 'ok', 'its author may still edit it';
    is sql($lives), 'f|f|f', 'which brings nothing back';
    is sql("SELECT deals_deal_hide(12, false, 3, $T)"), 'ok', 'shown';
    is sql($lives), 't|t|t', 'everywhere';
    is sql("SELECT deals_deal_delete(12, 8, false, $T)"), 'forbidden',
        'another member';
    is sql("SELECT deals_deal_delete(12, 7, false, $T)"), 'ok', 'deleted';
    is sql($lives), 'f|f|f', 'gone from the lists';
    is sql("SELECT deals_deal_delete(12, 7, false, $T)"), 'not_found', 'twice';
    is sql("SELECT deals_deal_hide(12, false, 7, $T)"), 'not_found',
        'hiding does not bring it back';
    is $update->(12, 7, 'true', 1), 'not_found', 'nor does editing';
    is sql("SELECT deals_deal_delete(10, NULL, false, $T)"), 'forbidden',
        'nobody is nobody';
};

subtest 'imports' => sub {
    my $import = sub {
        my ($id, $key) = @_;
        return sql("SELECT deals_deal_import($id, 'reddit', '$key', 'them',"
            . " 'Title', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
            . " NULL, '{deals}', NULL, NULL, '2012-12-13T17:24:12Z', 77, 28)");
    };
    is $import->(20, 'x'), 'exists', 'nothing without a claim';
    sql("INSERT INTO import_keys VALUES ('reddit', 'x', 20)");
    is $import->(21, 'x'), 'exists', 'nor with another deal\'s';
    is $import->(20, 'x'), 'ok', 'stored';
    is sql("SELECT user_id, author_name, source, source_id, created_at"
           . " FROM deals WHERE deal_id = 20"),
        '|them|reddit|x|2012-12-13 17:24:12+00', 'as it was there';
    is stats(20), '0|0|49|0|t', 'its votes are in the score';
    is_deeply [ votes([ 20, 5, -1, 0 ]) ], [ 't 48 77 29 -1' ],
        'and in what is shown';
    is sql("SELECT deals_hot(77, 29, created_at, 1134028003, 45000) = hot"
           . " FROM deal_stats WHERE deal_id = 20"), 't', 'and in the rank';
    is sql("SELECT deals_deal_update(20, NULL, false, 1, 'x', NULL, NULL, NULL,"
           . " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
           . " $T)"), 'forbidden', 'it has no author here';
};

# Composing joins ">" with U+0338 behind it: "<p>" would be a tag no more, and
# what a member wrote would stand inside of it.
subtest 'HTML is kept as it was rendered' => sub {
    my $html = "'<p>\x{338} onclick=x</p>'";
    my $kept = "html = $html AND position('\x{226f}' in html) = 0";
    my $of_deal = "SELECT $kept FROM deals WHERE deal_id = 13";

    is sql("SELECT deals_deal_create(13, 7, 'ann', 'Html', NULL,"
           . " e'>\x{338}', $html, 1, NULL, NULL, NULL, NULL, NULL, NULL,"
           . " '{}', NULL, NULL, $T)"), 'ok', 'a deal';
    is sql($of_deal), 't', 'is stored as it is';
    is sql("SELECT description FROM deals WHERE deal_id = 13"), "\x{226f}",
        'its source is composed';
    sql("UPDATE deals SET html = NULL WHERE deal_id = 13");
    is sql("SELECT deals_deal_update(13, 7, false, 4, NULL, NULL, 'x', $html,"
           . " 1, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, NULL, $T)"),
        'ok', 'edited';
    is sql($of_deal), 't', 'likewise';

    my $of_comment = "SELECT $kept FROM comments WHERE deal_id = 13";
    is sql("SELECT deals_comment_create(13, 1, NULL, 7, 'ann', 'x', $html, 1,"
           . " $T, 100, 1000, 10)"), 'ok', 'a comment';
    is sql($of_comment), 't', 'likewise';
    sql("UPDATE comments SET html = '' WHERE deal_id = 13");
    is sql("SELECT deals_comment_update(13, 1, 7, false, 'x', $html, 1, $T,"
           . " 1000)"), 'ok', 'edited';
    is sql($of_comment), 't', 'likewise';
};

subtest 'comments' => sub {
    deal(30);
    my $comment = sub {
        my ($id, $parent, $deal) = @_;
        $deal //= 30;
        return sql("SELECT deals_comment_create($deal, $id, $parent, 5, 'bob',"
            . " 'e\x{301}', '<p>e\x{301}</p>', 1, $T, 3, 1000, 2)");
    };
    is $comment->(1, 'NULL', 99), 'no_deal', 'on nothing';
    is $comment->(1, 'NULL'), 'ok', 'a root';
    is $comment->(2, 1), 'ok', 'a reply';
    is $comment->(3, 2), 'ok', 'a reply to it';
    is $comment->(4, 3), 'too_deep', 'deeper';
    is $comment->(4, 77), 'no_parent', 'to nothing';
    is $comment->(4, 1), 'ok', 'the last that fits';
    is $comment->(5, 2), 'thread_full', 'one too many';
    is $comment->(5, 'NULL'), 'ok', 'another root';
    is_deeply [ sql("SELECT comment_id, parent_id, root_id, depth, reply_count"
                    . " FROM comments WHERE deal_id = 30 ORDER BY 1") ],
        [ '1||1|0|3', '2|1|1|1|0', '3|2|1|2|0', '4|1|1|1|0', '5||5|0|0' ],
        'the tree';
    is sql("SELECT char_length(body) FROM comments WHERE deal_id = 30"
           . " AND comment_id = 1"), 1, 'composed (NFC)';
    is stats(30), '0|0|0|5|t', 'counted';
    eval { $comment->(5, 'NULL') };
    like $@, qr/duplicate key/, 'an id is used once';
    is stats(30), '0|0|0|5|t', 'which counts nothing';

    my $as = sub {
        my ($do, $id, $actor, $moderator) = @_;
        my ($text, $max) = $do eq 'update' ? ("'new', '<p>new', 2, ", ', 1000')
                                           : ('', '');
        return sql("SELECT deals_comment_$do(30, $id, $actor, $moderator,"
                   . " $text$T$max)");
    };
    is $as->('update', 9, 5, 'true'), 'not_found', 'editing nothing';
    is $as->('update', 1, 6, 'false'), 'forbidden', 'editing another\'s';
    is $as->('update', 1, 5, 'false'), 'ok', 'editing one\'s own';
    is $as->('update', 2, 6, 'true'), 'ok', 'a moderator';
    is sql("SELECT body, html, html_version, edited_at FROM comments"
           . " WHERE deal_id = 30 AND comment_id = 1"),
        'new|<p>new|2|2026-01-01 00:00:00+00', 'edited';

    my $vote = sub {
        my ($id, $value, $at) = @_;
        return sql("SELECT found, score, up, down, value FROM"
            . " deals_comment_vote('{30}', '{$id}', '{8}', '{$value}',"
            . " ARRAY[$T + interval '$at s'])");
    };
    is $vote->(2, 1, 1), 't|1|1|0|1', 'a vote';
    is $vote->(2, -1, 0), 't|1|1|0|1', 'an older one';
    is $vote->(2, -1, 2), 't|-1|0|1|-1', 'turned round';
    is $vote->(77, 1, 0), 'f|0|0|0|0', 'on nothing';
    is $vote->(5, 1, 0), 't|1|1|0|1', 'on another';
    is sql("SELECT wilson = deals_wilson(1, 0) FROM comments"
           . " WHERE deal_id = 30 AND comment_id = 5"), 't', 'ranked';
    is_deeply [ sql("SELECT n, found, up, value FROM deals_comment_vote("
        . "'{30,30,99,30}', '{5,4,5,5}', '{3,3,3,2}', '{1,1,1,1}',"
        . " array_fill($T, '{4}'))") ],
        [ '1|t|3|1', '2|t|1|1', '3|f|0|0', '4|t|3|1' ], 'a batch';

    is $as->('delete', 2, 6, 'false'), 'forbidden', 'deleting another\'s';
    is $as->('delete', 2, 5, 'false'), 'ok', 'deleting';
    is $as->('delete', 2, 5, 'false'), 'not_found', 'twice';
    is $as->('update', 2, 5, 'false'), 'not_found', 'editing what is gone';
    is $vote->(2, 1, 9), 'f|0|0|0|0', 'voting on it';
    is $comment->(6, 2), 'no_parent', 'replying to it';
    is stats(30), '0|0|0|4|t', 'one less';
    is sql("SELECT body, html, root_id, deleted_at FROM comments"
           . " WHERE deal_id = 30 AND comment_id = 2"),
        '||1|2026-01-01 00:00:00+00', 'its place stays, its text does not';
    is sql("SELECT reply_count FROM comments WHERE deal_id = 30"
           . " AND comment_id = 1"), 3, 'and it still takes its place';

    sql("SELECT deals_deal_hide(30, true, NULL, $T)");
    is $comment->(7, 'NULL'), 'no_deal', 'a deal that is hidden';
    is $vote->(5, -1, 9), 'f|0|0|0|0', 'no votes either';
    is $as->('update', 1, 5, 'false'), 'not_found', 'nor edits';
    is $as->('delete', 5, 6, 'true'), 'ok', 'but a moderator may clean up';
};

subtest 'the bytes of a thread' => sub {
    deal(31);
    my $max = 100;
    my $create = sub {
        my ($id, $parent, $body, $html) = @_;
        return sql("SELECT deals_comment_create(31, $id, $parent, 5, 'bob',"
            . " repeat('\x{e9}', $body), repeat('y', $html), 1, $T, 9, $max,"
            . " 9)");
    };
    my $update = sub {
        my ($id, $body, $html) = @_;
        return sql("SELECT deals_comment_update(31, $id, 5, false,"
            . " repeat('\x{e9}', $body), repeat('y', $html), 1, $T, $max)");
    };
    my $bytes = sub {
        return join ' ', sql('SELECT thread_bytes FROM comments'
                             . ' WHERE deal_id = 31 ORDER BY comment_id');
    };

    is $create->(1, 'NULL', 45, 11), 'too_large', 'more than a thread holds';
    is $create->(1, 'NULL', 10, 20), 'ok', 'a root';
    is $bytes->(), '40', 'its own text and HTML, in bytes';
    is $create->(2, 1, 10, 41), 'thread_full', 'a reply that does not fit';
    is $create->(2, 1, 10, 40), 'ok', 'one that does, exactly';
    is $bytes->(), '100 0', 'counts on the root';
    is $create->(3, 2, 1, 0), 'thread_full', 'nothing more';
    is $create->(4, 'NULL', 1, 1), 'ok', 'another thread';
    is $bytes->(), '100 0 3', 'counts apart';

    is $update->(2, 11, 40), 'too_large', 'an edit that makes it too long';
    is $update->(1, 10, 21), 'too_large', 'of the root too';
    is sql('SELECT count(*) FROM comments WHERE edited_at IS NOT NULL'
           . ' AND deal_id = 31'), 0, 'changes nothing';
    is $update->(2, 20, 20), 'ok', 'as long as it was';
    is $update->(2, 5, 20), 'ok', 'shorter';
    is $update->(1, 15, 20), 'ok', 'the root longer';
    is $bytes->(), '80 0 3', 'both are counted';
    $max = 50;
    is $update->(2, 4, 20), 'ok', 'shorter where there is too much already';
    is $update->(2, 4, 21), 'too_large', 'longer';
    $max = 100;

    sql("UPDATE comments SET hidden_at = $T WHERE deal_id = 31"
        . ' AND comment_id = 2');
    is $create->(3, 1, 1, 23), 'thread_full', 'a hidden one still counts';
    sql("SELECT deals_comment_delete(31, 2, 5, false, $T)");
    is $bytes->(), '50 0 3', 'a deleted one does not';
    is $create->(3, 1, 1, 23), 'ok', 'it made room';
    sql("SELECT deals_comment_delete(31, 1, 5, false, $T)");
    is $bytes->(), '25 0 0 3', 'nor does a root';
    sql("SELECT deals_comment_delete(31, 3, 5, false, $T)");
    is $bytes->(), '0 0 0 3', 'in the end nothing is left';
};

subtest 'members' => sub {
    sql("INSERT INTO user_names VALUES ('ann', 7, 'Ann')");
    eval { sql("INSERT INTO user_names VALUES ('ann', 8, 'ANN')") };
    like $@, qr/duplicate key/, 'a name belongs to one';
    eval { sql("INSERT INTO user_names VALUES ('Bob', 8, 'Bob')") };
    like $@, qr/user_names_key/, 'keys ignore case';
    eval { sql("INSERT INTO user_names VALUES ('a b', 8, 'a b')") };
    like $@, qr/user_names_name/, 'names have their letters';
    eval { sql("INSERT INTO users"
               . " VALUES (8, 'bob', NULL, 'king', 'x', now())") };
    like $@, qr/users_role/, 'and roles their words';
};

$t->finish;
