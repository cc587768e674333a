#!/usr/bin/perl

# A member whom the operator shuts out is out at once, on every node and in every
# worker, whatever was held; what the member wrote stays. And is in again when
# the operator says so, but for what has ended.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IPC::Open2 qw(open2);
use JSON::PP ();
use Test::More;
use Deals::Test;
use Deals::Test::Node;

my $t = Deals::Test->new;
my $conf = <<'CONF';
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_rate_limit signin=off signup=off;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
    }
}
CONF
$t->nginx($conf);

# The second node: another nginx with a zone of its own.
my $two = Deals::Test::Node->new($t, $conf =~ s/%%PORT%%/%%PORT:two%%/r);

my $api = '/api/v1';
my $ann = $t->member('ann');
my $bob = $t->member('bob');
my $there = $t->client(port => $t->port('two'));
my $deal = $ann->post("$api/deals", json => { title => 'A deal of hers' })
    ->json->{id};
$bob->post("$api/deals/$deal/comments", json => { body => 'Nice.' });
$ann->post("$api/deals/$deal/comments", json => { body => 'Her *word*.' });
is $ann->put("$api/deals/$deal/vote", json => { value => 1 })->status, 200,
    'she votes';
my $token = $ann->post("$api/tokens", json => { label => 'x', scopes =>
    ['read', 'vote', 'write'], current => 'password of ann' })->json->{token};
my $code = code();
my $session = $ann->{cookie}{deals};

sub code {
    my $r = $t->deals('user', 'reset', 'ann', { env => { DEALS_URL => '' } });
    return $r->{out} =~ /^(\d+\.[\w-]{32})$/m ? $1 : undef;
}

