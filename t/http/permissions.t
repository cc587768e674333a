#!/usr/bin/perl

# Who may do what: the owner, another member, a moderator and nobody at every
# address that changes something, by forms and by the API.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
%%SITE%%
CONF

my %name = (owner => 'owner1', other => 'other1', moderator => 'maud',
            nobody => 'owner1');
my %who = ((map { $_ => $t->member($name{$_}) } qw(owner other moderator)),
           nobody => $t->client);
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");

# A deal of the owner, and a comment of the owner on it, for each attempt.
sub fresh {
    my $deal = $who{owner}->post('/api/v1/deals',
        json => { title => 'A deal' })->json->{id};
    my $comment = $who{owner}->post("/api/v1/deals/$deal/comments",
        json => { body => 'A comment' })->json->{id};
    return ($deal, $comment);
}

# The id of another session of the owner.
sub spare {
    $t->sql("DELETE FROM sessions WHERE user_agent = 'spare'");
    $t->post('/api/v1/sessions', headers => { 'User-Agent' => 'spare' },
        json => { name => 'owner1', password => 'password of owner1' });
    my ($id) = map { $_->{id} } grep { ($_->{user_agent} // '') eq 'spare' }
        @{ $who{owner}->get('/api/v1/sessions')->json->{sessions} };
    return $id;
}

# What all that can be changed looks like.
sub state {
    my ($deal, $comment) = @_;
    return join '|', $t->sql("SELECT d.title, d.deleted_at IS NULL,
        d.hidden_at IS NULL, s.score, s.comment_count, s.live FROM deals d
        JOIN deal_stats s USING (deal_id) WHERE deal_id = $deal"),
        $t->sql("SELECT body, deleted_at IS NULL, score FROM comments
        WHERE deal_id = $deal ORDER BY comment_id");
}

# address => [method, body, owner, other, moderator, nobody]
my $in = 303;       # to the sign-in
my $sure = sub { return { current => 'password of ' . $name{ $_[0] } } };
my @matrix = (
    ['POST /submit', { title => 'Another' }, 303, 303, 303, $in],
    ['GET /submit', undef, 200, 200, 200, $in],
    ['GET /deals/D/-/edit', undef, 200, 403, 200, $in],
    ['POST /deals/D/-/edit', { title => 'Changed' }, 303, 403, 303, $in],
    ['POST /deals/D/-/edit', { title => '' }, 422, 403, 422, $in],
    ['POST /deals/D/-/delete', {}, 303, 403, 303, $in],
    ['POST /deals/D/-/hide', { hide => 1 }, 403, 403, 303, $in],
    ['POST /deals/D/-/vote', { value => -1 }, 303, 303, 303, $in],
    ['POST /deals/D/-/comments', { body => 'New' }, 303, 303, 303, $in],
    ['GET /deals/D/-/comments/C/edit', undef, 200, 403, undef, $in],
    ['POST /deals/D/-/comments/C/edit', { body => 'Changed' }, 303, 403, undef,
     $in],
    ['POST /deals/D/-/comments/C/delete', {}, 303, 403, 303, $in],
    ['POST /deals/D/-/comments/C/vote', { value => -1 }, 303, 303, 303, $in],
    ['POST /api/v1/deals', { title => 'Another' }, 201, 201, 201, 401],
    ['PATCH /api/v1/deals/D', { title => 'Changed' }, 200, 403, 200, 401],
    ['DELETE /api/v1/deals/D', undef, 204, 403, 204, 401],
    ['PUT /api/v1/deals/D/vote', { value => -1 }, 200, 200, 200, 401],
    ['POST /api/v1/deals/D/comments', { body => 'New' }, 201, 201, 201, 401],
    ['PATCH /api/v1/deals/D/comments/C', { body => 'Changed' }, 200, 403,
     undef, 401],
    ['DELETE /api/v1/deals/D/comments/C', undef, 204, 403, 204, 401],
    ['PUT /api/v1/deals/D/comments/C/vote', { value => -1 }, 200, 200, 200,
     401],
    ['GET /api/v1/me', undef, 200, 200, 200, 401],
    ['GET /settings', undef, 200, 200, 200, $in],
    ['POST /settings/password', { current => 'no', password => 'no' }, 422,
     422, 422, $in],
    ['POST /settings/sessions/end', $sure, 303, 303, 303, $in],
    ['POST /settings/sessions/end', { current => 'no' }, 422, 422, 422, $in],
    ['POST /settings/sessions/S/end', $sure, 303, 303, 303, $in],
    ['GET /settings/factor', undef, 200, 200, 200, $in],
    ['POST /settings/factor', { current => 'no' }, 422, 422, 422, $in],
    ['POST /settings/factor/confirm', { code => '12' }, 422, 422, 422, $in],
    ['POST /settings/factor/codes', { current => 'no', code => '12' }, 422, 422,
     422, $in],
    ['POST /settings/factor/end', { current => 'no', code => '12' }, 422, 422,
     422, $in],
    ['GET /api/v1/me/factor', undef, 200, 200, 200, 401],
    ['POST /api/v1/me/factor', { current => 'no' }, 422, 422, 422, 401],
    ['POST /api/v1/me/factor/confirm', { code => '12' }, 409, 409, 409, 401],
    ['POST /api/v1/me/factor/codes', { current => 'no', code => '12' }, 422, 422,
     422, 401],
    ['POST /api/v1/me/factor/end', { current => 'no', code => '12' }, 422, 422,
     422, 401],
    ['GET /api/v1/sessions', undef, 200, 200, 200, 401],
    ['POST /api/v1/sessions/end', $sure, 204, 204, 204, 401],
    ['POST /api/v1/sessions/end', { current => 'no' }, 422, 422, 422, 401],
    ['POST /api/v1/sessions/S/end', $sure, 204, 404, 404, 401],
    ['PUT /api/v1/me/password', { current => 'no', password =>
     'a long password' }, 422, 422, 422, 401],
);

for my $row (@matrix) {
    my ($what, $body, @want) = @$row;
    my ($method, $path) = split ' ', $what;
    my $api = $path =~ m{^/api/};
    for my $name (qw(owner other moderator nobody)) {
        my $want = shift @want;
        my ($deal, $comment) = fresh();
        my $before = state($deal, $comment);
        (my $p = $path) =~ s/\bD\b/$deal/;
        $p =~ s/\bC\b/$comment/;
        my $spare = $p =~ s/\bS\b/spare()/e;
        $body = $sure->($name) if ref $row->[1] eq 'CODE';
        my $r = $who{$name}->request($method, $p,
            $body ? (($api ? 'json' : 'form'), $body) : ());
        if (!defined $want) {

            # Whether moderators edit others' words is the community's rule; it
            # is the same by both ways.
            $row->[6] //= $r->status;
            ok $r->status < 500, "$what by $name: " . $r->status;
            next;
        }
        is $r->status, $want, "$what by $name" or diag $r->body;
        is $t->sql("SELECT count(*) FROM sessions WHERE user_agent = 'spare'"),
            $name eq 'owner' ? 0 : 1, '  and ended what it may' if $spare;
        my $refused = $want >= 400 || $name eq 'nobody';
        if ($name eq 'nobody' && !$api) {
            like $r->header('Location'), qr{^/login\?next=%2F},
                '  has to sign in';
        }
        if ($refused) {
            is state($deal, $comment), $before, '  and changed nothing';
        } elsif ($method ne 'GET' && $path =~ /D/) {
            isnt state($deal, $comment), $before, '  and changed something';
        }
    }
}

# Things of one deal can't be reached through another.
my ($deal, $comment) = fresh();
my ($deal2) = fresh();
for my $name (qw(owner moderator)) {
    my $c = $who{$name};
    my %form = (edit => { body => 'x' }, delete => {}, vote => { value => -1 });
    is $c->post("/deals/$deal2/-/comments/$comment/$_", form => $form{$_})
        ->status, 404, "$_ of a comment through another deal by $name"
        for sort keys %form;
    is $c->delete("/api/v1/deals/$deal2/comments/$comment")->status, 404,
        "deleting it so by the API, by $name";
}

# What is hidden.
$who{moderator}->post("/deals/$deal/-/hide", form => { hide => 1 });
is $who{$_->[0]}->get("/api/v1/deals/$deal")->status, $_->[1],
    "a hidden deal for $_->[0]"
    for [owner => 200], [other => 404], [moderator => 200], [nobody => 404];
is $who{other}->put("/api/v1/deals/$deal/vote", json => { value => 1 })->status,
    404, '  no votes';
is $who{other}->post("/api/v1/deals/$deal/comments", json => { body => 'x' })
    ->status, 404, '  no comments';
unlike $who{$_}->get('/new')->body, qr/data-id="$deal"/, "  in no list of $_"
    for qw(other nobody);
is $who{owner}->post("/deals/$deal/-/hide", form => { hide => 0 })->status, 403,
    '  its author can not show it';

# A moderator no more.
$t->sql("UPDATE users SET role = 'member' WHERE name = 'maud'");
is $who{moderator}->post("/deals/$deal2/-/hide", form => { hide => 1 })->status,
    403, 'a moderator no more';

# A session that was ended elsewhere.
my $again = $t->client;
$again->post('/login', form => { name => 'other1', password =>
                                 'password of other1' });
is $again->get('/api/v1/me')->status, 200, 'a session';
$t->sql('DELETE FROM sessions');
is $again->put("/api/v1/deals/$deal2/vote", json => { value => 1 })->status, 401,
    'ended elsewhere changes nothing';
is $again->get('/')->status, 200, 'and reads as anybody';

$t->finish;
