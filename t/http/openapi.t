#!/usr/bin/perl

# The API's description against the API: every operation is asked for each answer
# that the description promises, and every answer is held against it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Schema;
use Deals::Test::Totp;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signin=1/m signup=1/m post=1/m comment=1/m vote=1/m;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:away%%;
    deals_database "host=%%DIR%% dbname=away";
    deals_redis off;
    location / { deals; }
}
CONF

my $r = $t->get('/api/v1/openapi.json');
is $r->status, 200, 'the description';
is $r->header('Content-Type'), 'application/json', '  is JSON';
my $doc = $r->json;
is $doc->{openapi}, '3.1.0', '  of this version';
is_deeply $doc->{servers}, [{ url => '/api/v1' }], '  says where the API is';
my $schema = Deals::Test::Schema->new($doc);

# --- what can be held against it -----------------------------------------------

my (%seen, %operation);
for my $path (sort keys %{ $doc->{paths} }) {
    my $item = $doc->{paths}{$path};
    for my $method (grep { $_ ne 'parameters' } sort keys %$item) {
        my $op = $item->{$method};
        ok !$operation{ $op->{operationId} }, "$op->{operationId} is one";
        $operation{ $op->{operationId} } = { %$op, path => $path,
            method => uc $method,
            parameters => [map { $schema->resolve($_) }
                @{ $item->{parameters} || [] }, @{ $op->{parameters} || [] }] };
    }
}

my %client = (ann => $t->member('ann'), bob => $t->member('bob'),
              nobody => $t->client);
my %token = map { $_ => $client{$_}{cookie}{deals} } qw(ann bob);

