#!/usr/bin/perl

# nginx' own limits and locks in front of the mount: who is refused by nginx is
# answered by nginx, and neither the module nor the database hears of it; who is
# let through is counted by the module as ever. Neither counts for the other.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;
use Deals::Test::Lock;

my $t = Deals::Test->new;
my $dir = $t->dir;
open my $f, '>', "$dir/passwords" or die;
print {$f} "op:{PLAIN}sesame\n";
close $f or die;

# PostgreSQL writes down what it is asked.
$t->stop_postgresql;
$t->start_postgresql(log_statement => 'all');
$t->nginx(<<'CONF');
deals_rate_limit signin=3/m signup=off post=off comment=off vote=off;
limit_req_zone $http_x_who zone=by_who:1m rate=1r/m;
limit_req_zone $http_x_who zone=wide:1m rate=1r/m;
limit_conn_zone $http_x_who zone=at_once:1m;
add_header X-Id $request_id always;
log_format who '$request_id $status $deals_route $deals_status '
               '$deals_db_time';
access_log %%DIR%%/who.log who;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:few%%;
    limit_req_status 429;
    location / { deals; limit_req zone=by_who burst=1 nodelay; }
}
server {
    listen 127.0.0.1:%%PORT:many%%;
    location / { deals; limit_req zone=wide burst=7 nodelay; }
}
server {
    listen 127.0.0.1:%%PORT:alone%%;
    deals_query_timeout 20s;
    location / { deals; limit_conn at_once 1; limit_conn_status 429; }
}
server {
    listen 127.0.0.1:%%PORT:reading%%;
    location / {
        deals;
        limit_except GET { allow 127.0.0.7; deny all; }
    }
}
server {
    listen 127.0.0.1:%%PORT:staff%%;
    location / {
        deals;
        auth_basic "staff"; auth_basic_user_file %%DIR%%/passwords;
    }
}
server {
    listen 127.0.0.1:%%PORT:denied%%;
    location / { deals; allow 127.0.0.7; deny all; }
}
CONF

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
my $n = 0;

