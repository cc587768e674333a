#!/usr/bin/perl

# deals_second_factor: what members, moderators and administrators may do with
# a second factor and without, for each of its values; that it counts at once, on
# all workers and nodes; and how whoever is refused is told.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Node;
use Deals::Test::Totp;

my $t = Deals::Test->new;
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:moderators%% reuseport;
        deals_second_factor moderators;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:all%% reuseport;
        deals_second_factor all;
        location / { deals; }
        location /shop/ { deals; deals_url https://shop.example.org; }
    }
}
CONF
$t->nginx($conf);

my $api = '/api/v1';
my $owed = 'urn:deals:problem:second-factor-required';
my %of = map { $_ => $t->client(port => $t->port($_ eq 'optional' ? ''
    : $_)) } qw(optional moderators all);
my $owner = $t->member('owner1');

# Codes are good once; here the same half minute serves again.
my %secret;
sub code {
    my ($name) = @_;
    $t->sql("UPDATE user_factors SET last_step = 0, failed = 0 WHERE user_id =
        (SELECT user_id FROM users WHERE name = '$name')");
    return totp($secret{$name});
}

# By the session, which goes on; at any of the servers.
sub turn_on {
    my ($c, $name, $token) = @_;
    $secret{$name} = $c->post("$api/me/factor", bearer => $token,
        json => { current => "password of $name" })->json->{secret};
    my $r = $c->post("$api/me/factor/confirm", bearer => $token,
        json => { code => totp($secret{$name}) });
    is $r->status, 200, "$name turns a second factor on" or diag $r->body;
    return $r;
}
sub turn_off {
    my ($c, $name, $token) = @_;
    my $r = $c->post("$api/me/factor/end", bearer => $token, json => {
        current => "password of $name", code => code($name) });
    is $r->status, 204, "$name turns it off" or diag $r->body;
}

# --- the matrix ---------------------------------------------------------------

# Everybody's session, and an access token with all scopes.
my (%session, %access);
sub as { return { Cookie => "deals=$session{ $_[0] }" } }
for my $role (qw(member moderator admin)) {
    for my $has (0, 1) {
        my $who = $role . ($has ? '-with' : '-without');
        my $c = $t->member($who);
        $session{$who} = $c->{cookie}{deals};
        $access{$who} = $c->post("$api/tokens", json => { label => 'x',
            scopes => ['read', 'vote', 'write'],
            current => "password of $who" })->json->{token};
        turn_on($c, $who) if $has;
        $t->sql("UPDATE users SET role = '$role' WHERE name = '$who'");
    }
}
$t->reload;             # nobody's role is kept in memory

sub fresh {
    my $deal = $owner->post("$api/deals", json => { title => 'A deal' })
        ->json->{id};
    my $comment = $owner->post("$api/deals/$deal/comments",
        json => { body => 'A comment' })->json->{id};
    return ($deal, $comment);
}
sub state {
    return join '|', $t->sql("SELECT md5(string_agg(x::text, ',' ORDER BY
        x::text)) FROM (SELECT d::text FROM deals d UNION ALL SELECT s::text
        FROM deal_stats s UNION ALL SELECT c::text FROM comments c UNION ALL
        SELECT user_id || token_hash FROM sessions) x (x)");
}

