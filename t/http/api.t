#!/usr/bin/perl

# The API: what each operation takes and answers.

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

my $api = '/api/v1';

sub problem {
    my ($r, $status, $what, @fields) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, $what or diag $r->body;
    is $r->header('Content-Type'), 'application/problem+json', '  as a problem';
    my $json = $r->json;
    is $json->{status}, $status, '  of that status';
    is_deeply [sort map { $_->{field} } @{ $json->{errors} || [] }],
        [sort @fields], '  naming each field' or diag $r->body;
    return $json;
}

# --- accounts and sessions -----------------------------------------------------

my $r = $t->post("$api/accounts", json => { name => 'ann',
    password => 'a long password', email => 'ann@example.org' });
is $r->status, 201, 'an account';
is $r->header('Location'), "$api/users/ann", '  has an address';
is $r->json->{user}{name}, 'ann', '  a name';
is $r->json->{user}{role}, 'member', '  a role';
like $r->json->{token}, qr/^\d+\.[\w-]{32}$/, '  and a token';
my $ann = $r->json->{token};

problem($t->post("$api/accounts", json => { name => 'Ann',
    password => 'a long password' }), 409, 'a name that is taken', 'name');
problem($t->post("$api/accounts", json => { name => 'a', password => 'x' }),
    422, 'bad values', 'name', 'password');
problem($t->post("$api/accounts", json => { name => 'abc', colour => 'red' }),
    422, 'missing and unknown fields', 'password', 'colour');
problem($t->post("$api/accounts", json => { name => 1, password => [] }),
    422, 'other types', 'name', 'password');

$r = $t->post("$api/sessions", json => { name => 'ann',
                                         password => 'a long password' });
is $r->status, 201, 'a session';
like $r->header('Set-Cookie'), qr/^deals=\Q${\ $r->json->{token}}\E; Path=\/; /,
    '  is set as a cookie too';
my $second = $r->json->{token};
isnt $second, $ann, '  is a new one';
problem($t->post("$api/sessions", json => { name => 'ann', password => 'x' }),
    401, 'a wrong password');

$r = $t->get("$api/me", bearer => $ann);
is $r->json->{email}, 'ann@example.org', 'who I am';
is $r->header('Cache-Control'), 'no-store', '  is nobody else\'s';
problem($t->get("$api/me"), 401, 'who am I?');

$r = $t->delete("$api/sessions/current", bearer => $second);
is $r->status, 204, 'ending a session';
is $r->body, '', '  with nothing to say';
is $r->header('Content-Type'), undef, '  of no type';
problem($t->get("$api/me", bearer => $second), 401, '  ends it');
is $t->get("$api/me", bearer => $ann)->status, 200, '  and no other';

$r = $t->get("$api/users/ANN");
is_deeply [sort keys %{ $r->json }], [qw(created_at name role)],
    'what others see of a member';
problem($t->get("$api/users/nobody"), 404, 'no member');

# --- deals ------------------------------------------------------------------------

my @ann = (bearer => $ann);
$r = $t->post("$api/deals", @ann, json => {
    title => 'A television', url => 'https://shop.example/tv?a=1',
    description => '**good**', merchant => 'TV Shop', tags => ['TV', 'sale'],
    price => { amount => 19999, currency => 'EUR' },
    list_price => { amount => 29999, currency => 'EUR' },
    starts_at => undef, expires_at => '2099-01-01T00:00:00Z' });
is $r->status, 201, 'a deal';
my $deal = $r->json;
my $id = $deal->{id};
is $r->header('Location'), "$api/deals/$id", '  has an address';
my %want = (title => 'A television', url => 'https://shop.example/tv?a=1',
    description => '**good**',
    merchant => { name => 'TV Shop', slug => 'tv-shop' },
    price => { amount => 19999, currency => 'EUR' },
    list_price => { amount => 29999, currency => 'EUR' },
    author => { name => 'ann' }, source => undef, tags => ['tv', 'sale'],
    comment_count => 0, starts_at => undef,
    expires_at => '2099-01-01T00:00:00Z', status => 'active');
is_deeply $deal->{$_}, $want{$_}, "  its $_" for sort keys %want;
is_deeply [sort keys %$deal], [sort qw(id created_at score up down my_vote),
    keys %want], '  and nothing else';
