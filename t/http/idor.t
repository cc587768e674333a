#!/usr/bin/perl

# Nobody gets at what is another's: every address of the route table that
# changes something, asked by its owner and by everybody else, and what is in
# every table of the database before and after.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Totp;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
%%UNLIMITED%%
%%SITE%%
CONF

my $api = '/api/v1';
my @who = qw(owner other moderator admin nobody token);
my $number = 0;

# --- who asks -----------------------------------------------------------------

# A member with a second session, which is somebody's elsewhere.
sub person {
    my ($role) = @_;
    my $name = sprintf 'p%d%s', ++$number, $role;
    my %p = (name => $name, password => "password of $name",
             client => $t->member($name));
    $t->sql("UPDATE users SET role = '$role' WHERE name = '$name'")
        if $role =~ /^(?:moderator|admin)$/;
    my $spare = $t->client;
    $spare->post("$api/sessions", json => { name => $name,
        password => $p{password} });
    ($p{session}) = map { $_->{id} } grep { $_->{current} }
        @{ $spare->get("$api/sessions")->json->{sessions} };
    my $r = $p{client}->post("$api/tokens", json => { label => 'x',
        scopes => ['read', 'vote', 'write'], current => $p{password} })->json;
    @p{qw(access bearer)} = @$r{qw(id token)};
    return \%p;
}

my %p;
sub people {
    my ($who) = @_;
    my $asks = { token => 'other', nobody => 'other' }->{$who} // $who;
    $p{$_} = person($_) for 'owner', $asks eq 'owner' ? () : $asks;
    $p{token} = $p{nobody} = $p{other};
}

sub ask {
    my ($who, $method, $path, @with) = @_;
    return $t->client->request($method, $path, @with) if $who eq 'nobody';
    return $t->client->request($method, $path, bearer => $p{token}{bearer},
        @with) if $who eq 'token';
    return $p{$who}{client}->request($method, $path, @with);
}

# A deal and a comment of the owner, with the owner's votes.
sub fresh {
    my $c = $p{owner}{client};
    my $id = $c->post("$api/deals", json => { title => 'A deal',
        tags => ['one'] })->json->{id};
    my $cid = $c->post("$api/deals/$id/comments", json => { body => 'words' })
        ->json->{id};
    return (id => $id, cid => $cid);
}

sub code {
    my ($out) = $t->deals('user', 'reset', $_[0])->{out} =~ /\A(\S+)\n/;
    return split /\./, $out;
}

# --- what there is ------------------------------------------------------------

# Every table, and its rows of one member apart. When a session was last used
# does not matter.
my %owned = map { $_ => 1 } $t->sql("SELECT table_name FROM
    information_schema.columns WHERE column_name = 'user_id'
    AND table_schema = current_schema()");
my @tables = $t->sql('SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() ORDER BY 1');
ok $owned{$_}, "$_ is a table of members" for qw(users sessions votes creations
    comment_votes comments deals password_resets user_factors
    user_recovery_codes user_tickets);

sub digests {
    my $name = $p{owner}{name};
    my @ask;
    for my $table (@tables) {
        my $row = $table =~ /^(?:sessions|user_networks)$/
            ? "(to_jsonb(x) - 'seen_at')::text" : 'x::text';
        my $md5 = "md5(coalesce(string_agg($row, E'\\n' ORDER BY $row), ''))";
        push @ask, "SELECT '$table', $md5 FROM $table x";
        push @ask, "SELECT 'owner:$table', $md5 FROM $table x WHERE user_id =
            (SELECT user_id FROM users WHERE name = '$name')" if $owned{$table};
    }
    return { map { split /\|/ } $t->sql(join ' UNION ALL ', @ask) };
}

# The tables that are not as they were.
sub changes {
    my ($before) = @_;
    my $now = digests();
    return grep { $now->{$_} ne $before->{$_} } sort keys %$now;
}

# --- how to ask ---------------------------------------------------------------

# By the names of the table's rows: what owner, other, moderator, admin, nobody
# and another's access token get ("in": has to sign in; "=": there is nothing to
# do), the tables that it may change, the body, and whether those who ask may be
# signed in no more after it.
my %deal = (title => 'Changed');
my %new = (body => 'New');
my %vote = (value => -1);
my $login = sub { (name => $p{owner}{name}, password =>
    $p{ $_[0] }{password}) };
my $reset = sub {
    my ($user) = code($p{owner}{name});
    my (undef, $secret) = code($p{ $_[0] }{name});
    ($user, $secret) = code($p{owner}{name}) if $_[0] eq 'owner';
    return (token => "$user.$secret", password => 'a new long one');
};
my $taken = sub { (name => $p{owner}{name}, password => 'a new long one') };
my $password = sub { (current => $p{owner}{password},
    password => 'a new long one') };
# The password of who asks; nobody and a token try that of the owner.
my $sure = sub { (current => $p{ $_[0] =~ /nobody|token/ ? 'owner' : $_[0] }
    {password}) };
my $make = sub { (label => 'new', scopes => ['read'], $sure->($_[0])) };
# The owner has begun a second factor, or has one, or owes its code: who asks
# has the code, but not what belongs to it.
my @factors = qw(user_factors user_recovery_codes);
my $secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
my $factor = sub {
    my ($confirmed) = @_;
    $t->sql("DELETE FROM user_factors; INSERT INTO user_factors (user_id, secret,
        asker_hash, begun_at, confirmed_at) SELECT u.user_id, '$secret',
        s.token_hash, now(), $confirmed FROM users u JOIN sessions s
        ON s.user_id = u.user_id AND left(encode(sha256(s.token_hash::bytea),
        'hex'), 32) <> '$p{owner}{session}' AND s.scopes IS NULL
        WHERE u.name = '$p{owner}{name}'");
    return (code => totp($secret));
};
my $begun = sub { $factor->('NULL') };
my $on = sub { ($factor->('now()'), $sure->($_[0])) };
my $second = sub {
    my %code = $factor->('now()');
    my $page = $t->client->post('/login', form => { name => $p{owner}{name},
        password => $p{owner}{password} })->body;
    my ($ticket) = $page =~ /name="token" value="([^"]+)"/;
    return (%code, name => $p{ $_[0] =~ /nobody|token/ ? 'other' : $_[0] }{name},
        token => $ticket);
};
my @post = qw(deals deal_stats deal_tags votes);
my @talk = qw(comments deal_stats);
my @votes = qw(deal_stats votes);
my @cvotes = qw(comments comment_votes);
my @ends = qw(password_resets sessions user_factors user_networks user_tickets
    users);
