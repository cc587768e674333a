#!/usr/bin/perl

# No new password is one that breaches of other sites have made known, wherever
# it is given; who has one already gets in. The file that is asked is the one
# that was there when nginx read its configuration, and asking it keeps nobody
# else waiting.

use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
my $api = '/api/v1';
my ($list, $control) = map { $t->dir . "/$_" } qw(breached held);
my ($known, $fine) = ('pässword of a <breach>', 'nobody had this one');

# Others than these have been in breaches, too.
sub put_list {
    my ($name, @passwords) = @_;
    my %line = map { utf8::encode(my $p = $_); uc(sha1_hex($p)) => 1 }
        @passwords, map { "some password $_" } 1 .. 5000;
    open my $f, -e $name ? '+<' : '>', $name or die "$name: $!";
    truncate $f, 0;
    print {$f} map { "$_:" . (1 + hex(substr $_, 0, 3)) . "\r\n" }
        sort keys %line;
    close $f or die;
    chmod 0600, $name;          # its owner alone may read it
}

utf8::decode($known);
put_list($list, $known, 'another known one');
my $conf = <<'CONF';
%%GLOBALS%%
thread_pool default threads=2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_query_timeout 60s;
    deals_rate_limit signin=off signup=off;
    deals_breached_passwords breached;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:any%%;
        deals_breached_passwords off;
        location / { deals; }
    }
}
CONF

# A disk that can be told to wait.
my $library = $t->dir . '/held_file.so';
is system(qw(gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -fPIC
    -shared -o), $library, $t->root . '/t/lib/held_file.c'), 0, 'a slow disk';
my $shm = do {
    open my $f, '+>', $control or die;
    syswrite $f, pack 'l2', 0, 0;
    chmod 0666, $control;
    $f;
};

sub hold { sysseek $shm, 0, 0; syswrite $shm, pack 'l', $_[0] }

sub waiting {
    sysseek $shm, 4, 0;
    sysread $shm, my $n, 4;
    return unpack 'l', $n;
}

my %env = $t->sanitizer_env;
$t->{servers}->start_nginx($t->write_conf($conf), %env, HELD_FILE => $list,
    HELD_CONTROL => $control,
    LD_PRELOAD => join ' ', grep { defined } $env{LD_PRELOAD}, $library);

sub text { my $s = shift; utf8::encode($s); return $s }

sub sign_up {
    my ($name, $password, %o) = @_;
    return $t->client(%o)->post("$api/accounts",
        json => { name => $name, password => $password });
}

sub fields { return [map { "$_->{field}: $_->{detail}" }
    @{ $_[0]->json->{errors} || [] }] }

my $why = 'is known from breaches of other sites; choose another';
my $said = ["password: $why"];

# --- wherever one is given ------------------------------------------------------

my $r = sign_up('ann', $known);
is $r->status, 422, 'signing up by the API';
is_deeply fields($r), $said, '  says why not';
$r = $t->client->post('/signup', form => { name => 'ann',
    password => text($known) });
is $r->status, 422, 'signing up on the page';
like $r->body, qr/\Q$why\E/, '  says why not';
like $r->body, qr/value="ann"/, '  keeps what was typed';
unlike $r->body, qr/of a &lt;breach/, '  but the password';
is $t->sql('SELECT count(*) FROM users'), 0, '  makes nobody';
is sign_up('ann', "$_ $known")->status, 201, 'one that is like it is taken'
    for 'not';
is sign_up('bob', 'another known one')->status, 422, 'the list is longer';
is sign_up('bob', 'another known on')->status, 201, '  and has no more';

my $ann = $t->client;
my $old = "not $known";
is $ann->post("$api/sessions", json => { name => 'ann', password => $old })
    ->status, 201, 'a member';
$r = $ann->put("$api/me/password", json => { current => $old,
    password => $known });
is $r->status, 422, 'a new one by the API';
is_deeply fields($r), $said, '  says why not';
$r = $ann->post('/settings/password', form => { current => text($old),
    password => text($known) });
