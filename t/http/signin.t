#!/usr/bin/perl

# Guessing passwords: whoever guesses is slowed down, wherever the guesses come
# from, and the one whose name it is gets in all the same.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit signin=3/m signup=off;
%%SITE%%
CONF

my $home = '127.0.0.10';
my $ann = $t->member('ann', undef, from => $home);

# Counts are by minute: each part begins with counts of its own.
sub afresh {
    $t->within(60, 20);
    $t->flush_redis;
}

# The statuses of a part. Redis has an instant to count a guess: where it was late
# on a busy machine, nginx counts that one apart, and the part is done once more.
sub part {
    my ($want, $code) = @_;
    my @got;
    for (1 .. 3) {
        afresh();
        @got = $code->();
        last if "@got" eq "@$want";
    }
    return @got;
}

sub try_from {
    my ($from, $name, $password) = @_;
    my $r = $t->client(from => $from)->post('/api/v1/sessions',
        json => { name => $name, password => $password // "password of $name" });
    return $r->status;
}

# --- from all over the world ---------------------------------------------------

my @got = part([401, 401, 401, 429, 429, 429, 201, 201, 201, 429, 401], sub {
    return (map { try_from("127.0.1.$_", 'ann', 'guess') } 1 .. 5),
        try_from('127.0.1.99', 'ann'),
        (map { try_from($home, $_, 'password of ann') } qw(ann ANN Ann)),
        try_from($home, 'ann'), try_from('127.0.1.7', 'bob', 'guess');
});
is_deeply [@got[0 .. 4]], [401, 401, 401, 429, 429],
    'guesses at one name, each from another address';
is $got[5], 429, '  are not let in by luck either';
is_deeply [@got[6 .. 8]], [201, 201, 201],
    'the member gets in from where she was before';
is $got[9], 429, '  as often as the limit says';
is $got[10], 401, 'other names are guessed apart';

# --- from one address ------------------------------------------------------------

@got = part([401, 401, 401, 429, 429], sub {
    return (map { try_from('127.0.2.1', "someone$_", 'guess') } 1 .. 4),
        try_from('127.0.2.1', 'ann');
});
is_deeply [@got[0 .. 3]], [401, 401, 401, 429],
    'guesses from one address at many names';
is $got[4], 429, '  end for all names';

# Neighbours, behind the same address.
@got = part([401, 401, 401, 429, 201, 401, 401, 429], sub {
    return (map { try_from($home, "someone$_", 'guess') } 1 .. 4),
        try_from($home, 'ann'), map { try_from($home, 'ann', 'guess') } 1 .. 3;
});
is_deeply [@got[0 .. 3]], [401, 401, 401, 429],
    'guesses from the address of a member';
is $got[4], 201, '  do not keep her out';
is_deeply [@got[5 .. 7]], [401, 401, 429],
    '  but guesses at her name are counted there too';

# One's own success does not pay for guesses at others.
$t->member('eve', undef, from => '127.0.3.1');
my @between = (401, 201, 401, 201, 401, 201, 429, 429);
is_deeply [part(\@between, sub {
    return map { (try_from('127.0.3.1', 'ann', 'guess'),
                  try_from('127.0.3.1', 'eve')) } 1 .. 4;
})], \@between, 'signing in between guesses gives none back';

# --- nothing is told -----------------------------------------------------------------

my @answers;
part([(422, 422, 422, 429, 429) x 2], sub {
    @answers = map {
        my $name = $_;
        [map { my $r = $t->client(from => "127.0.4.$_")->post('/login', form =>
            { name => $name, password => 'guess' });
            $r->status . ' ' . $r->body =~ s/\Q$name\E//gr } 1 .. 5]
    } qw(ann nob);
    return map { /^(\d+)/ } map { @$_ } @answers;
});
is_deeply $answers[0], $answers[1],
    'a member and nobody: the same answers, the same limit';
is $answers[0][4] =~ /^(\d+)/ ? $1 : '', 429, '  to its end';

# --- what is remembered ---------------------------------------------------------------

is_deeply [$t->sql("SELECT DISTINCT length(network) FROM user_networks")], [64],
    'networks are remembered as hashes';
$t->sql("UPDATE user_networks SET seen_at = now() - interval '181 days'");
@got = part([401, 401, 401, 429, 429], sub {
    return (map { try_from("127.0.5.$_", 'ann', 'guess') } 1 .. 4),
        try_from($home, 'ann');
});
is $got[4], 429, 'not for ever';
afresh();
is try_from('127.0.5.9', 'ann'), 201, 'a new one is learnt';
is_deeply [$t->sql("SELECT count(*) FROM user_networks JOIN users
    USING (user_id) WHERE name = 'ann'")], [1], '  and the old one goes';
try_from("127.0.5.$_", 'ann', 'guess') for 1 .. 4;
is try_from('127.0.5.9', 'ann'), 201, '  at once';

# Without Redis nginx counts.
$t->stop_redis;
$t->afresh;
is_deeply [map { try_from("127.0.6.$_", 'ann', 'guess') } 1 .. 4],
    [401, 401, 401, 429], 'without Redis, too';
is try_from('127.0.5.9', 'ann'), 201, '  and the member gets in';

$t->finish;