# kind, what, body, status where it is allowed. read: anybody; write: any
# member; moderate: moderators; account: what keeps the own account safe.
my $no = { current => 'no' };
my @matrix = (
    ['read', 'GET /', undef, 200],
    ['read', 'GET /deals/D/a-deal', undef, 200],
    ['read', 'GET /api/v1/deals', undef, 200],
    ['read', 'GET /api/v1/deals/D/comments', undef, 200],
    ['write', 'GET /submit', undef, 200],
    ['write', 'POST /submit', { title => 'Another' }, 303],
    ['write', 'POST /deals/D/-/vote', { value => -1 }, 303],
    ['write', 'POST /deals/D/-/comments', { body => 'New' }, 303],
    ['write', 'POST /deals/D/-/comments/C/vote', { value => -1 }, 303],
    ['write', 'POST /api/v1/deals', { title => 'Another' }, 201],
    ['write', 'PUT /api/v1/deals/D/vote', { value => -1 }, 200],
    ['write', 'POST /api/v1/deals/D/comments', { body => 'New' }, 201],
    ['write', 'PUT /api/v1/deals/D/comments/C/vote', { value => -1 }, 200],
    ['token', 'POST /api/v1/tokens', { label => 'y', scopes => ['read'], %$no },
     422],
    ['moderate', 'GET /deals/D/-/edit', undef, 200],
    ['moderate', 'POST /deals/D/-/edit', { title => 'Changed' }, 303],
    ['moderate', 'POST /deals/D/-/hide', { hide => 1 }, 303],
    ['moderate', 'POST /deals/D/-/delete', {}, 303],
    ['moderate', 'POST /deals/D/-/comments/C/delete', {}, 303],
    ['moderate', 'PATCH /api/v1/deals/D', { title => 'Changed' }, 200],
    ['moderate', 'DELETE /api/v1/deals/D', undef, 204],
    ['moderate', 'DELETE /api/v1/deals/D/comments/C', undef, 204],
    ['account', 'GET /settings', undef, 200],
    ['account', 'GET /api/v1/me', undef, 200],
    ['account', 'GET /api/v1/me/factor', undef, 200],
    ['account', 'GET /api/v1/sessions', undef, 200],
    ['account', 'POST /api/v1/me/factor', $no, 422],
    ['account', 'POST /api/v1/me/factor/codes', { %$no, code => '12' }, 422],
    ['account', 'POST /settings/factor', $no, 422],
    ['account', 'POST /settings/password', { %$no, password => 'no' }, 422],
    ['account', 'PUT /api/v1/me/password', { %$no, password => 'a long one' },
     422],
    ['account', 'POST /settings/sessions/end', $no, 422],
    ['account', 'POST /api/v1/sessions/end', $no, 422],
    ['account', 'DELETE /api/v1/tokens/none', undef, 404],
);

# allowed, owed (a second factor), forbidden, or nobody.
sub verdict {
    my ($kind, $value, $role, $has, $by_token) = @_;
    return 'allowed' if $kind eq 'read';
    return 'nobody' if $role eq 'anonymous';
    return 'forbidden' if $by_token && $kind =~ /^(?:account|token)$/;
    return 'allowed' if $kind eq 'account';
    return 'owed' if $value eq 'all' && !$has;
    return 'allowed' if $kind ne 'moderate';
    return 'forbidden' if $by_token || $role eq 'member';
    return $value eq 'moderators' && !$has ? 'owed' : 'allowed';
}