$r = $t->get("$api/deals/$id");
is_deeply $r->json, { %$deal, my_vote => 0 }, '  is there for all';
is $r->header('Content-Type'), 'application/json', '  as JSON';
like $r->body, qr/^\{"id":\d+,"title":"A television","url":/,
    '  its fields in order';

problem($t->post("$api/deals", @ann, json => {}), 422, 'a deal of nothing',
    'title');
problem($t->post("$api/deals", @ann, json => { title => 'A title', colour => 1,
    price => { amount => 'x', currency => 1 }, url => [], tags => 'x',
    starts_at => '2026-02-30T00:00:00Z' }), 422, 'a deal of other types',
    'colour', 'price.amount', 'price.currency', 'starts_at', 'tags', 'url');
problem($t->post("$api/deals", @ann, json => { title => 'x',
    url => 'ftp://x', tags => [map { "tag$_" } 1 .. 9],
    starts_at => '2030-01-02T00:00:00Z', expires_at => '2030-01-01T00:00:00Z',
    }), 422, 'a deal of mistakes', 'expires_at', 'tags', 'title', 'url');
problem($t->post("$api/deals", @ann, json => { title => 'x', url => 'ftp://x',
    starts_at => 5, price => { amount => 5, currency => 'XXX' } }), 422,
    'mistakes of both kinds at once', 'price.currency', 'starts_at', 'title',
    'url');
problem($t->post("$api/deals", @ann, json => { title => 'A title',
    price => { amount => 1.5, currency => 'USD' } }), 422,
    'half a cent', 'price.amount');
problem($t->post("$api/deals", json => { title => 'A title' }), 401,
    'a deal by nobody');
problem($t->get("$api/deals/1"), 404, 'no deal');

$r = $t->patch("$api/deals/$id", @ann, json => { price => undef,
                                                 title => 'A better one' });
is $r->status, 200, 'a change';
is_deeply $r->json, { %$deal, title => 'A better one', price => undef },
    '  of what was named, and of nothing else' or diag $r->body;
is $t->patch("$api/deals/$id", @ann, json => {})->status, 200, 'no change';
problem($t->patch("$api/deals/$id", @ann, json => { title => undef }), 422,
    'a deal without a title', 'title');
problem($t->patch("$api/deals/$id", @ann, json => { id => 7 }), 422,
    'another id', 'id');

# --- lists --------------------------------------------------------------------------

my @id = ($id);
for my $n (1 .. 6) {
    push @id, $t->post("$api/deals", @ann, json => { title => "Deal $n" })
        ->json->{id};
}
for my $sort (qw(hot new top)) {
    my ($next, @order) = ('');
    for (1 .. 9) {
        $r = $t->get("$api/deals?sort=$sort&limit=3&cursor=$next");
        is $r->status, 200, "$sort, page $_" or last;
        push @order, map { $_->{id} } @{ $r->json->{deals} };
        $next = $r->json->{next} // last;
    }
    is_deeply [sort @order], [sort @id], '  each once';
    is_deeply \@order, [reverse @id], '  in order' if $sort eq 'new';
}
$r = $t->get("$api/deals");
ok !exists $r->json->{deals}[0]{description}, 'a list has no texts';
is_deeply [map { $_->{id} } @{ $r->json->{deals} }],
    [map { $_->{id} } @{ $t->get("$api/deals?sort=hot")->json->{deals} }],
    'hot is the default';
is scalar @{ $t->get("$api/deals?limit=100&x=y&x=z")->json->{deals} }, 7,
    'a hundred, and unknown names ignored';
problem($t->get("$api/deals?limit=$_"), 422, "limit $_", 'limit')
    for 0, -1, 101, 'x', '1.5', '99999999999999999999';
problem($t->get("$api/deals?sort=old"), 422, 'an unknown order', 'sort');
problem($t->get("$api/deals?sort=top&window=eon"), 422, 'an unknown window',
    'window');
is $t->get("$api/deals?cursor=abc")->status, 400, 'a cursor that is none';
is $t->get("$api/deals?cursor=%zz")->status, 400, 'an escape that is none';
is $t->get("$api/deals?cursor=%ff")->status, 400, 'bytes that are no text';

# --- votes --------------------------------------------------------------------------------

my $bob = $t->post("$api/accounts", json => { name => 'bob',
    password => 'password of bob' })->json->{token};
my @bob = (bearer => $bob);
for my $vote ([1, 2, 0], [1, 2, 0], [-1, 1, 1], [0, 1, 0]) {
    my ($value, $up, $down) = @$vote;
    $r = $t->put("$api/deals/$id/vote", @bob, json => { value => $value });
    is_deeply $r->json, { id => $id, score => $up - $down, up => $up,
        down => $down, my_vote => $value }, "a vote of $value";
}
$t->put("$api/deals/$id/vote", @bob, json => { value => -1 });
is $t->get("$api/deals/$id", @bob)->json->{my_vote}, -1, 'I see my vote';
is $t->get("$api/deals?limit=1&sort=new", @ann)->json->{deals}[0]{my_vote}, 1,
    'also in a list';
is $t->get("$api/deals/$id", @ann)->json->{my_vote}, 1, 'others see theirs';
problem($t->put("$api/deals/$id/vote", @bob, json => { value => 2 }), 422,
    'two at once', 'value');
problem($t->put("$api/deals/$id/vote", @bob, json => { value => '1' }), 422,
    'a text', 'value');
problem($t->put("$api/deals/$id/vote", @bob, json => {}), 422, 'none',
    'value');
problem($t->put("$api/deals/7/vote", @bob, json => { value => 1 }), 404,
    'on nothing');

# --- comments -------------------------------------------------------------------------------

$r = $t->post("$api/deals/$id/comments", @bob, json => { body => '*Nice*',
                                                         parent_id => undef });
is $r->status, 201, 'a comment';
my $comment = $r->json;
my $cid = $comment->{id};
like $r->header('Location'), qr{^$api/deals/$id/comments/$cid$},
    '  has an address';
like $comment->{html}, qr{<em>Nice</em>}, '  is rendered';
is $comment->{depth}, 0, '  at the root';
$r = $t->post("$api/deals/$id/comments", @ann, json => { body => 'Thanks',
                                                         parent_id => $cid });
is $r->json->{depth}, 1, 'an answer';
is $r->json->{parent_id}, $cid, '  to it';
$t->post("$api/deals/$id/comments", @ann, json => { body => 'Second' });
$r = $t->get("$api/deals/$id/comments");
is_deeply [sort map { $_->{body} } @{ $r->json->{comments} }],
    ['*Nice*', 'Second', 'Thanks'], 'all are listed';
my %at = map { $r->json->{comments}[$_]{body} => $_ } 0 .. 2;
is $at{Thanks}, $at{'*Nice*'} + 1, '  an answer after what it answers';
my ($next, @seen) = ('');
for (1 .. 4) {
    $r = $t->get("$api/deals/$id/comments?limit=1&cursor=$next");
    push @seen, map { $_->{id} } @{ $r->json->{comments} };
    $next = $r->json->{next} // last;
}
is scalar @seen, 3, 'paged by root: each once';
is $t->get("$api/deals/$id")->json->{comment_count}, 3, 'they are counted';

$r = $t->put("$api/deals/$id/comments/$cid/vote", @ann, json => { value => 1 });
is $r->json->{up}, $comment->{up} + 1, 'a vote on a comment';
is $r->json->{id}, $cid, '  is of the comment';
$r = $t->patch("$api/deals/$id/comments/$cid", @bob, json => { body => 'So so' });
is $r->status, 200, 'changing it';
is $r->json->{body}, 'So so', '  changes it';
problem($t->patch("$api/deals/$id/comments/$cid", @bob, json => {
    body => 'x', parent_id => undef }), 422, 'it can not move', 'parent_id');
problem($t->patch("$api/deals/$id/comments/$cid", @ann, json => {
    body => 'x' }), 403, 'nor be changed by others');
is $t->delete("$api/deals/$id/comments/$cid", @bob)->status, 204, 'deleting it';
$r = $t->get("$api/deals/$id/comments");
my ($gone) = grep { $_->{id} == $cid } @{ $r->json->{comments} };
is_deeply [@$gone{qw(body html author)}], [undef, undef, undef],
    '  leaves only its place';
ok $gone->{deleted}, '  and says so';
problem($t->post("$api/deals/$id/comments", @bob, json => { body => '' }),
    422, 'an empty comment', 'body');
problem($t->post("$api/deals/$id/comments", @bob, json => { body => 'x',
    parent_id => 7 }), 422, 'an answer to nothing', 'parent_id');
problem($t->post("$api/deals/7/comments", @bob, json => { body => 'x' }),
    404, 'a comment on nothing');
problem($t->get("$api/deals/7/comments"), 404, 'comments of nothing');

# --- and away -----------------------------------------------------------------------------------

problem($t->delete("$api/deals/$id", @bob), 403, 'not by others');
is $t->delete("$api/deals/$id", @ann)->status, 204, 'deleting a deal';
problem($t->get("$api/deals/$id"), 404, '  deletes it');
problem($t->get("$api/deals/$id", @ann), 404, '  for its author too');
problem($t->put("$api/deals/$id/vote", @bob, json => { value => 1 }), 404,
    '  and for votes');

# --- limits ---------------------------------------------------------------------------------------

is $t->post("$api/deals", @ann, json => { title => 'x' x 300 })->status, 201,
    'a title of 300 characters';
problem($t->post("$api/deals", @ann, json => { title => 'x' x 301 }), 422,
    'of 301', 'title');
is $t->post("$api/deals", @ann, json => { title => 'Long text',
    description => "\x{1F600}" x 20000 })->status, 201,
    'a text of 20,000 characters of four bytes';
problem($t->post("$api/deals", @ann, json => { title => 'Long text',
    description => 'x' x 20001 }), 422, 'of 20,001', 'description');

$t->finish;