is $r->status, 422, 'a new one on the page';
like $r->body, qr/\Q$why\E/, '  says why not';
$r = $ann->put("$api/me/password", json => { current => 'wrong',
    password => $known });
unlike $r->body, qr/breach/, 'is asked only behind the right one';

my ($code) = $t->deals('user', 'reset', 'ann', { env => { DEALS_URL => '' } })
    ->{out} =~ /^(\S+)/;
$r = $t->post("$api/password-resets", json => { token => $code,
    password => $known });
is $r->status, 422, 'by a code';
is_deeply fields($r), $said, '  says why not';
$r = $t->post('/reset', form => { token => $code, password => text($known) });
like $r->body, qr/\Q$why\E/, '  on the page, too';
is $ann->get("$api/me")->status, 200, 'nothing was changed';
is $t->post("$api/password-resets", json => { token => $code,
    password => $fine })->status, 204, '  and the code is good still';

# --- where nobody asks, and who has one ---------------------------------------------

is sign_up('cat', $known, port => $t->port('any'))->status, 201,
    'another server need not ask';
is $t->client->post("$api/sessions", json => { name => 'cat',
    password => $known })->status, 201, 'who has one gets in';

# --- the file later -------------------------------------------------------------------

sub opened {
    my $n = 0;
    for my $pid ($t->signal(0), $t->workers) {
        $n += grep { (readlink $_ // '') =~ /^\Q$list\E(?: \(deleted\))?$/ }
            glob "/proc/$pid/fd/*";
    }
    return $n;
}

is opened(), 2, 'one descriptor, in the main process and in the worker';
put_list("$list.new", $fine);
rename "$list.new", $list or die;
is sign_up('dan', $known)->status, 422, 'another file of that name:';
is sign_up('dan', $fine)->status, 201, '  the one that is open is asked';
ok $t->reload, 'until nginx reads its configuration';
is sign_up('eve', $fine)->status, 422, '  then the new one';
is sign_up('eve', $known)->status, 201, '  alone';
is opened(), 2, '  and the old one is closed';

sub complaints { return scalar grep { /breached passwords .* can't be asked/ }
    split /\n/, $t->log }

truncate $list, 0 or die;
for my $try (1 .. 2) {
    $r = sign_up('fay', 'something quite new');
    is $r->status, 503, 'a file that is empty suddenly: nothing is set';
    ok $r->header('Retry-After'), '  now';
    like $r->body, qr/can't be checked at the moment/, '  which is said';
    unlike $r->body, qr/\Q$list\E/, '  and no more';
}
is $t->client->post("$api/sessions", json => { name => 'eve',
    password => $known })->status, 201, 'signing in goes on';
is complaints(), 1, 'the log says so once';
like $t->log, qr/\[error\].*"\Q$list\E" can't be asked, and new passwords are refused: it is empty/,
    '  and why';
put_list($list, $fine);
is sign_up('fay', 'something quite new')->status, 201, 'it is back';
like $t->log, qr/breached passwords "\Q$list\E" can be asked again/,
    '  and that is in the log';
unlike $t->log, qr/something quite new|\Q$fine\E/, 'no password is';

# --- a disk that lets one wait ------------------------------------------------------------

hold(1);
my $body = qq({"name":"gus","password":"something quite new"});
my $s = $t->connect;
print {$s} "POST $api/accounts HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site:"
    . " same-origin\r\nConnection: close\r\nContent-Type: application/json\r\n"
    . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
$s->flush;
ok $t->wait_until(sub { waiting() > 0 }, 20), 'somebody waits for the disk';
my @all = ('/', '/login', "$api/deals") x 20;
my $answered = 0;
for my $path (@all) {
    last if (eval { $t->get($path)->status } // 0) != 200;
    $answered++;
}
is $answered, @all, '  and others do not';
is $t->client->post("$api/sessions", json => { name => 'eve',
    password => $known })->status, 201, '  not even for a password';
is $t->sql("SELECT count(*) FROM users WHERE name = 'gus'"), 0, '  it still does';
hold(0);
like do { local $/; <$s> // '' }, qr{^HTTP/1\.1 201 }, '  and is answered then';

$t->finish;