# Somebody whom nginx has not seen, at one of the servers.
sub somebody {
    my ($server, %o) = @_;
    return $t->client(port => $t->port($server), %o, headers =>
        { 'X-Who' => 'who' . ++$n, %{ $o{headers} // {} } });
}

sub guess {
    my ($c, $form) = @_;
    my @o = (cookies => 0);
    my %as = (name => "nobody$n", password => 'guess');
    return $form ? $c->post('/login', @o, form => \%as)
                 : $c->post('/api/v1/sessions', @o, json => \%as);
}

# The counts of the module are by minute: a part begins with counts of its own.
sub afresh {
    $t->within(60, 15);
    $t->flush_redis;
}

# The answer to a guess that is one too many. Redis has an instant to count it:
# where it was late, and in a minute that has just begun, the next one is.
sub too_many {
    my ($form) = @_;
    my $r;
    for (1 .. 5) {
        $r = guess(somebody('few'), $form);
        last if $r->status == 429;
    }
    return $r;
}

# Of a new somebody, for the same reason as often as three times.
sub in_a_row {
    my ($want, $before) = @_;
    my @got;
    for (1 .. 3) {
        $before->() if $before;
        my $c = somebody('many');
        @got = map { guess($c)->status } 1 .. 10;
        is_nginx(guess($c), 503, 'another status of nginx') if !$before;
        last if "@got" eq "@$want";
    }
    return \@got;
}

# What PostgreSQL was asked by workers while `code` ran.
sub asked {
    my ($code) = @_;
    my $log = "$dir/postgresql.log";
    my $before = -s $log;
    $code->();
    open my $in, '<', $log or die;
    seek $in, $before, 0;
    return scalar grep { /(?:execute|statement)\b.*: / } <$in>;
}

# nginx' own page; nothing of ours, not even a header.
sub is_nginx {
    my ($r, $status, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, "$what: by nginx" or diag $r->head;
    like $r->body, qr{<center><h1>$status .*<center>nginx}s, '  its own page';
    is $r->header($_), undef, "  no $_"
        for 'Retry-After', 'Content-Security-Policy', 'Set-Cookie';

    # A line is written when all is over, maybe after the answer.
    my ($id, $line) = $r->header('X-Id');
    $t->wait_until(sub {
        open my $in, '<', "$dir/who.log" or die;
        ($line) = map { /^\Q$id\E (.*)/ ? $1 : () } <$in>;
    });
    is $line, "$status - - -", '  the module has not seen it';
}

sub is_ours {
    my ($r, $status, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, $status, "$what: by the module" or diag $r->head;
    like $r->header('Retry-After'), qr/^[1-9]\d?$/, '  when to come back'
        if $status == 429;
    like $r->header('Content-Security-Policy'), qr/^default-src/, '  its own';
    unlike $r->body, qr/<center>nginx/, '  not nginx\' page';
    if (($r->header('Content-Type') // '') =~ /json/) {
        is $r->header('Content-Type'), 'application/problem+json', '  JSON';
        is $r->json->{status}, $status, '  that says so';
    } else {
        like $r->body, qr{<h1>.*</html>\s*$}s, '  a page';
    }
}

# --- both limits ----------------------------------------------------------

afresh();
my $c = somebody('few');
cmp_ok asked(sub { is guess($c)->status, 401, 'let through' }), '>', 0,
    '  and the database is asked';
is_ours(guess($c), 401, 'the second');
is asked(sub { is_nginx(guess($c, $_ % 2), 429, 'a limit') for 1 .. 4 }), 0,
    '  and the database is not asked';
is asked(sub { is_nginx($c->get($_), 429, $_) for '/', "/deals/$id/a-deal",
    '/api/v1/deals', '/static/x/style.css', '/none' }), 0,
    '  whatever is wanted';
is_ours(guess(somebody('few')), 401, 'what nginx refused was not counted');
is_ours(too_many(), 429, '  what it let through it did');
is_ours(too_many(1), 429, '  by the form too');
is somebody('few')->get('/')->status, 200, 'sign-ins only';

# nginx counts what the module refuses, as it counts all.
my @want = ((429) x 8, (503) x 2);
is_deeply in_a_row(\@want), \@want, 'refused by us, then by nginx';
@want = ((401) x 3, (429) x 5, (503) x 2);
is_deeply in_a_row(\@want, \&afresh), \@want, 'each at its own count';

# --- connections at once --------------------------------------------------

my $lock = Deals::Test::Lock->new($t, 'deals');
my $path = "/api/v1/deals/$id";
$c = somebody('alone');
my $s = $c->connect;
print {$s} "GET $path HTTP/1.1\r\nHost: x\r\nX-Who: who$n\r\n"
    . "Connection: close\r\n\r\n";
$s->flush;
ok $t->wait_until(sub { $lock->waiting }), 'somebody waits for the database';
is_nginx($c->get($path), 429, 'a second connection at once');
is $lock->waiting, 1, '  does not wait too';
is somebody('alone')->get('/static/x/style.css')->status, 200, 'others go';
$lock->free;
like do { local $/; <$s> }, qr{^HTTP/1\.1 200 }, 'who was first is answered';
ok $t->wait_until(sub { $c->get($path)->status == 200 }),
    '  and may come again';

# --- locks ----------------------------------------------------------------

my @ann = (cookies => 0, bearer => $ann->{cookie}{deals});
$c = somebody('reading');
is $c->get($path)->status, 200, 'reading only: GET';
is $c->head('/')->status, 200, '  HEAD';
is asked(sub {
    is_nginx($c->post('/api/v1/deals', @ann, json => { title => 'No' }), 403,
        'POST');
    is_nginx($c->patch($path, @ann, json => { title => 'No' }), 403, 'PATCH');
    is_nginx($c->delete($path, @ann), 403, 'DELETE');
    is_nginx(guess($c, 1), 403, 'a form');
}), 0, '  the database is not asked';

is somebody('reading', from => '127.0.0.7')->post("$path/comments", @ann,
    json => { body => 'x' })->status, 201, 'who is excepted writes';

my %ok = (headers => { Authorization => 'Basic b3A6c2VzYW1l' });
is asked(sub {
    is_nginx(somebody('staff')->get($_), 401, "without a password: $_")
        for '/', $path, '/api/v1/none';
    is_nginx(guess(somebody('staff', headers =>
        { Authorization => 'Basic b3A6bm8=' })), 401, 'with a wrong one');
    is_nginx(somebody('staff')->delete($path, @ann), 401, 'with our token');
}), 0, '  the database is not asked';
my $staff = somebody('staff', %ok);
is $staff->get('/')->status, 200, 'with the password a page';
is $staff->post('/login', form => { name => 'ann', password =>
    'password of ann' })->status, 303, '  and a sign-in';
is $staff->get('/api/v1/me')->json->{name}, 'ann', '  which holds beside it';
is $staff->post('/submit', form => { title => 'A deal of staff' })->status, 303,
    '  and writes';

is asked(sub { is_nginx(somebody('denied', from => '127.0.0.8')->get($_), 403,
    "denied: $_") for '/', $path }), 0, '  the database is not asked';
is somebody('denied', from => '127.0.0.7')->get($path)->status, 200, 'allowed';
is $t->get($path)->json->{title}, 'A deal', 'nothing was changed';

$t->finish;