# One row, on a deal and a comment of somebody else.
sub attempt {
    my ($row, $value, $who, $by_token, $verdict, $deal, $comment) = @_;
    my ($kind, $what, $body, $good) = @$row;
    my ($method, $path) = split ' ', $what;
    my $json = $path =~ m{^/api/};
    $path =~ s/\bD\b/$deal/;
    $path =~ s/\bC\b/$comment/;
    my $r = $of{$value}->request($method, $path, cookies => 0,
        $body ? (($json ? 'json' : 'form'), $body) : (),
        $by_token ? (bearer => $access{$who})
        : $session{$who} ? (headers => as($who)) : ());
    my $want = $verdict eq 'allowed' ? $good : $verdict eq 'nobody'
        ? ($json ? 401 : 303) : 403;
    is $r->status, $want, "$value, $who" . ($by_token ? ' by token' : '')
        . ": $what: $verdict" or diag $r->body;
    if ($json && $verdict =~ /^(?:owed|forbidden)$/) {
        is $r->json->{type}, $verdict eq 'owed' ? $owed
            : 'urn:deals:problem:forbidden', '  by its name';
        is $r->header('Link'), $verdict eq 'owed'
            ? '</settings/factor>; rel="help"' : undef, '  and where to go';
    } elsif ($verdict eq 'owed') {
        like $r->body, qr{href="/settings/factor\?next=%2F}, '  with a link';
        like $r->body, qr{need a second factor}, '  and a sentence';
    } elsif ($verdict eq 'forbidden') {
        unlike $r->body, qr{/settings/factor}, '  and not for that';
    }
}

# First what is refused, which must leave all as it was.
sub attempts {
    my ($value, $who, $by_token, @rows) = @_;
    my ($role, $has) = $who =~ /^([a-z]+)(-with\b)?/;
    my @case = map { [$_, $value, $who, $by_token, verdict($_->[0], $value,
        $role, $has, $by_token)] } @rows;
    my @at = fresh();
    my $before = state();
    attempt(@$_, @at) for grep { $_->[4] ne 'allowed' } @case;
    is state(), $before, '  none of this changed anything';
    for my $case (grep { $_->[4] eq 'allowed' } @case) {
        @at = fresh() if $case->[0][0] eq 'moderate';
        attempt(@$case, @at);
    }
}

my @who = ('anonymous', map { ("$_-without", "$_-with") }
    qw(member moderator admin));
for my $value (qw(optional moderators all)) {
    attempts($value, $_, 0, @matrix) for @who;
    attempts($value, $_, 1, grep { $_->[1] =~ m{/api/} && $_->[1] !~ m{/me$} }
        @matrix) for grep { $access{$_} } @who;
}

# Signing out is for all; nothing is asked of it.
{
    my $c = $t->member('leaves', undef, port => $t->port('all'));
    is $c->post('/logout', form => {})->status, 303, 'signing out';
    is $t->client(port => $t->port('all'))->get("$api/me", headers => {
        Cookie => 'deals=' . ($c->{cookie}{deals} // 'x') })->status, 401,
        '  is an end';
    $c = $t->member('revokes');
    my $made = $c->post("$api/tokens", json => { label => 'x', scopes =>
        ['write'], current => 'password of revokes' })->json;
    $c->{port} = $t->port('all');
    is $c->delete("$api/tokens/$made->{id}")->status, 204,
        'an access token is revoked';
    is $c->put("$api/me/password", json => { current => 'password of revokes',
        password => 'another password' })->status, 204, 'a password changed';
    is $c->post("$api/sessions/end", json => { current => 'another password' })
        ->status, 204, 'sessions ended';
}

# What is hidden: a moderator without sees as much as any member.
{
    my ($deal) = fresh();
    $of{optional}->post("/deals/$deal/-/hide", cookies => 0, form => {
        hide => 1 }, headers => as('moderator-without'));
    my $seen = sub { $of{ $_[0] }->get("$api/deals/$_[1]", cookies => 0,
        headers => as($_[2])) };
    is $seen->('moderators', $deal, 'moderator-with')->status, 200,
        'a hidden deal';
    my $r = $seen->('moderators', $deal, 'moderator-without');
    is $r->status, 404, '  not without';
    is $r->body, $seen->('moderators', 1, 'moderator-without')->body,
        '  as if it were not there';
    like $r->json->{detail}, qr/second factor/, '  whatever it is, it is told';
    unlike $seen->('moderators', $deal, 'member-without')->body, qr/factor/,
        '  but to nobody else';
    is $of{moderators}->put("$api/deals/$deal/vote", cookies => 0, json =>
        { value => 1 }, headers => as('moderator-without'))
        ->status, 404, '  no votes';
}

# --- at once, everywhere ------------------------------------------------------

my $two = Deals::Test::Node->new($t, $conf =~ s/%%PORT(?::(\w+))?%%/'%%PORT:two'
    . ($1 \/\/ '') . '%%'/gre);

# The same member's same session at both nodes, which both their workers know.
for my $case (['moderators', 'moderator-without'],
    ['all', 'member-without']) {
    my ($value, $who) = @$case;
    my ($deal) = fresh();
    my $here = $of{$value};
    my $there = $t->client(port => $t->port("two$value"));
    my $act = sub {
        my ($c) = @_;
        return $value eq 'all' ? $c->put("$api/deals/$deal/vote", json => {
            value => 1 }, bearer => $session{$who})->status
            : $c->patch("$api/deals/$deal", json => { title => 'Again' },
            bearer => $session{$who})->status;
    };
    my $all = sub { my ($c) = @_; my %seen = map { $act->($c) => 1 } 1 .. 12;
        join ' ', sort keys %seen };
    # One worker may have read it of the database before the other heard of it.
    my $heard = sub { my ($c, $status) = @_;
        ok $t->wait_until(sub { $all->($c) eq $status }, 5), '  and there';
        is $all->($c), $status, '  by each of its workers' };
    $t->wait_until(sub { $there->get('/')->status == 200 });
    is $all->($_), '403', "$value: refused" for $here, $there;
    turn_on($of{optional}, $who, $session{$who});
    is $all->($here), '200', '  allowed from the next request on, everywhere';
    $heard->($there, '200');
    is $here->put("$api/deals/$deal/vote", json => { value => -1 },
        bearer => $access{$who})->status, 200, '  by its access token too';
    turn_off($of{optional}, $who, $session{$who});
    is $all->($here), '403', '  refused from the next request on';
    $heard->($there, '403');

    # The operator's way, which ends the session too.
    turn_on($here, $who, $session{$who});
    is $act->($here), 200, '  on again';
    my ($token) = split /\n/, $t->deals('user', 'reset', $who,
        '--second-factor', { env => { DEALS_URL => '' } })->{out};
    is $act->($here), 200, '  a reset that is not used takes nothing';
    is $here->post("$api/password-resets", cookies => 0, json => { token =>
        $token, password => "password of $who" })->status, 204, 'a reset';
    is $all->($here), '401', '  ends the session';
    $session{$who} = $here->post("$api/sessions", cookies => 0, json => { name
        => $who, password => "password of $who" })->json->{token};
    is $all->($here), '403', '  and the next one has no second factor';
}

# Turning it on ends what began without.
{
    my $c = $t->member('several');
    my $sign_in = sub { $t->client->post("$api/sessions", cookies => 0,
        json => { name => 'several', password => 'password of several', @_ }) };
    my $other = $sign_in->()->json->{token};
    my $token = $c->post("$api/tokens", json => { label => 'x', scopes =>
        ['read'], current => 'password of several' })->json->{token};
    my $me = sub { $t->get("$api/me", bearer => $_[0])->status };
    is $me->($_), 200, 'a session, a token' for $other, $token;
    $secret{several} = $c->post("$api/me/factor", json => { current =>
        'password of several' })->json->{secret};
    is $c->post("$api/me/factor/confirm", json => { code => '12' })->status,
        422, 'a wrong code';
    is $me->($other), 200, '  ends nothing';
    is $c->post("$api/me/factor/confirm", json => { code =>
        totp($secret{several}) })->status, 200, 'a good one';
    is $me->($other), 401, '  ends sessions that began without';
    is $me->($token), 200, '  no access token';
    is $c->get("$api/me")->status, 200, '  nor itself';
    my $by_code = $sign_in->(code => code('several'))->json->{token};
    is $c->post("$api/me/factor/codes", json => { current =>
        'password of several', code => code('several') })->status, 200,
        'new recovery codes';
    is $me->($by_code), 200, '  end none that began with a code';
    turn_off($c, 'several');
    is $me->($by_code), 200, '  nor does turning it off';
}

# --- who is told, and how -----------------------------------------------------

sub page {
    my ($value, $who, $path) = @_;
    return $of{$value}->get($path, cookies => 0, headers => as($who))->body;
}
my %notice = (moderators => qr/<b>Moderators of Deals need a second factor/,
              all => qr/<b>Members of Deals need a second factor/);
my $any = qr/need a second factor/;
unlike page('optional', $_, '/settings'), $any, "settings, optional: $_"
    for qw(member-without moderator-without admin-without);
unlike page('moderators', $_, '/settings'), $any, "settings, moderators: $_"
    for qw(member-without member-with moderator-with admin-with);
like page('moderators', $_, '/settings'), $notice{moderators},
    "settings, moderators: $_" for qw(moderator-without admin-without);
unlike page('all', $_, '/settings'), $any, "settings, all: $_"
    for qw(member-with moderator-with admin-with);
like page('all', $_, '/settings'), $notice{all}, "settings, all: $_"
    for qw(member-without moderator-without admin-without);

my $badge = qr{<span class="badge">moderator</span>};
my $hint = qr{once[ ]your[ ]second[ ]factor[ ]is[ ]on
    .*?href="/settings/factor\?next=%2Fnew"}xs;
like page('moderators', 'moderator-with', '/new'), $badge, 'the menu of one';
unlike page('moderators', 'moderator-with', '/new'), $hint, '  says no more';
my $menu = page('moderators', 'moderator-without', '/new');
like $menu, $hint, 'the menu of one without';
unlike $menu, $badge, '  has no badge';
my ($deal) = fresh();
my $hide = qr{action="/deals/$deal/-/hide"};
like page('moderators', 'moderator-with', "/deals/$deal/a-deal"), $hide,
    'the buttons of one';
unlike page('moderators', 'moderator-without', "/deals/$deal/a-deal"), $hide,
    'none for one without';
unlike page('all', 'member-without', '/new'), qr/once your second factor is on/,
    'members have no such hint';

# What was typed is kept.
{
    my %as = (cookies => 0, headers => as('member-without'));
    my $r = $of{all}->post("/deals/$deal/-/comments", %as, form => {
        body => 'A long & thoughtful text' });
    is $r->status, 403, 'a comment';
    like $r->body, qr/>\s*A long &amp; thoughtful text<\/textarea>/,
        '  is kept';
    like $r->body, qr{id="body-e">Members[ ]of[ ]this[ ]site[ ]need.*?
        href="/settings/factor\?next=%2Fdeals%2F$deal"[^>]*target="_blank"}xs,
        '  and it is told beside it';
    $r = $of{all}->post('/submit', %as, form => { title => 'A new deal' });
    is $r->status, 403, 'a deal';
    like $r->body, qr/name="title" value="A new deal"/, '  is kept';
    like $r->body, qr{role="alert"><p>Members.*?next=%2Fsubmit"}s,
        '  and it is told above';
    $r = $of{all}->post('/settings/tokens', %as, form => { label => 'robot',
        scopes => 'read', current =>
        'password of member-without' });
    is $r->status, 403, 'a token';
    like $r->body, qr/name="label" value="robot"/, '  is kept';
    is $of{all}->post("/deals/$deal/-/vote", %as, site => 'cross-site',
        form => { value => 1 })->status, 403, 'from elsewhere';
    $r = $of{all}->post("/shop/api/v1/deals/$deal/comments", json => {
        body => 'x' }, bearer => $session{'member-without'}, cookies => 0);
    is $r->header('Link'),
        '<https://shop.example.org/shop/settings/factor>; rel="help"',
        'the link under a prefix, absolute where that is known';
}

# --- the page that offers it --------------------------------------------------

my $new = $t->client(port => $t->port('all'));
my $r = $new->post('/signup', form => { name => 'newcomer', password =>
    'password of newcomer', next => "/deals/$deal?a=b&c=d" });
is $r->status, 303, 'signing up';
my $offer = $r->header('Location');
is $offer, "/settings/factor?next=%2Fdeals%2F$deal%3Fa%3Db%26c%3Dd",
    '  leads to the second factor';
$r = $new->get($offer);
is $r->status, 200, 'its page';
is $r->header('Cache-Control'), 'no-store', '  kept nowhere';
like $r->body, qr/Members of Deals need one/, '  says why';
my $next = qr{name="next" value="/deals/$deal\?a=b&amp;c=d"};
like $r->body, $next, '  and knows where to';
like $r->body, qr{href="/deals/$deal\?a=b&amp;c=d">Not now}, '  or not now';
my %go = (next => "/deals/$deal?a=b&c=d");
$r = $new->post('/settings/factor', form => { %go, current => 'wrong' });
is $r->status, 422, 'a wrong password';
like $r->body, qr/id="factor-e">\S/, '  told at its field';
like $r->body, qr/<h1>A second factor/, '  on the same page';
like $r->body, $next, '  which still knows where to';
$r = $new->post('/settings/factor', form => { %go });
is $r->status, 422, 'none';
like $r->body, qr/<h1>A second factor/, '  likewise';
$r = $new->post('/settings/factor', form => { %go, current =>
    'password of newcomer' });
is $r->status, 200, 'the right one';
like $r->body, $next, '  goes on to the key';
($secret{newcomer}) = map { s/ //gr }
    $r->body =~ m{<code class="secret">([A-Z2-7 ]{39})</code>};
$r = $new->post('/settings/factor/confirm', form => { %go, code => '12' });
is $r->status, 422, 'a wrong code';
like $r->body, $next, '  and where to';
is $new->put("$api/deals/$deal/vote", json => { value => 1 })->status, 403,
    '  it is not on yet';
$r = $new->post('/settings/factor/confirm', form => { %go, code =>
    totp($secret{newcomer}) });
is $r->status, 200, 'the right one';
like $r->body, qr{href="/deals/$deal\?a=b&amp;c=d">Done}, '  goes on';
is $new->put("$api/deals/$deal/vote", json => { value => 1 })->status, 200,
    '  and all is allowed';
is $new->get($offer)->header('Location'), "/deals/$deal?a=b&c=d",
    'who has one goes on at once';
is $new->get('/settings/factor')->header('Location'), '/settings',
    '  or to the settings';
is $new->get('/settings/factor?next=//example.org/')->header('Location'),
    '/settings', '  never to another site';
unlike page('optional', 'member-without',
    '/settings/factor?next=/%22%3E%3Cb%3Ehere'), qr/"><b>here|<b>here/,
    'what leads there can not write into it';
is $t->get("/settings/factor?next=/new")->header('Location'),
    '/login?next=%2Fsettings%2Ffactor%3Fnext%3D%2Fnew', 'nobody signs in first';

my $in = sub {
    my ($value, $who, $next, %with) = @_;
    my $r = $t->client(port => $t->port($value eq 'optional' ? '' : $value))
        ->post('/login', form => { name => $who, password =>
        "password of $who", defined $next ? (next => $next) : (), %with });
    is $r->status, 303, "signing in, $value: $who" or diag $r->body;
    return $r->header('Location');
};
is $in->('all', 'member-without', '/new'), '/settings/factor?next=%2Fnew',
    '  is led to it too';
is $in->('all', 'member-without'), '/settings/factor', '  from wherever';
is $in->('all', 'member-without', '//example.org'), '/settings/factor',
    '  and to no other site';
is $in->('moderators', 'admin-without', '/new'), '/settings/factor?next=%2Fnew',
    '  likewise';
is $in->('moderators', 'member-without', '/new'), '/new', '  is not';
is $in->('optional', 'admin-without', '/new'), '/new', '  is not';
is $in->('all', 'newcomer', '/new', code => code('newcomer')), '/new',
    '  has one';
for my $value (qw(optional moderators)) {
    is $t->client(port => $t->port($value eq 'optional' ? '' : $value))
        ->post('/signup', form => { name => "new$value", password =>
        'a fine password', next => '/new' })->header('Location'), '/new',
        "signing up, $value: goes on";
}
like page('optional', 'member-without', '/settings/factor'),
    qr/<h1>A second factor/, 'the page where it is optional';
unlike page('optional', 'member-without', '/settings/factor'), qr/need one/,
    '  demands nothing';

like $t->log, qr/\[notice\].*event=hide\ result=second-factor-required
    .*member=moderator-without/x, 'a line in the log';

$t->finish;