# ask(OPERATION, STATUS, {id, cid, name, query, json, as, ...}): asks, and checks;
# with `tries` until it has the status, at most so often.
sub ask {
    my ($id, $status, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $op = $operation{$id};
    my $path = "/api/v1$op->{path}";
    for my $name ($path =~ /\{(\w+)\}/g) {
        my ($p) = grep { $_->{name} eq $name && $_->{in} eq 'path' }
            @{ $op->{parameters} };
        ok $p, "$id describes {$name}";
        $path =~ s/\{$name\}/$o{$name} \/\/ die "no $name"/e;
    }
    if ($o{query}) {
        $path .= '?' . join '&', map { "$_=$o{query}{$_}" } sort keys %{ $o{query} };
        for my $name (keys %{ $o{query} }) {
            ok +(grep { $_->{name} eq $name && $_->{in} eq 'query' }
                @{ $op->{parameters} }), "$id describes ?$name";
        }
    }
    if ($status < 300 && exists $o{json}) {
        my @wrong = $schema->check($o{json},
            $op->{requestBody}{content}{'application/json'}{schema});
        is_deeply \@wrong, [], "$id: what is sent is as described";
    }
    my %with = map { exists $o{$_} ? ($_ => $o{$_}) : () }
        qw(json body type headers site);
    $with{bearer} = $o{token} // $token{ $o{as} } if $o{token} || $o{as};
    my $got;
    for (1 .. $o{tries} // 1) {
        my $c = $o{client}
            // $t->client($o{port} ? (port => $t->port($o{port})) : ());
        $got = $c->request($op->{method}, $path, %with);
        last if $got->status == $status;
    }
    is $got->status, $status, "$id: $status" or do {
        diag $got->head, "\n", $got->body;
        return $got;
    };
    $seen{$id}{$status} = 1;
    my $as = $op->{responses}{$status};
    ok $as, '  is described' or return $got;
    $as = $schema->resolve($as);
    ok defined $got->header($_), "  with the header $_"
        for sort keys %{ $as->{headers} || {} };
    if (!$as->{content}) {
        is $got->body, '', '  has no body';
        return $got;
    }
    my ($type) = keys %{ $as->{content} };
    is $got->header('Content-Type'), $type, "  is $type";
    my @wrong = $schema->check($got->json, $as->{content}{$type}{schema});
    is_deeply \@wrong, [], '  and as described' or diag $got->body;
    return $got;
}

# --- what works ------------------------------------------------------------------

my $full = { title => 'A television', url => 'https://shop.example/tv',
    description => '*good*', merchant => 'TV Shop', tags => ['tv'],
    price => { amount => 19999, currency => 'EUR' },
    list_price => { amount => 29999, currency => 'EUR' },
    starts_at => '2020-01-01T00:00:00Z', expires_at => '2099-01-01T00:00:00Z' };
my %null = map { $_ => undef } qw(url description merchant price list_price
                                  starts_at expires_at);
my $deal = ask(createDeal => 201, as => 'ann', json => $full)->json->{id};
ask(createDeal => 201, as => 'ann', json => { title => 'Only a title' });
ask(createDeal => 201, as => 'ann', json => { title => 'Nulls', %null });
ask(createDeal => 201, as => 'ann', json => { title => 'Later',
    starts_at => '2098-01-01T00:00:00Z' });
ask(getDeal => 200, id => $deal);
ask(updateDeal => 200, as => 'ann', id => $deal, json => { price => undef,
    tags => ['a', 'b'] });
ask(voteOnDeal => 200, as => 'bob', id => $deal, json => { value => 1 });
my $comment = ask(createComment => 201, as => 'bob', id => $deal,
    json => { body => 'Nice' })->json->{id};
my $answer = ask(createComment => 201, as => 'ann', id => $deal,
    json => { body => 'Thanks', parent_id => $comment })->json->{id};
ask(voteOnComment => 200, as => 'ann', id => $deal, cid => $comment,
    json => { value => -1 });
ask(updateComment => 200, as => 'bob', id => $deal, cid => $comment,
    json => { body => 'Nicer' });
ask(deleteComment => 204, as => 'bob', id => $deal, cid => $comment);
ask(listComments => 200, id => $deal, query => { limit => 1 });
my $next = ask(listComments => 200, id => $deal)->json->{next};
for my $sort (qw(hot new top)) {
    my $page = ask(listDeals => 200, query => { sort => $sort, limit => 1,
        ($sort eq 'top' ? (window => 'week') : ()) });
    ask(listDeals => 200, query => { sort => $sort, cursor => $page->json->{next},
        ($sort eq 'top' ? (window => 'week') : ()) });
}
ask(listDeals => 200, as => 'bob');
ask(getUser => 200, name => 'ann');
ask(getMe => 200, as => 'ann');
ask(createAccount => 201, json => { name => 'carl', password =>
    'a long password', email => 'carl@example.org' });
ask(createAccount => 201, json => { name => 'dora', password =>
    'a long password', email => undef });
my $session = ask(createSession => 201, json => { name => 'carl', password =>
    'a long password' });
ask(getMe => 200, token => $session->json->{token});
my %carl = (token => $session->json->{token});
ask(changePassword => 204, %carl, json => { current => 'a long password',
    password => 'a longer password' });
$t->client->post('/api/v1/sessions', json => { name => 'carl', password =>
    'a longer password' });
my ($mine, $other) = @{ ask(listSessions => 200, %carl)->json->{sessions} };
my %sure = (current => 'a longer password');
ask(endSession => 204, %carl, session => $other->{id}, json => \%sure);
ask(endOtherSessions => 204, %carl, json => \%sure);
my $factor = ask(beginFactor => 200, %carl, json => \%sure)->json;
my $now = totp($factor->{secret});
ask(confirmFactor => 200, %carl, json => { code => $now });
ask(beginFactor => 409, %carl, json => \%sure);
ask(getFactor => 200, %carl);
$t->sql('UPDATE user_factors SET last_step = 0');
ask(renewRecoveryCodes => 200, %carl, json => { %sure, code => $now });
ask(createSession => 401, json => { name => 'carl',
    password => 'a longer password' });
$t->sql('UPDATE user_factors SET last_step = 0');
ask(createSession => 201, json => { name => 'carl', code => $now,
    password => 'a longer password' });
$t->sql('UPDATE user_factors SET last_step = 0');
ask(endFactor => 204, %carl, json => { %sure, code => $now });
my $access = ask(createToken => 201, %carl, json => { label => 'A program',
    scopes => ['read', 'write'], days => 30, %sure })->json;
ask(createToken => 201, %carl, json => { label => 'x', scopes => ['vote'],
    days => undef, %sure });
ask(listTokens => 200, %carl);
ask(getMe => 200, token => $access->{token});
ask(listTokens => 200, %carl);
ask(endToken => 204, %carl, access => $access->{id});
ask(deleteSession => 204, token => $session->json->{token});
my ($code) = $t->deals('user', 'reset', 'dora')->{out} =~ /^(\d+\.\S+)$/m;
ask(resetPassword => 204, json => { token => $code, password =>
    'a longer password' });
ask(getDescription => 200);

# --- what has not changed --------------------------------------------------------------

for my $id (sort grep { $operation{$_}{responses}{304} } keys %operation) {
    my %o = (id => $deal, name => 'ann');
    my $tag = ask($id, 200, %o)->header('ETag');
    ask($id, 304, %o, headers => { 'If-None-Match' => $tag });
}

# --- what does not work, by every operation that says so -----------------------------------

my %good = (createDeal => { title => 'A title' }, updateDeal => {},
    voteOnDeal => { value => 1 }, voteOnComment => { value => 1 },
    createComment => { body => 'x' }, updateComment => { body => 'x' },
    createAccount => { name => 'ann', password => 'a long password' },
    createSession => { name => 'ann', password => 'password of ann' },
    createToken => { label => 'x', scopes => ['read'],
                     current => 'password of bob' },
    endSession => { current => 'password of ann' },
    endOtherSessions => { current => 'password of ann' },
    beginFactor => { current => 'password of ann' },
    confirmFactor => { code => '12' },
    (map { $_ => { current => 'password of ann', code => '12' } }
        qw(renewRecoveryCodes endFactor)),
    resetPassword => { token => '1.' . 'A' x 32, password => 'a long password' },
    changePassword => { current => 'wrong', password => 'a long password' });
my %votes = (token => ask(createToken => 201, as => 'ann', json => { label => 'v',
    scopes => ['vote'], current => 'password of ann' })->json->{token});
$client{bob}->post('/api/v1/tokens', json => $good{createToken}) for 1 .. 50;
ask(createToken => 409, as => 'bob', json => $good{createToken});
my %args = (id => $deal, cid => $answer, name => 'ann', session => '0' x 32,
    access => '0' x 32);

# Nothing was begun; then something was, and its codes can be guessed.
ask($_ => 409, as => 'ann', json => $good{$_})
    for qw(confirmFactor renewRecoveryCodes endFactor);
ask(beginFactor => 200, as => 'ann', json => $good{beginFactor});

# A thread that is full.
my ($root, $short) = map { $client{ann}->post("/api/v1/deals/$deal/comments",
    json => { body => 'x' })->json->{id} } 1, 2;
$t->sql("UPDATE comments SET root_id = $root, parent_id = $root, depth = 1,"
    . " thread_bytes = 0 WHERE comment_id = $short;"
    . " UPDATE comments SET thread_bytes = 1048576 WHERE comment_id = $root");
ask(createComment => 409, id => $deal, as => 'ann',
    json => { body => 'x', parent_id => $root });
ask(updateComment => 409, id => $deal, cid => $short, as => 'ann',
    json => { body => 'longer' });

for my $id (sort keys %operation) {
    my $op = $operation{$id};
    my %body = $good{$id} ? (json => $good{$id}) : ();
    my %wants = %{ $op->{responses} };
    my $unsafe = $op->{method} ne 'GET';
    my @as = $op->{security}[0] && %{ $op->{security}[0] } ? (as => 'ann') : ();

    ask($id, 400, %args, @as, $unsafe ? (body => '{', type => 'application/json')
        : (query => { cursor => 'nonsense' })) if $wants{400};
    ask($id, 401, %args, token => '1.' . 'A' x 32, %body)
        if $wants{401} && $id ne 'createSession';
    ask($id, 401, json => { name => 'ann', password => 'wrong' })
        if $id eq 'createSession';
    ask($id, 403, %args, $unsafe ? (client => $client{ann}, site =>
        'cross-site') : %votes, %body) if $wants{403};
    ask($id, 404, %args, @as, ($op->{path} =~ /\{name\}/ ? (name => 'nobody')
        : (id => 7)), %body) if $wants{404};
    ask($id, 413, %args, @as, body => '{' . ' ' x 300_000 . '}',
        type => 'application/json') if $wants{413};
    ask($id, 415, %args, @as, body => '{}', type => 'text/plain')
        if $wants{415};
    ask($id, 422, %args, @as, $unsafe ? (json => { nothing => 1 })
        : (query => { limit => 0 })) if $wants{422};
    ask($id, 409, %args, %body) if $wants{409} && !$seen{$id}{409};
    ask($id, 503, %args, @as, %body, port => 'away') if $wants{503};
    # The minute may end between two of them, or Redis be late for one.
    ask($id, 429, %args, @as, %body, port => 'limited', tries => 5)
        if $wants{429} && !$seen{$id}{429};
}
ask(deleteDeal => 204, as => 'ann', id => $deal);

# --- nothing was left out -----------------------------------------------------------------

for my $id (sort keys %operation) {
    is_deeply [sort keys %{ $seen{$id} || {} }],
        [sort keys %{ $operation{$id}{responses} }],
        "$id: each answer was seen";
}

# Every address of the description takes just the methods it names.
my %want = (get => 'GET, HEAD', post => 'POST', put => 'PUT', patch => 'PATCH',
            delete => 'DELETE');
for my $path (sort keys %{ $doc->{paths} }) {
    my %real = (id => $deal, cid => $comment, name => 'ann',
        session => '0' x 32, access => '0' x 32);
    (my $at = $path) =~ s/\{(\w+)\}/$real{$1}/g;
    my @methods = grep { $doc->{paths}{$path}{$_} } qw(get post put patch delete);
    is $t->options("/api/v1$at")->header('Allow'),
        join(', ', (map { $want{$_} } @methods), 'OPTIONS'), "$path: its methods";
}

$t->finish;