sub signs_in {
    return $t->client->post("$api/sessions", json => { name => 'ann',
        password => $_[0] // 'password of ann' });
}

# By both nodes and all workers: each connection may be another's.
sub answers {
    my ($bearer) = @_;
    my %seen;
    for (1 .. 10) {
        $seen{ $_->get("$api/me", bearer => $bearer)->status } = 1
            for $t->client, $there;
    }
    return join ' ', sort keys %seen;
}

is answers($_), '200', 'both nodes know her' for $session, $token;
like $ann->get('/')->body, qr/Signed in as/, '  on pages, too';

# --- out -----------------------------------------------------------------------

is $t->deals('user', 'disable', 'nobody')->{code}, 1, 'nobody is shut out';
my $r = $t->deals('user', 'disable', 'Ann');
is $r->{code}, 0, 'she is shut out' or diag $r->{err};
is $r->{out}, "Ann is disabled: 1 session and 1 access token ended.\n",
    '  which is said';
for my $held ($session, $token) {
    ok $t->wait_until(sub { answers($held) eq '401' }, 5),
        '  with what she held, on both nodes';
    is answers($held), '401', '  which no worker knows any more';
}
unlike $ann->get('/')->body, qr/Signed in as/, '  nor do pages';
is $t->put("$api/deals/$deal/vote", bearer => $token, json => { value => 0 })
    ->status, 401, '  nor does it vote';
is $t->sql('SELECT count(*) FROM sessions s JOIN users USING (user_id)
    WHERE name = \'ann\''), 0, '  nothing is left of it';
is answers($bob->{cookie}{deals}), '200', 'others go on';

my ($good, $bad) = (signs_in(), signs_in('not hers'));
is $good->status, 401, 'signing in';
is $good->body, $bad->body, '  looks as with a wrong password';
is $t->client->post('/login', form => { name => 'ann',
    password => 'password of ann' })->status, 422, '  on the page, too';
is $t->post("$api/password-resets", json => { token => $code,
    password => 'one of the thief' })->status, 422, 'a code is not good any more';
is code(), undef, '  nor is there another';
$r = $t->deals('user', 'reset', 'ann');
like $r->{err}, qr/is disabled: enable the account first/, '  and why';
$r = $t->deals('user', 'token', 'ann', '--label', 'x', '--scopes', 'read');
is $r->{code}, 1, 'nor a token';
like $r->{err}, qr/is disabled: enable the account first/, '  and why';

# --- what stays ------------------------------------------------------------------

$r = $t->get("$api/deals/$deal")->json;
is $r->{title}, 'A deal of hers', 'her deal stays';
is $r->{author}{name}, 'ann', '  hers';
is $r->{score}, 1, '  with her vote';
like $t->get("/deals/$deal/a-deal-of-hers")->body, qr/Her <em>word<\/em>/, '  and her words';
is $t->get('/users/ann')->status, 200, 'and her page';
is $t->get("$api/users/ann")->json->{role}, 'member', '  as it was';
like $t->deals('verify')->{out}, qr/every counter and rank/, 'all is in order';
like $t->deals('user', 'list')->{out},
    qr/^ann .*Z  disabled \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\nbob .*\dZ\n\z/m,
    'the list of members says since when';
my ($since) = $t->sql("SELECT disabled_at FROM users WHERE name = 'ann'");
$r = $t->deals('user', 'disable', 'ann');
is $r->{out}, "ann is disabled: 0 sessions and 0 access tokens ended.\n",
    'once more';
is $t->sql("SELECT disabled_at FROM users WHERE name = 'ann'"), $since,
    '  since the same time';

# A session that should not be there is found.
$t->sql("INSERT INTO sessions (user_id, token_hash, created_at, seen_at,
    expires_at) SELECT user_id, repeat('a', 64), now(), now(), now() +
    interval '1 day' FROM users");
$r = $t->deals('verify');
is $r->{code}, 1, 'one who is out and has a session';
my ($id) = $t->sql("SELECT user_id FROM users WHERE name = 'ann'");
is $r->{out}, "disabled member $id: sessions is 1, should be 0\n",
    '  is what verify finds';
is $t->deals('user', 'disable', 'ann', '--quiet')->{out}, '',
    'once more, without a word';
is $t->deals('verify')->{code}, 0, '  mends that';
$t->sql("DELETE FROM sessions WHERE token_hash = repeat('a', 64)");

# --- in --------------------------------------------------------------------------

is $t->deals('user', 'enable', 'nobody')->{code}, 1, 'nobody is let in';
$r = $t->deals('user', 'enable', 'ANN');
is $r->{out}, "ANN may sign in.\n", 'she is let in';
is signs_in()->status, 201, '  with the password that she had';
is answers($_), '401', '  what has ended has' for $session, $token;
ok code(), '  a code can be made';
is $t->deals('user', 'token', 'ann', '--label', 'x', '--scopes', 'read')->{code},
    0, '  and a token';
is $t->deals('user', 'enable', 'ann', '-q')->{out}, '', 'who is in stays in';
unlike $t->deals('user', 'list')->{out}, qr/disabled/, '  as the list says';

# --- at the same time ---------------------------------------------------------------

$t->sql('DELETE FROM sessions');
my $pid = open2(my $out, my $in, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1',
    $t->database_admin);
$in->autoflush;
print {$in} "BEGIN; UPDATE users SET disabled_at = now() WHERE name = 'ann';\n"
    . "\\echo done\n";
my $line;
do { $line = <$out> // die 'psql ended' } until $line =~ /^done/;
my $body = JSON::PP::encode_json({ name => 'ann', password => 'password of ann' });
my $s = $t->connect;
print {$s} "POST $api/sessions HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: "
    . "same-origin\r\nConnection: close\r\nContent-Type: application/json\r\n"
    . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
$s->flush;
ok $t->wait_until(sub { $t->sql('SELECT count(*) FROM pg_locks
    WHERE NOT granted') }), 'who signs in while being shut out waits';
print {$in} "COMMIT;\n";
close $in;
waitpid $pid, 0;
like do { local $/; <$s> // '' }, qr{^HTTP/1\.1 401 }, '  and is not let in';
is $t->sql('SELECT count(*) FROM sessions'), 0, '  nor has a session';

$t->finish;
