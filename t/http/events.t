#!/usr/bin/perl

# What the log says of signing in and out, of passwords and of what was refused:
# one line each, with who, when, from where and how it ended, and no secret.

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
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit vote=1/m signin=2/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my $ann = $t->member('ann');
my $maud = $t->member('maud');
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");
my $id = $ann->post("$api/deals", json => { title => 'A deal' })->json->{id};
my %member = (name => 'ann', password => 'password of ann');
my $token = $ann->{cookie}{deals};
my ($ann_id) = $token =~ /^(\d+)/;

# What the log has to say of a request.
sub events {
    my ($code) = @_;
    my $before = length $t->log;
    my $r = $code->();
    my @line = grep { /deals event=/ } split /\n/, substr $t->log, $before;
    return ($r, map { event($_) } @line);
}

sub event {
    my ($line) = @_;
    my ($level) = $line =~ /^\S+ \S+ \[(\w+)\]/;
    my ($said, $client) = $line =~ / deals (event=.*?), client: (\S+?),/;
    return { line => $line, level => $level, client => $client,
             map { split /=/, $_, 2 } split ' ', $said // '' };
}

sub told {
    my ($what, $code, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($r, @event) = events($code);
    is scalar @event, 1, "$what: one line"
        or diag map { "$_->{line}\n" } @event;
    my $event = $event[0] // {};
    is_deeply { map { $_ => $event->{$_} } keys %want }, \%want,
        '  that says so';
    is $event->{client}, '127.0.0.1', '  from where';
    like $event->{time} // '',
        qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/,
        '  when, with the offset of the zone';
    return $event;
}

sub not_told {
    my ($what, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($r, @event) = events($code);
    is_deeply [map { $_->{line} } @event], [], "$what: nothing";
}

# --- who comes and goes ---------------------------------------------------

told('signing up', sub { $t->client->post("$api/accounts", json => {
        name => 'eve', password => 'password of eve' }) },
    event => 'sign-up', result => 'ok', member => 'eve', level => 'notice',
    route => 'api-account-create');
told('signing in', sub { $t->client->post('/login', form => \%member) },
    event => 'sign-in', result => 'ok', member => 'ann', name => 'ann',
    level => 'notice', route => 'login-form');
told('signing in by the API',
    sub { $t->client->post("$api/sessions", json => \%member) },
    event => 'sign-in', result => 'ok', member => 'ann',
    route => 'api-session-create');
told("a wrong password by $_->[0]", $_->[1], event => 'sign-in',
    result => 'unauthenticated', member => '-', name => 'ann', level => 'warn')
    for ['a form', sub { $t->post('/login', form => { %member,
            password => 'wrong one' }) }],
        ['the API', sub { $t->post("$api/sessions", json => { %member,
            password => 'wrong one' }) }];
told('nobody of that name', sub { $t->post('/login', form => { %member,
        name => 'nobody-here' }) },
    event => 'sign-in', result => 'unauthenticated', name => 'nobody-here');
my $leaving = $t->client;
$leaving->post('/login', form => \%member);
told('signing out', sub { $leaving->post('/logout', form => {}) },
    event => 'sign-out', result => 'ok', name => $ann_id, level => 'notice');

# --- passwords and sessions -----------------------------------------------

told('a wrong password to change one', sub { $ann->post('/settings/password',
        form => { current => 'wrong one', password => 'another password' }) },
    event => 'password', result => 'invalid', member => 'ann',
    level => 'notice');
told('the same by the API', sub { $ann->put("$api/me/password",
        json => { current => 'wrong one', password => 'another password' }) },
    event => 'password', result => 'invalid', member => 'ann');
told('another password', sub { $ann->put("$api/me/password",
        json => { current => $member{password}, password => 'changed to this' })
    }, event => 'password', result => 'ok', member => 'ann', level => 'notice');
my $made = $ann->post("$api/tokens", json => { label => 'Mine',
    scopes => ['vote'], current => 'changed to this' })->json->{id};
told('making an access token', sub { $ann->post("$api/tokens",
        json => { label => 'More', scopes => ['read'],
        current => 'changed to this' }) },
    event => 'token', result => 'ok', member => 'ann', level => 'notice');
told('revoking one', sub { $ann->post("/settings/tokens/$made/end",
        form => {}) },
    event => 'end-token', result => 'ok', member => 'ann');
told('a wrong password to end the others', sub {
        $ann->post("$api/sessions/end", json => { current => 'wrong one' }) },
    event => 'end-sessions', result => 'invalid', member => 'ann');
told('ending the other sessions', sub { $ann->post("$api/sessions/end",
        json => { current => 'changed to this' }) },
    event => 'end-sessions', result => 'ok', member => 'ann');
told('a code that is none', sub { $t->post("$api/password-resets", json => {
        token => "$ann_id." . 'A' x 32, password => 'another password' }) },
    event => 'reset', result => 'invalid');
my $code = (split /\n/, $t->deals('user', 'reset', 'ann',
    { env => { DEALS_URL => '' } })->{out})[0];
told('a code that is good', sub { $t->post("$api/password-resets", json => {
        token => $code, password => 'and then to that' }) },
    event => 'reset', result => 'ok', level => 'notice');
$ann->post('/login', form => { name => 'ann', password => 'and then to that' });

# --- what was refused -----------------------------------------------------

my $eve = $t->client;
$eve->post('/login', form => { name => 'eve', password => 'password of eve' });
told('what belongs to another', sub { $eve->delete("$api/deals/$id") },
    event => 'request', result => 'forbidden', member => 'eve',
    route => 'api-deal-delete', level => 'warn');
told('the same by a form',
    sub { $eve->post("/deals/$id/-/edit", form => { title => 'Mine' }) },
    result => 'forbidden', member => 'eve', route => 'edit-form');
told('what a moderator may', sub { $eve->post("/deals/$id/-/hide",
        form => { hide => 1 }) },
    event => 'hide', result => 'forbidden', member => 'eve');
told('hiding', sub { $maud->post("/deals/$id/-/hide", form => { hide => 1 }) },
    event => 'hide', result => 'ok', member => 'maud', level => 'notice');
$maud->post("/deals/$id/-/hide", form => { hide => 0 });
told('a form of another site', sub { $ann->post("/deals/$id/-/vote",
        site => 'cross-site', form => { value => 1 }) },
    event => 'request', result => 'forbidden', member => 'ann');
told('a bad token', sub { $t->get("$api/me", bearer => $token) },
    event => 'request', result => 'unauthenticated', member => '-',
    name => $ann_id, level => 'warn');
told('what can not be read', sub { $ann->post("$api/deals", body => '{',
        type => 'application/json') },
    result => 'malformed', level => 'info');
told('a cursor of one\'s own', sub { $t->get("$api/deals?cursor=AAAA") },
    result => 'malformed', level => 'info', route => 'api-deals');

$t->within(60, 25);
my $limited = $t->client(port => $t->port('limited'));
$limited->post('/login', form => { name => 'eve',
                                   password => 'password of eve' });
my $vote = sub { $limited->put("$api/deals/$id/vote", json => { value => 1 }) };
$vote->() for 1 .. 2;
told('too many votes', $vote, event => 'request', result => 'rate-limited',
    route => 'api-vote', member => 'eve', level => 'warn');
my $guess = sub { $limited->post('/login', form => { name => 'ann',
                                                     password => 'guess' }) };
$guess->() for 1 .. 3;
told('too many guesses', $guess, event => 'sign-in', result => 'rate-limited',
    name => 'ann', level => 'warn');

# --- what is nobody's business --------------------------------------------

not_told('a page', sub { $t->get('/') });
not_told('a member\'s page', sub { $ann->get('/') });
not_told('a vote', sub { $ann->put("$api/deals/$id/vote",
                                   json => { value => 1 }) });
not_told('what is not there', sub { $t->get('/nothing') });
not_told('a page for members', sub { $t->get('/submit') });
not_told('a deal with a mistake',
    sub { $ann->post('/submit', form => { title => '' }) });

# --- nobody writes lines of his own ---------------------------------------

for my $name ("ann\n2026/01/01 00:00:00 [notice] 1#1: deals event=sign-in",
              "ann\r\nx", 'ann member=maud', 'hunter2 is my password',
              "\x1b[2J",
              "\0", 'x' x 4000, '%s%n', '') {
    (my $shown = substr $name, 0, 20) =~ s/[^ -~]/?/g;
    my $event = told("the name \"$shown\"", sub { $t->post('/login',
        form => { name => $name, password => 'x' }) },
        event => 'sign-in', name => '-', member => '-');
}
my $forged = told('a token with a line in it', sub { $t->raw("GET $api/me"
    . " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
    . "1\t[notice] deals event=sign-in\r\n\r\n") },
    event => 'request', result => 'unauthenticated', name => '-');
unlike $forged->{line}, qr/sign-in/, '  none of it';

my $log = $t->log;
unlike $log, qr/password of|wrong one|another password|changed to this/,
    'no password is in the log';
unlike $log, qr/and then to that|hunter2/, '  none at all';
my ($secret) = $token =~ /\.(.*)/;
unlike $log, qr/\Q$secret\E/, '  no token';
($secret) = $code =~ /\.(.*)/;
unlike $log, qr/\Q$secret\E/, '  no code';

$t->finish;
