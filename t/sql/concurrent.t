# Batches from several writers at once, on the same few deals: no deadlock, and
# every counter is what the votes say when they are done.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Deals::Test;

my $WRITERS = 6;
my $BATCHES = 40;

my $t = Deals::Test->new(redis => 0);

$t->sql(<<'SQL');
SELECT deals_deal_create(i, 7, 'ann', 'Deal', NULL, NULL, NULL, NULL, NULL,
                         NULL, NULL, NULL, NULL, NULL, '{a}', NULL, NULL, now())
  FROM generate_series(1, 20) AS i;
SELECT deals_comment_create(d, c, CASE WHEN c > 1 THEN 1 END, 7, 'ann', 'x',
                            'x', 1, now(), 100000, 1000000, 50)
  FROM generate_series(1, 5) AS d, generate_series(1, 4) AS c;
SQL

# Runs these scripts at once, each in a session of its own; what they said.
sub at_once {
    my (@scripts) = @_;
    my @pids;

    for my $i (0 .. $#scripts) {
        my $file = $t->dir . "/script.$i";
        open(my $out, '>', $file) or die;
        print {$out} $scripts[$i];
        close($out);
        my $pid = fork // die;
        if (!$pid) {
            open(STDOUT, '>', "$file.out");
            open(STDERR, '>&', \*STDOUT);
            exec('psql', '-XAtq', '-v', 'ON_ERROR_STOP=0', '-f', $file,
                 $t->database) or POSIX::_exit(127);
        }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
    return map { my $i = $_; local (@ARGV, $/) = $t->dir . "/script.$i.out";
                 <> // '' } 0 .. $#scripts;
}

# Random batches, repeatable by writer: 50 votes in no order, with repeats, all
# states, times that overlap.
sub batches {
    my ($writer, $comments) = @_;
    my $out = '';

    srand($writer * 1000 + ($comments // 0));
    for (1 .. $BATCHES) {
        my (@deals, @of, @users, @votes, @times);
        for (1 .. 50) {
            push @deals, 1 + int rand($comments ? 5 : 20);
            push @of, 1 + int rand 4;
            push @users, 1 + int rand 30;
            push @votes, -1 + int rand 3;
            push @times, "'2026-01-01Z'::timestamptz + interval '"
                . int(rand 1000) . " ms'";
        }
        my $arrays = join ', ',
            map { 'ARRAY[' . join(',', @$_) . ']' }
            \@deals, ($comments ? \@of : ()), \@users;
        $out .= 'SELECT count(*) FROM deals_' . ($comments ? 'comment_' : '')
            . "vote($arrays, ARRAY[" . join(',', @votes) . "]::int2[], ARRAY["
            . join(',', @times) . "]::timestamptz[]);\n";
    }
    return $out;
}

# Comments that come and go, deals that are hidden and shown, meanwhile.
sub bustle {
    my ($writer) = @_;
    my $out = '';

    for my $i (1 .. $BATCHES) {
        my ($deal, $id) = (1 + $i % 5, 1000 * $writer + $i);
        $out .= "SELECT deals_comment_create($deal, $id, 1 + $i % 4, 7, 'ann',"
            . " 'x', 'x', 1, now(), 100000, 1000000, 50);\n"
            . "SELECT deals_comment_update($deal, 2 + $i % 3, 7, false,"
            . " repeat('x', 1 + $i), 'x', 1, now(), 1000000);\n"
            . "SELECT deals_comment_delete($deal, $id, 7, false, now());\n"
            . "SELECT deals_comment_delete($deal, 2 + $i % 3, 7, false,"
            . " now());\n"
            . "SELECT deals_deal_hide($deal, ($i / 5 + $writer) % 2 = 0, NULL,"
            . " now());\n"
            . "SELECT deals_deal_update($deal, 7, false, 64, NULL, NULL, NULL,"
            . " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
            . " ARRAY['t$i', 'a'], NULL, NULL, now());\n";
    }
    return $out;
}

my @said = at_once((map { batches($_) } 1 .. $WRITERS),
                   (map { batches($_, 1) } 1 .. $WRITERS),
                   (map { bustle($_) } 1 .. 2));

for my $i (0 .. $#said) {
    my @errors = grep { /ERROR|FATAL/ } split /\n/, $said[$i];
    is "@errors", '', "writer $i: no error";
}
is scalar(grep { $_ eq '50' } map { split /\n/ } @said),
    2 * $WRITERS * $BATCHES, 'every vote was answered';

my $r = $t->deals('verify');
is $r->{code}, 0, 'nothing has drifted' or diag $r->{out}, $r->{err};
is $t->sql(<<'SQL'), 0, 'by another count too';
SELECT count(*) FROM deal_stats s
 WHERE (s.up, s.down) <>
       ((SELECT count(*) FROM votes v
          WHERE v.deal_id = s.deal_id AND v.value = 1),
        (SELECT count(*) FROM votes v
          WHERE v.deal_id = s.deal_id AND v.value = -1))
SQL
isnt $t->sql('SELECT count(*) FROM votes WHERE value <> 0'), 0,
    'there were votes';

# The newest of a pair's votes stands, whoever came last. Of the same minute: what
# is older by more was cast by a clock that was set back.
my %newest;
for my $writer (1 .. $WRITERS) {
    for my $line (split /\n/, batches($writer)) {
        my @arrays = map { [ split /,/ ] } $line =~ /ARRAY\[([^\]]*)\]/g;
        for my $i (0 .. 49) {
            my ($deal, $user, $vote) = map { $arrays[$_][$i] } 0 .. 2;
            my ($at) = $arrays[3][$i] =~ /'(\d+) ms'/;
            my $old = $newest{"$deal $user"};
            if (!$old || $old->[0] < $at) {
                $newest{"$deal $user"} = [ $at, { $vote => 1 } ];
            } elsif ($old->[0] == $at) {
                $old->[1]{$vote} = 1;
            }
        }
    }
}
my %stands = map { my ($d, $u, $v) = split /\|/; ("$d $u" => $v) }
    $t->sql('SELECT deal_id, user_id, value FROM votes WHERE deal_id > 5');
my @wrong = grep { !$newest{$_}[1]{ $stands{$_} // 9 } }
    grep { /\A(?:[6-9]|1\d|20) / } sort keys %newest;
is "@wrong", '', 'the newest vote stands';

$t->finish;