my %recipe = (
    'submit-form' => ['303 303 303 303 in in', \@post, { title => 'Mine' }],
    'edit-form' => ['303 403 303 303 in in', \@post, \%deal],
    'delete-form' => ['303 403 303 303 in in', \@post, {}],
    'hide-form' => ['403 403 303 303 in in', \@post, { hide => 1 }],
    'vote-form' => ['303 303 303 303 in in', \@votes, \%vote],
    'comment-form' => ['303 303 303 303 in in', \@talk, \%new],
    'comment-vote-form' => ['303 303 303 303 in in', \@cvotes, \%vote],
    'comment-edit-form' => ['303 403 403 403 in in', \@talk, \%new],
    'comment-delete-form' => ['303 403 303 303 in in', \@talk, {}],
    'login-form' => ['303 422 422 422 422 422', \@ends, $login, 1],
    'signup-form' => ['422 422 422 422 422 422', [], $taken, 1],
    'logout-form' => ['303 303 303 303 303= 303=', ['sessions'], {}, 1],
    'reset-form' => ['303 422 422 422 422 422', \@ends, $reset, 1],
    'password-form' => ['303 422 422 422 in in', \@ends, $password, 1],
    'sessions-end-form' => ['303 303 303 303 in in', ['sessions'], $sure,
                            1],
    'session-end-form' => ['303 303= 303= 303= in in', ['sessions'], $sure,
                           1],
    'code-form' => ['303 422 422 422 422 422', \@ends, $second, 1],
    'factor-form' => ['200 200 200 200 in in', \@factors, $sure, 1],
    'factor-confirm-form' => ['200 422 422 422 in in', [@factors, 'sessions'],
        $begun, 1],
    'factor-codes-form' => ['200 422 422 422 in in', \@factors, $on, 1],
    'factor-end-form' => ['303 422 422 422 in in', \@factors, $on, 1],
    'token-form' => ['200 200 200 200 in in', ['sessions'], sub {
        (label => 'new', scopes => 'read', days => 1, $sure->($_[0])) }, 1],
    'token-end-form' => ['303 303= 303= 303= in in', ['sessions'], {}, 1],
    'api-deal-create' => ['201 201 201 201 401 201', \@post, \%deal],
    'api-deal-update' => ['200 403 200 200 401 403', \@post, \%deal],
    'api-deal-delete' => ['204 403 204 204 401 403', \@post],
    'api-vote' => ['200 200 200 200 401 200', \@votes, \%vote],
    'api-comment-create' => ['201 201 201 201 401 201', \@talk, \%new],
    'api-comment-update' => ['200 403 403 403 401 403', \@talk, \%new],
    'api-comment-delete' => ['204 403 204 204 401 403', \@talk],
    'api-comment-vote' => ['200 200 200 200 401 200', \@cvotes, \%vote],
    'api-account-create' => ['409 409 409 409 409 409', [], $taken, 1],
    'api-session-create' => ['201 401 401 401 401 401', \@ends, $login, 1],
    'api-session-delete' => ['204 204 204 204 204= 204', ['sessions'], undef,
                             1],
    'api-sessions-end' => ['204 204 204 204 401 403', ['sessions'], $sure, 1],
    'api-session-end' => ['204 404 404 404 401 403', ['sessions'], $sure, 1],
    'api-factor-begin' => ['200 200 200 200 401 403', \@factors, $sure, 1],
    'api-factor-confirm' => ['200 409 409 409 401 403', [@factors, 'sessions'],
        $begun, 1],
    'api-factor-codes' => ['200 409 409 409 401 403', \@factors, $on, 1],
    'api-factor-end' => ['204 409 409 409 401 403', \@factors, $on, 1],
    'api-token-create' => ['201 201 201 201 401 403', ['sessions'], $make, 1],
    'api-token-end' => ['204 404 404 404 401 403', ['sessions'], undef, 1],
    'api-reset' => ['204 422 422 422 422 422', \@ends, $reset, 1],
    'api-password' => ['204 422 422 422 401 403', \@ends, $password, 1],
);

