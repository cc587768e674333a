#!/usr/bin/perl

# Idempotency-Key: who got no answer may ask again, and what is made is made
# once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF', workers => 2);
%%UNLIMITED%%
server {
    listen 127.0.0.1:%%PORT%% reuseport;
    location / { deals; }
}
CONF

my ($ann, $bob) = map { $t->member($_) } qw(ann bob);
my %deal = (title => 'Made once', price => { amount => 5, currency => 'EUR' },
    tags => ['one', 'two']);

sub make {
    my ($who, $key, $path, $body) = @_;
    return $who->post($path, json => $body,
        headers => { 'Idempotency-Key' => $key });
}

sub count { return $t->sql("SELECT count(*) FROM $_[0]") }

# --- a deal ---------------------------------------------------------------------

my $first = make($ann, 'k-1', '/api/v1/deals', \%deal);
is $first->status, 201, 'a deal is made';
for my $again (1 .. 3) {
    my $r = make($ann, 'k-1', '/api/v1/deals', \%deal);
    is $r->status, 201, "asked again ($again)";
    is_deeply $r->json, $first->json, '  the same answer';
    is $r->header('Location'), $first->header('Location'), '  the same address';
}
is count('deals'), 1, 'it was made once';
is $first->json->{score}, 1, '  with one vote';

my $r = make($ann, 'k-1', '/api/v1/deals', { %deal, title => 'Another one' });
is $r->status, 422, 'another body under the key';
is $r->json->{errors}[0]{field}, 'Idempotency-Key', '  is told about the key';
is count('deals'), 1, '  and nothing is made';

$r = make($bob, 'k-1', '/api/v1/deals', \%deal);
is $r->status, 201, "another member's key of the same name";
isnt $r->json->{id}, $first->json->{id}, '  is for another deal';

isnt make($ann, 'k-2', '/api/v1/deals', \%deal)->json->{id},
    $first->json->{id}, 'another key, another deal';
isnt $ann->post('/api/v1/deals', json => \%deal)->json->{id},
    $first->json->{id}, 'no key, another deal';

for my $key ('', ' ', 'a b', "\xc3\xa4", 'x' x 256) {
    $r = make($ann, $key, '/api/v1/deals', \%deal);
    is $r->status, 422, 'no key at all: ' . substr $key, 0, 10;
    is $r->json->{errors}[0]{field}, 'Idempotency-Key', '  named';
}
is make($ann, 'x' x 255, '/api/v1/deals', \%deal)->status, 201,
    'the longest key';

$r = make($ann, 'k-3', '/api/v1/deals', { %deal, title => '' });
is $r->status, 422, 'a bad deal';
is make($ann, 'k-3', '/api/v1/deals', \%deal)->status, 201,
    '  does not use up its key';

# --- a comment ------------------------------------------------------------------

my $id = $first->json->{id};
my $path = "/api/v1/deals/$id/comments";
my $c = make($ann, 'k-1', $path, { body => 'words' });
is $c->status, 422, 'a key of a deal is none for a comment';
$c = make($ann, 'c-1', $path, { body => 'words' });
is $c->status, 201, 'a comment is made';
for my $again (1 .. 2) {
    $r = make($ann, 'c-1', $path, { body => 'words' });
    is $r->status, 201, 'asked again';
    is $r->json->{id}, $c->json->{id}, '  the same comment';
    is $r->header('Location'), $c->header('Location'), '  the same address';
}
is make($ann, 'c-1', $path, { body => 'others' })->status, 422, 'other words';
is make($ann, 'c-1', '/api/v1/deals/' . $r->json->{id} . '/comments',
    { body => 'words' })->status, 404, 'of another deal';
is count('comments'), 1, 'it was made once';

# What could not be made leaves its key free.
$r = make($ann, 'c-2', $path, { body => 'words', parent_id => 12345 });
is $r->status, 422, 'an answer to nothing';
is count("creations WHERE key = 'c-2'"), 0, '  has no key';
is make($ann, 'c-2', $path, { body => 'words' })->status, 201,
    '  which is good for another';

# --- at once ---------------------------------------------------------------------

my @asked = map { $t->client->begin(POST => '/api/v1/deals', bearer =>
    $ann->{cookie}{deals}, json => { title => 'At once' }, headers => {
    'Idempotency-Key' => 'at-once' }) } 1 .. 30;
my (%status, %ids);
for my $r (map { $_->() } @asked) {
    $status{ $r->status }++;
    $ids{$1}++ if $r->body =~ /"id":(\d+),"title":"At once"/;
}
is_deeply \%status, { 201 => 30 }, '30 at once, all answered';
is scalar keys %ids, 1, '  with one deal';
is count("deals WHERE title = 'At once'"), 1, '  which is there once';

# --- later -----------------------------------------------------------------------

$t->sql("UPDATE creations SET created_at = created_at - interval '23 hours'");
is make($ann, 'k-1', '/api/v1/deals', \%deal)->json->{id}, $id,
    'a day is not over';
$t->sql("UPDATE creations SET created_at = created_at - interval '2 hours'");
isnt make($ann, 'k-1', '/api/v1/deals', \%deal)->json->{id}, $id,
    'a day later the key is forgotten';
is count("creations c JOIN users u USING (user_id) WHERE u.name = 'ann'"), 1,
    '  with the others of that time';

my $gone = make($ann, 'k-9', '/api/v1/deals', \%deal)->json->{id};
is $ann->delete("/api/v1/deals/$gone")->status, 204, 'what was deleted since';
is make($ann, 'k-9', '/api/v1/deals', \%deal)->status, 404,
    '  is not made again';

is $t->get('/api/v1/deals', headers => { 'Idempotency-Key' => '' })->status, 200,
    'reads know no keys';
is $t->deals('verify')->{code}, 0, 'all counters are right';
$t->finish;
