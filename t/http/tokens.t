#!/usr/bin/perl

# Access tokens: made by members for programs, with as few rights as these need;
# what each may do, for how long, and how it ends. By the API and on the page.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF', workers => 2);
log_format routes '$request_method $uri $status $deals_route $deals_status';
access_log "%%DIR%%/routes.log" routes;
deals_cache zone=pages:4m;
%%UNLIMITED%%
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /shop/ { deals; }
}
server {
    listen 127.0.0.1:%%PORT:uncached%%;
    deals_cache off;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signin=3/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my $ann = $t->member('ann');
my $bob = $t->member('bob');
$ann->{password} = 'password of ann';
$bob->{password} = 'password of bob';
my $deal = $ann->post("$api/deals", json => { title => 'A deal' })->json->{id};
my $r;

sub make {
    my ($c, @scopes) = @_;
    my $r = $c->post("$api/tokens", json => { label => "@scopes",
        scopes => \@scopes, current => $c->{password} });
    $r->status == 201 or die $r->status . ' ' . $r->body;
    return @{ $r->json }{qw(token id)};
}

# With nothing but the token.
sub ask {
    my ($token, $method, $path, @with) = @_;
    return $t->client->request($method, $path, bearer => $token, @with);
}

# --- making one ------------------------------------------------------------------

$r = $ann->post("$api/tokens", json => { label => "  My \x{e9}clair bot ",
    scopes => ['vote', 'read', 'vote'], current => $ann->{password} });
is $r->status, 201, 'a token';
is $r->header('Cache-Control'), 'no-store', '  for nobody else';
is $r->header('Set-Cookie'), undef, '  and no cookie';
my $made = $r->json;
like $made->{token}, qr/^deals_\d+\.[\w-]{32}$/, '  it';
like $made->{id}, qr/^[0-9a-f]{32}$/, '  its id';
is $r->header('Location'), "$api/tokens/$made->{id}", '  where it can be ended';
is $made->{label}, "My \x{e9}clair bot", '  its label';
is_deeply $made->{scopes}, ['read', 'vote'], '  its scopes';
is $made->{last_used_at}, undef, '  was never used';
is $t->sql("SELECT extract(days FROM expires_at - created_at) FROM sessions
    WHERE scopes IS NOT NULL"), 90, '  for 90 days, as nothing is said';
my ($secret) = $made->{token} =~ /\.(.*)/;
is $t->sql("SELECT count(*) FROM sessions s WHERE s::text LIKE '%$secret%'"), 0,
    '  the database has only its hash';
$r = $ann->get("$api/tokens");
is $r->status, 200, 'the list';
is $r->header('Cache-Control'), 'no-store', '  is for nobody else';
unlike $r->body, qr/\Q$secret\E/, '  does not say it again';
delete $made->{token};
is_deeply $r->json, { tokens => [$made] }, '  has all else';
is_deeply $bob->get("$api/tokens")->json, { tokens => [] },
    '  of others it has nothing';
is scalar @{ $ann->get("$api/sessions")->json->{sessions} }, 1,
    'sessions do not list it';
is $ann->post("$api/sessions/$made->{id}/end", json => { current =>
    $ann->{password} })->status, 404, '  nor end it';
my ($session) = map { $_->{id} } @{ $ann->get("$api/sessions")->json->{sessions} };
is $ann->delete("$api/tokens/$session")->status, 404,
    'and a session is no token';
is $bob->delete("$api/tokens/$made->{id}")->status, 404, 'others can not end it';
is $t->get("$api/tokens")->status, 401, 'nobody has tokens';
is $t->post("$api/tokens", json => { label => 'x', scopes => ['read'],
    current => $ann->{password} })->status, 401, '  or makes some';

for my $bad ([{ scopes => ['read'] }, 'label'],
             [{ label => '', scopes => ['read'] }, 'label'],
             [{ label => " \x{200b}", scopes => ['read'] }, 'label'],
             [{ label => "a\nb", scopes => ['read'] }, 'label'],
             [{ label => "a\x{7}", scopes => ['read'] }, 'label'],
             [{ label => 'x' x 51, scopes => ['read'] }, 'label'],
             [{ label => 1, scopes => ['read'] }, 'label'],
             [{ label => 'x' }, 'scopes'],
             [{ label => 'x', scopes => [] }, 'scopes'],
             [{ label => 'x', scopes => undef }, 'scopes'],
             [{ label => 'x', scopes => 'read' }, 'scopes'],
             [{ label => 'x', scopes => ['all'] }, 'scopes'],
             [{ label => 'x', scopes => ['READ'] }, 'scopes'],
             [{ label => 'x', scopes => [''] }, 'scopes'],
             [{ label => 'x', scopes => ['read', 'session'] }, 'scopes'],
             [{ label => 'x', scopes => ['read'], days => 0 }, 'days'],
             [{ label => 'x', scopes => ['read'], days => -1 }, 'days'],
             [{ label => 'x', scopes => ['read'], days => 367 }, 'days'],
             [{ label => 'x', scopes => ['read'], days => 1.5 }, 'days'],
             [{ label => 'x', scopes => ['read'], days => 2**53 }, 'days'],
             [{ label => 'x', scopes => ['read'], expires_at => undef },
              'expires_at'],
             [{ label => 'x', scopes => ['read'], current => 'wrong' },
              'current'],
             [{ label => 'x', scopes => ['read'], current => '' }, 'current'],
             [{ label => 'x', scopes => ['read'], current => 'password of bob' },
              'current'],
             [{ label => 'x', scopes => ['read'], current => undef },
              'current']) {
    $r = $ann->post("$api/tokens", json => { current => $ann->{password},
        %{ $bad->[0] } });
    is $r->status, 422, "a mistake in $bad->[1]" or diag $r->body;
    like +($r->json->{errors} || [{}])->[0]{field} // '', qr/^\Q$bad->[1]\E/,
        '  is named';
}
is_deeply [map { $_->{field} } @{ $ann->post("$api/tokens", json => {
    scopes => [] })->json->{errors} }], ['label', 'scopes', 'current'],
    'all mistakes are told at once';
is $ann->post("$api/tokens", json => { label => 'x' x 50, scopes => ['read'],
    days => $_, current => $ann->{password} })->status, 201, "for $_ days" for 1, 366;
is_deeply [$t->sql("SELECT extract(days FROM expires_at - created_at)
    FROM sessions WHERE label LIKE 'xx%' ORDER BY 1")], [1, 366], '  they are';
$t->sql("DELETE FROM sessions WHERE scopes IS NOT NULL");

# --- what each may do ------------------------------------------------------------

my (%token, %id);
($token{$_}, $id{$_}) = make($ann, split /,/, $_)
    for 'read', 'vote', 'write', 'read,vote,write';

$ann->put("$api/deals/$deal/vote", json => { value => -1 });
my $read = $token{read};
is ask($read, 'GET', "$api/me")->json->{name}, 'ann', 'read: who I am';
is ask($read, 'GET', "$api/deals/$deal")->json->{my_vote}, -1,
    '  my vote on a deal';
is ask($read, 'GET', "$api/deals?sort=new")->json->{deals}[0]{my_vote}, -1,
    '  in a list';

sub refused {
    my ($r, $scope, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, 403, $what or diag $r->body;
    is $r->header('Content-Type'), 'application/problem+json', '  as a problem';
    is $r->header('WWW-Authenticate'), 'Bearer realm="deals",'
        . ' error="insufficient_scope"' . ($scope ? qq(, scope="$scope") : ''),
        '  says what it would take';
    like $r->json->{detail}, $scope ? qr/"$scope"/ : qr/Sign in/, '  in words';
    like $r->header('Cache-Control'), qr/no-store|private/, '  for nobody else';
}
refused(ask($read, 'PUT', "$api/deals/$deal/vote", json => { value => 1 }),
    'vote', 'read: no votes');
refused(ask($read, 'POST', "$api/deals", json => { title => 'Not mine' }),
    'write', '  no posts');
refused(ask($read, 'PUT', "$api/me/password", json => { current =>
    'password of ann', password => 'a longer password' }), undef,
    '  no password');
is $t->sql('SELECT count(*) FROM deals'), 1, '  nothing was written';
is $ann->get("$api/deals/$deal")->json->{my_vote}, -1, '  nothing changed';

$r = ask($token{vote}, 'PUT', "$api/deals/$deal/vote", json => { value => 1 });
is $r->status, 200, 'vote: on a deal';
is_deeply $r->json, { id => $deal, score => 1, up => 1, down => 0, my_vote => 1 },
    '  answers with the votes';
refused(ask($token{vote}, 'GET', "$api/deals/$deal"), 'read',
    '  reads nothing');
refused(ask($token{vote}, 'GET', "$api/me"), 'read', '  not even itself');
refused(ask($token{vote}, 'DELETE', "$api/deals/$deal"), 'write',
    '  deletes nothing');

$r = ask($token{write}, 'POST', "$api/deals", json => { title => 'By a bot' },
    headers => { 'Idempotency-Key' => '"one"' });
is $r->status, 201, 'write: a deal';
my $bots = $r->json->{id};
is $r->json->{author}{name}, 'ann', '  is its member\'s';
$r = ask($token{write}, 'PATCH', "$api/deals/$bots", json => { title =>
    'By a bot of ann' });
is $r->json->{title}, 'By a bot of ann', '  is changed';
my $comment = ask($token{write}, 'POST', "$api/deals/$bots/comments",
    json => { body => 'hello' })->json->{id};
is ask($token{write}, 'PATCH', "$api/deals/$bots/comments/$comment",
    json => { body => 'hello there' })->status, 200, '  a comment too';
refused(ask($token{write}, 'PUT', "$api/deals/$bots/vote",
    json => { value => 0 }), 'vote', '  has no vote');
refused(ask($token{write}, 'GET', "$api/deals"), 'read', '  reads no list');
is ask($token{write}, 'DELETE', "$api/deals/$bots/comments/$comment")->status,
    204, '  deletes the comment';
is ask($token{write}, 'PATCH', "$api/deals/$bots", json => { title => 'x' })
    ->status, 422, '  and makes mistakes';

my $all = $token{'read,vote,write'};
is ask($all, 'GET', "$api/me")->status, 200, 'all three: reads';
is ask($all, 'PUT', "$api/deals/$bots/vote", json => { value => 0 })->status, 200,
    '  votes';
is ask($all, 'DELETE', "$api/deals/$bots")->status, 204, '  writes';

# --- what none may, for each address that is a session's alone -------------------------

my @before = $t->sql('SELECT * FROM sessions ORDER BY token_hash');
my %sure = (current => 'password of ann');
for my $row (['GET', 'sessions'], ['POST', 'sessions/end', \%sure],
             ['POST', "sessions/$session/end", \%sure], ['GET', 'tokens'],
             ['POST', 'tokens', { label => 'x', scopes => ['read'], %sure }],
             ['DELETE', "tokens/$id{read}"],
             ['PUT', 'me/password', { current => 'password of ann',
                                      password => 'a longer password' }]) {
    my ($method, $path, $json) = @$row;
    refused(ask($all, $method, "$api/$path", $json ? (json => $json) : ()),
        undef, "none: $method $path");
}
is_deeply [map { s/\|[^|]*\+00\|/|/r } $t->sql(
    'SELECT * FROM sessions ORDER BY token_hash')],
    [map { s/\|[^|]*\+00\|/|/r } @before], '  nothing came of it';

# --- a moderator's ---------------------------------------------------------------------

my $maud = $t->member('maud');
$maud->{password} = 'password of maud';
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");
my ($mods) = make($maud, 'read', 'vote', 'write');
my $hidden = $ann->post("$api/deals", json => { title => 'Hidden' })->json->{id};
$maud->post("/deals/$hidden/-/hide", form => { hide => 1 });
my $others = $ann->post("$api/deals/$deal/comments", json => { body => 'x' })
    ->json->{id};
for my $warm (0, 1) {
    my $how = $warm ? ', her session known' : '';
    is ask($mods, 'GET', "$api/deals/$hidden")->status, 404,
        "a moderator's token sees nothing hidden$how";
    is ask($mods, 'PATCH', "$api/deals/$deal", json => { title => 'Changed' })
        ->status, 403, '  changes nobody\'s deal';
    is ask($mods, 'DELETE', "$api/deals/$deal")->status, 403, '  deletes none';
    $r = ask($mods, 'DELETE', "$api/deals/$deal/comments/$others");
    is $r->status, 403, '  and no comment';
    is $r->header('WWW-Authenticate'), undef, '  which no scope would change';
    $maud->get("$api/deals/$hidden") for 1 .. 8;
}
is $maud->get("$api/deals/$hidden")->status, 200, 'she herself does';

# --- what is kept of members gives no token more -----------------------------------------

# Every worker knows the session, and the token; then the token asks.
my $thief = $token{vote};
for my $path ("$api/deals/$deal", "$api/deals?sort=new", "$api/users/ann",
              "$api/deals/$deal/comments", "$api/me") {
    for (1 .. 12) {
        $ann->get($path);
        ask($thief, 'PUT', "$api/deals/$deal/vote", json => { value => 1 });
    }
    my %status = map { ask($thief, 'GET', $path)->status => 1 } 1 .. 12;
    is_deeply [keys %status], [403], "$path stays closed, whoever has seen it";
}
my %status = map { ask($read, 'PUT', "$api/deals/$deal/vote",
    json => { value => -1 })->status => ask($read, 'GET', "$api/me") } 1 .. 12;
is_deeply [keys %status], [403], 'a token that is known to read does not vote';

# --- only as a bearer -----------------------------------------------------------------------

my $known = qr/Signed in|"role"|"my_vote":1/;
like ask($all, 'GET', "$api/$_")->body, $known, "a token at $_" for qw(me deals);
for my $path ('/', '/settings', "$api/me", "$api/deals") {
    for my $token ($all, $all =~ s/^deals_//r) {
        $r = $t->get($path, headers => { Cookie => "deals=$token" });
        unlike $r->body, $known, "no cookie: $path";
    }
    is ask($all, 'GET', $path)->status, { '/settings' => 303 }->{$path} // 200,
        '  but known by now';
    $r = $t->get($path, headers => { Cookie => "deals=$all" });
    unlike $r->body, $known, '  still no cookie';
    like $r->header('Set-Cookie'), qr/^deals=; .*Max-Age=0/, '  and cleared'
        if $path eq '/';
}
is $t->client->request('PUT', "$api/deals/$deal/vote", json => { value => -1 },
    headers => { Cookie => "deals=$all" })->status, 401, '  it does not vote';
is ask($all =~ s/^deals_//r, 'GET', "$api/me")->status, 401,
    'it is no session without its prefix';
is ask("deals_$ann->{cookie}{deals}", 'GET', "$api/me")->status, 401,
    'nor a session a token with one';
is ask($all, 'GET', '/settings')->status, 303, 'pages take no bearer';
like $t->get('/', headers => { Authorization => "Bearer $all" })->body,
    qr/Sign in/, '  they see a stranger';
is $t->client->post('/reset', form => { token => $all, password =>
    'a longer password' })->status, 422, 'and it sets no password';
for my $bad ('deals_', 'deals_1', 'deals_1.', "deals_$all", "Deals_1.$secret",
             'deals_0.' . 'A' x 32, 'deals_1.' . 'A' x 32, $all . 'A',
             'deals_' . 'A' x 5000) {
    $r = ask($bad, 'GET', "$api/me");
    is $r->status, 401, 'no token: ' . substr $bad, 0, 40;
    like $r->header('WWW-Authenticate'), qr/error="invalid_token"/, '  so it says';
}

# --- how long ---------------------------------------------------------------------------------

like ask($read, 'GET', "$api/me")->body, qr/ann/, 'a token';
my $used = sub { my ($it) = grep { $_->{id} eq $id{$_[0]} }
    @{ $ann->get("$api/tokens")->json->{tokens} }; $it->{last_used_at} };
ok $t->wait_until(sub { $used->('read') }), 'its use is noted';
$t->sql("UPDATE sessions SET seen_at = seen_at - interval '80 days', created_at =
    created_at - interval '85 days' WHERE scopes IS NOT NULL");
my ($fresh) = make($ann, 'read');
$ann->post("$api/sessions", json => { name => 'ann', password =>
    'password of ann' });
is ask($read, 'GET', "$api/me")->status, 200,
    '  it does not end by not being used';
$t->sql("UPDATE sessions SET expires_at = now() + interval '2 seconds'
    WHERE scopes = 1 AND created_at < now() - interval '1 day'");
# This change nobody has heard of: each worker sees it when it asks again.
ok $t->wait_until(sub { everywhere($read) eq '401' }, 30), 'but at its time';
like ask($read, 'GET', "$api/me")->header('WWW-Authenticate'),
    qr/error="invalid_token"/, '  and so it is said';
is ask($fresh, 'GET', "$api/me")->status, 200, 'the others go on';
ok !$used->('read'), 'what has ended is not listed';
make($ann, 'vote');
is $t->sql("SELECT count(*) FROM sessions WHERE expires_at < now()"), 0,
    '  and goes with the next that is made';

# --- its end ------------------------------------------------------------------------------------

sub everywhere {
    my ($token) = @_;
    my %seen = map { ask($token, 'GET', "$api/me")->status => 1 } 1 .. 12;
    return join ' ', sort keys %seen;
}
my ($one, $one_id) = make($ann, 'read');
is everywhere($one), '200', 'a token that all workers know';
is $ann->delete("$api/tokens/$one_id")->status, 204, '  revoked';
is everywhere($one), '401', '  is good nowhere';
is $ann->delete("$api/tokens/$one_id")->status, 404, '  once';
is $ann->delete("$api/tokens/$_")->status, 404, "  no token: $_"
    for '0' x 32, 'x', '%27%20OR%20true', 'a' x 500;
is everywhere($fresh), '200', '  the others go on';

for my $scope (qw(read vote write)) {
    my ($own) = make($ann, $scope);
    is ask($own, 'DELETE', "$api/sessions/current")->status, 204,
        "a token to $scope ends itself";
    is ask($own, 'GET', "$api/me")->status, 401, '  and is gone';
}
is $ann->get("$api/me")->status, 200, '  its member stays';
is $ann->post("$api/sessions/end", json => { current => $ann->{password} })
    ->status, 204, 'signing out everywhere else';
is everywhere($fresh), '200', '  leaves it';
is $ann->put("$api/me/password", json => { current => 'password of ann',
    password => 'a longer password' })->status, 204, 'a new password';
is everywhere($fresh), '401', '  ends it';
$ann->{password} = 'a longer password';
is $ann->get("$api/me")->status, 200, '  but not this session';
($one) = make($ann, 'read');
my ($code) = $t->deals('user', 'reset', 'ann')->{out} =~ /^(\d+\.\S+)$/m;
is everywhere($one), '200', 'a code for a new password ends nothing';
is $t->post("$api/password-resets", json => { token => $code,
    password => 'password of ann' })->status, 204, '  its use';
is everywhere($one), '401', '  does';
$ann = $t->client;
$ann->{password} = 'password of ann';
$ann->post("$api/sessions", json => { name => 'ann', password =>
    'password of ann' });
($one) = make($ann, 'read');
is everywhere($one), '200', 'another one';
$t->deals('user', 'passwd', 'ann', '--password-stdin',
    { input => "another password\n" });
ok $t->wait_until(sub { everywhere($one) eq '401' }, 5),
    '  a password by the operator ends it';
$ann->{password} = 'another password';
$ann->post("$api/sessions", json => { name => 'ann', password =>
    'another password' });

# --- how many -----------------------------------------------------------------------------------

make($ann, 'read') for 1 .. 50;
my %x = (label => 'x', scopes => ['read'], current => $ann->{password});
$r = $ann->post("$api/tokens", json => \%x);
is $r->status, 409, 'not more than fifty';
like $r->json->{detail}, qr/50 .* revoke/i, '  is said';
is $ann->post('/settings/tokens', form => { %x, scopes => 'read' })
    ->status, 422, '  on the page too';
is $bob->post("$api/tokens", json => { %x, current => $bob->{password} })
    ->status, 201, '  others have their own';
$t->sql("UPDATE sessions SET expires_at = now() - interval '1 second'
    WHERE token_hash = (SELECT
    min(token_hash) FROM sessions WHERE scopes IS NOT NULL AND user_id =
    (SELECT user_id FROM users WHERE name = 'ann'))");
is $ann->post("$api/tokens", json => \%x)->status, 201, '  one that ended makes room';
$t->sql('DELETE FROM sessions WHERE scopes IS NOT NULL');

# Each minute has counts of its own. Redis has an instant to count: where it was
# late on a busy machine, once more.
my $limited = $t->client(port => $t->port('limited'));
$limited->{cookie} = { %{ $bob->{cookie} } };
my (@at_once, $by_page);
for (1 .. 3) {
    $t->within(60, 15);
    $t->flush_redis;
    @at_once = map { $limited->post("$api/tokens", json => { %x,
        current => $bob->{password} })->status } 1 .. 4;
    $by_page = $limited->post('/settings/tokens', form => { %x,
        scopes => 'read', current => $bob->{password} });
    last if "@at_once" eq '201 201 201 429' && $by_page->status == 429;
}
is_deeply \@at_once, [201, 201, 201, 429], 'nor at once';
$r = $by_page;
is $r->status, 429, '  on the page too';
ok $r->header('Retry-After'), '  it says how long';

# --- the page -------------------------------------------------------------------------------------

$r = $ann->get('/settings');
is $r->status, 200, 'the settings';
like $r->body, qr/name="days"[^>]* value="90"/, '  90 days';
like $r->body, qr/value="read" checked/, '  to read';
unlike $r->body, qr/value="(?:vote|write)" checked/, '  and no more';
$r = $ann->post('/settings/tokens', form => [label => 'My <b>bot</b> & "co"',
    scopes => 'read', scopes => 'write', days => 30,
    current => $ann->{password}]);
is $r->status, 200, 'a token by the page';
is $r->header('Cache-Control'), 'no-store', '  is kept nowhere';
my ($shown) = $r->body =~ m{<code class="secret">(deals_[\w.-]+)</code>};
ok $shown, '  is shown' or diag $r->body;
like $r->body, qr/My &lt;b&gt;bot&lt;\/b&gt; &amp; &quot;co&quot;<\/p>/,
    '  by its name, which is text';
unlike $r->body, qr/name="label" value="My/, '  and the form is empty again';
is ask($shown, 'GET', "$api/me")->json->{name}, 'ann', '  and good';
refused(ask($shown, 'PUT', "$api/deals/$deal/vote", json => { value => 1 }),
    'vote', '  for what was ticked');
$r = $ann->get('/settings');
unlike $r->body, qr/\Q$shown\E/, '  not shown again';
like $r->text, qr/not used yet|last used/, '  when it was used';
my ($end) = $r->body =~ m{action="(/settings/tokens/[0-9a-f]{32}/end)"};
is scalar(() = $r->body =~ /This one/g), 1, '  and is no session there';

for my $bad ([[label => '', scopes => 'vote', days => 7], 'label'],
             [[label => 'Kept', days => 7], 'scopes'],
             [[label => 'Kept', scopes => 'vote', days => 0], 'days'],
             [[label => 'Kept', scopes => 'vote', days => 'x'], 'days'],
             [[label => 'Kept', scopes => 'vote', current => 'no'], 'making'],
             [[label => 'Kept', scopes => 'vote', current => ''], 'making']) {
    my ($form, $field) = @$bad;
    my %form = @$form;
    $r = $ann->post('/settings/tokens', form => { current =>
        $ann->{password}, %form });
    is $r->status, 422, "a mistake in $field";
    like $r->body, qr/id="$field-e"/, '  stands at its field';
    like $r->body, qr/class="errors"[^>]*><p><a href="#/, '  and on top of the form';
    unlike $r->body, qr/id="(?:current|password|ending)-e"/, '  and no other';
    like $r->body, qr/name="label" value="Kept"/, '  what was typed stays'
        if $form{label};
    like $r->body, qr/value="vote" checked/, '  what was ticked too'
        if $form{scopes};
    unlike $r->body, qr/class="secret"/, '  and no token';
}
$r = $ann->post('/settings/password', form => { current => 'no',
    password => 'no' });
like $r->body, qr/name="days"[^>]* value="90"/, 'other mistakes leave its form';

is $bob->post($end, form => {})->status, 303, 'somebody else revokes';
is ask($shown, 'GET', "$api/me")->status, 200, '  nothing';
is $ann->request('POST', $end, form => {}, site => 'cross-site')->status, 403,
    'another site revokes nothing';
is $ann->request('POST', '/settings/tokens', form => [label => 'x',
    scopes => 'read'], site => 'cross-site')->status, 403, '  nor makes one';
$r = $ann->post($end, form => {});
is $r->status, 303, 'its member revokes it';
is $r->header('Location'), '/settings?done=token', '  back to the page';
like $ann->get('/settings?done=token')->body, qr/is revoked/, '  which says so';
is everywhere($shown), '401', '  it is good no more';
is $ann->post($end, form => {})->status, 303, '  again';
is $t->post('/settings/tokens', form => [label => 'x', scopes => 'read'])->status,
    303, 'nobody signs in first';

# --- the command line -------------------------------------------------------------------------------

$r = $t->deals('user', 'token', 'ann', '--label', 'Cron', '--scopes',
    'read,vote', '--days', '7');
is $r->{code}, 0, 'a token by the operator' or diag $r->{err};
my ($op) = $r->{out} =~ /^(deals_\d+\.[\w-]{32})$/m;
is ask($op, 'GET', "$api/me")->json->{name}, 'ann', '  is good';
my ($listed) = @{ $ann->get("$api/tokens")->json->{tokens} };
is $listed->{label}, 'Cron', '  is listed for the member';
$r = $t->deals('user', 'tokens', 'ann');
like $r->{out}, qr/^\Q$listed->{id}\E  read,vote +\S+Z  \S+Z? +Cron$/m,
    '  and for the operator' or diag $r->{out}, $r->{err};
unlike $r->{out}, qr/\Q$op\E/, '  without the secret';
$r = $t->deals('user', 'revoke', 'ann', $listed->{id});
is $r->{code}, 0, '  revoked' or diag $r->{err};
ok $t->wait_until(sub { everywhere($op) eq '401' }, 5), '  it is good no more';
isnt $t->deals('user', 'revoke', 'ann', $listed->{id})->{code}, 0, '  once';
is $t->deals('user', 'token', 'ann', @$_)->{code}, $_->[-1] eq '--days' ? 2 : 1,
    "refused: @$_" for ['--label', 'x', '--scopes', 'all'],
    ['--label', '', '--scopes', 'read'], ['--label', 'x', '--scopes', 'read',
    '--days', '0'], ['--label', 'x', '--scopes', 'read', '--days', '367'];
is $t->deals('user', 'token', 'ann', @$_)->{code}, 2, "incomplete: @$_"
    for ['--label', 'x'], ['--scopes', 'read'], ['--label', 'x', '--scopes',
    'read', '--days', 'x'];
is $t->deals('user', 'token', 'nobody', '--label', 'x', '--scopes', 'read')
    ->{code}, 1, 'nobody has none';

# --- the log ------------------------------------------------------------------------------------------

my $log = Deals::Test::read_file($t->dir . '/routes.log');
like $log, qr{^POST $api/tokens 201 api-token-create ok$}m, 'the log: made';
like $log, qr{^DELETE $api/tokens/\w+ 204 api-token-end ok$}m, '  ended';
like $log, qr{^GET $api/tokens 200 api-tokens ok$}m, '  listed';
like $log, qr{^PUT $api/deals/\d+/vote 403 api-vote forbidden$}m, '  refused';
like $log, qr{^POST /settings/tokens 200 token-form ok$}m, '  by the page';
like $log, qr{^POST /settings/tokens/\w+/end 303 token-end-form ok$}m, '  ended';
unlike $log . $t->log, qr/\Q$_\E/, '  no secret in it'
    for $secret, $shown =~ s/.*\.//r, $op =~ s/.*\.//r;

$t->finish;