# The rows of the table that are not for reading.
my $table = Deals::Test::read_file($t->root
    . '/ngx_deals_module/ngx_http_deals_routes.c');
my %route;
$route{$1} = ['POST', $2]
    while $table =~ /^ {4}form\("([\w-]+)",\s*"([^"]+)"/mg;
$route{$1} = [$2, $3] while $table =~ /^\x20{4}api\("([\w-]+)",\s*
    NGX_HTTP_(?!DEALS_READ)(\w+),\s*"([^"]+)"/mgx;
is_deeply [sort keys %recipe], [sort keys %route],
    'there is a recipe for every address that changes something';
is scalar(() = $table =~ /^ {4}(?:form|api)\("/mg), scalar(keys %route)
    + (() = $table =~ /^ {4}api\("[\w-]+",\s*NGX_HTTP_DEALS_READ/mg),
    '  and every one was found';

# The request of a row, about what %at says.
sub request {
    my ($who, $name, %at) = @_;
    my ($method, $path) = @{ $route{$name} };
    my $body = $recipe{$name}[2];
    $at{name} = $path =~ /session/ ? $at{session} : $at{access};
    $path =~ s/\{(\w+)\}/$at{$1}/g;
    my $data = ref $body eq 'CODE' ? $at{body} : $body;
    return ask($who, $method, $path,
        $data ? ($path =~ m{^/api/} ? 'json' : 'form', $data) : ());
}

# --- the matrix ---------------------------------------------------------------

my %together;
for my $name (sort keys %recipe) {
    my ($wants, $may, $body, $apart) = @{ $recipe{$name} };
    my @want = split ' ', $wants;
    for my $who (@who) {
        my $want = shift @want;
        my $nothing = $want =~ s/=$//;
        people($who) if $apart;
        if (!$apart) {
            %together = map { $_ => person($_) } @who[0 .. 3] if !%together;
            %p = %together;
            $p{token} = $p{nobody} = $p{other};
        }
        my %at = (fresh(), session => $p{owner}{session},
            access => $p{owner}{access});
        $at{body} = { $body->($who) } if ref $body eq 'CODE';
        my $before = digests();
        my $r = request($who, $name, %at);
        is $r->status, $want eq 'in' ? 303 : $want, "$name by $who"
            or diag $r->body;
        like $r->header('Location') // '', qr{^/login\?next=%2F},
            '  has to sign in' if $want eq 'in';
        my @changed = changes($before);
        if ($nothing || $want eq 'in' || $want >= 400) {
            is "@changed", '', '  and changed nothing';
            next;
        }
        ok scalar(grep { !/^owner:/ } @changed), '  and changed something';
        my %may = map { $_ => 1, "owner:$_" => $who eq 'owner'
                        || !!/^(?:deals|comments)$/ } @$may;
        is join(' ', grep { !$may{$_} } @changed), '',
            '  nothing else, and nothing that is the owner\'s alone';
    }
}

%p = %together;
$p{token} = $p{nobody} = $p{other};

# --- what is not there --------------------------------------------------------

# Whoever asks: nothing is found, and nothing is changed.
sub nothing {
    my ($what, $name, $who, @ats) = @_;
    my $before = digests();
    for my $at (@ats) {
        my @got = map { request($_, $name, %$at)->status } @$who;
        is "@got", join(' ', map { 404 } @got), "$name, $what";
    }
    is join(' ', changes($before)), '', '  and changed nothing';
}

my %here = fresh();
my %there = fresh();
my %gone = fresh();
my %cut = fresh();
my %hidden = fresh();
my $c = $p{owner}{client};
is $c->delete("$api/deals/$gone{id}")->status, 204, 'a deal is deleted';
is $c->delete("$api/deals/$cut{id}/comments/$cut{cid}")->status, 204,
    'a comment is deleted';
is ask('moderator', 'POST', "/deals/$hidden{id}/-/hide", form => { hide => 1 })
    ->status, 303, 'a deal is hidden';

for my $name (grep { $route{$_}[1] =~ /\{id\}/ } sort keys %route) {
    my $comment = $route{$name}[1] =~ /\{cid\}/;
    my @all = (@who[0 .. 3], $name =~ /^api/ ? 'token' : ());
    @all = @who[2, 3] if $name eq 'hide-form';
    for my $part ('id', $comment ? 'cid' : ()) {
        nothing("not an $part", $name, [@all[0, -1]],
            map { { %here, $part => $_ } } qw(0 -1 9223372036854775807
                9223372036854775808 9007199254740991 1e3 +1 %31));
    }
    nothing('the id of a comment', $name, \@all, { %here, id => $here{cid} });
    nothing('a deleted deal', $name, \@all, \%gone);
    nothing('a hidden deal', $name, [grep { /other|token/ } @all], \%hidden)
        if $name ne 'hide-form';
    next if !$comment;
    nothing('of another deal', $name, \@all, { %there, cid => $here{cid} });
    nothing('the id of its deal', $name, \@all, { %here, cid => $here{id} });
    nothing('a deleted comment', $name, \@all, \%cut);
}

# What another has looks as what nobody has.
for my $what (['sessions', 'session'], ['tokens', 'access']) {
    my ($kind, $id) = ($what->[0], $p{owner}{ $what->[1] });
    my $before = digests();
    for my $who (qw(other moderator admin)) {
        for my $way (['DELETE', "$api/$kind/%s"],
                     ['POST', "/settings/$kind/%s/end", form => {}]) {
            my ($method, $path, @with) = @$way;
            my ($one, $none) = map { my $r = ask($who, $method,
                sprintf($path, $_), @with); join '|', $r->status, $r->body,
                $r->header('Location') // '' } $id, 'f' x 32;
            is $one, $none, "$method of another's: as if there were none, $who";
        }
    }
    is join(' ', changes($before)), '', '  and changed nothing';
}

# The secret of one's own opens nothing of another's.
my %id = map { $_ => $t->sql("SELECT user_id FROM users
    WHERE name = '$p{$_}{name}'") } qw(owner other);
for my $own ($p{other}{client}{cookie}{deals}, $p{other}{bearer}) {
    (my $forged = $own) =~ s/(?<!\d)$id{other}\./$id{owner}./
        or die "no id in a token\n";
    my $before = digests();
    is $t->client->delete("$api/deals/$here{id}", bearer => $forged)->status,
        401, 'one\'s own secret with another\'s id';
    is join(' ', changes($before)), '', '  and changed nothing';
}

# --- another's Idempotency-Key ------------------------------------------------

for my $what (["$api/deals", 'title'],
              ["$api/deals/$here{id}/comments", 'body']) {
    my ($path, $field) = @$what;
    my %key = (headers => { 'Idempotency-Key' => "key-$field" });
    my $first = ask('owner', 'POST', $path, json => { $field => 'secret' },
        %key);
    is $first->status, 201, "the owner's key, a $field";
    for my $who (qw(other moderator admin)) {
        my $before = digests();
        my $r = ask($who, 'POST', $path, json => { $field => "of $who" }, %key);
        is $r->status, 201, "  the same of $who";
        is $r->json->{$field}, "of $who", '  makes one\'s own';
        isnt $r->json->{id}, $first->json->{id}, '  another';
        unlike $r->body . $r->head, qr/secret|\b@{[$first->json->{id}]}\b/,
            '  and says nothing of the other';
        is_deeply [grep { /^owner:/ } changes($before)], [],
            '  the owner has what was';
    }
    my $before = digests();
    is ask('nobody', 'POST', $path, json => { $field => 'secret' }, %key)
        ->status, 401, '  nobody';
    is join(' ', changes($before)), '', '  changed nothing';
    is ask('owner', 'POST', $path, json => { $field => 'secret' }, %key)
        ->json->{id}, $first->json->{id}, '  it is still the owner\'s';
}

$t->finish;
