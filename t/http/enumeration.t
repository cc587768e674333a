#!/usr/bin/perl

# Who is a member, and what others have, is not told: by no status, header or
# word, by the API and by forms, nor by the time that an answer takes. The one
# place that tells a name is where one signs up with it, and that is counted.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit signin=off signup=off;
%%SITE%%
server {
    listen 127.0.0.1:%%PORT:limited%%;
    deals_rate_limit signup=3/m;
    location / { deals; }
}
CONF

my $api = '/api/v1';
my %c = map { $_ => $t->member($_) } qw(ann bob carl);
$t->sql("UPDATE users SET disabled_at = now() WHERE name = 'carl'");

# An answer without what is of one request: its date, what was typed, and how
# long that is.
sub answer {
    my ($r, @typed) = @_;
    my $all = join "\n", grep { !/^(?:Date|Content-Length):/ } split /\r\n/,
        $r->head . "\r\n\r\n" . $r->body;
    $all =~ s/"\Q$_\E"/"typed"/g for @typed;
    return $all;
}

sub same {
    my ($status, $what, @answers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like $answers[0], qr{^HTTP/1\.1 $status }, $what;
    is $answers[$_], $answers[0], '  all the same' for 1 .. $#answers;
}

# --- signing in -----------------------------------------------------------

# What somebody who guesses may send, and who has what password.
my @guess = (['ann', 'a wrong guess'], ['nob', 'a wrong guess'],
    ['carl', 'a wrong guess'], ['carl', 'password of carl'],
    ['ann', 'password of bob'], ['ANN', 'password of ann '], ['no name!', 'x'],
    ['ann', 'x' x 200], ['nob', 'x' x 200]);
my @empty = map { [$_, ''] } qw(ann nob carl);

sub by_api {
    my ($name, $password, %o) = @_;
    return $t->post("$api/sessions", %o,
        json => { name => $name, password => $password });
}

sub by_form {
    my ($name, $password, %o) = @_;
    return $t->post('/login', %o,
        form => { name => $name, password => $password, next => '/new' });
}

same(401, 'a sign-in by the API', map { answer(by_api(@$_), @$_) } @guess);
same(422, 'a sign-in by the form', map { answer(by_form(@$_), @$_) } @guess);
same(422, 'without a password', map { answer(by_api(@$_)) } @empty);
same(422, '  by the form', map { answer(by_form(@$_), $_->[0]) } @empty);
my @with = (headers => { Cookie => "deals=$c{carl}{cookie}{deals}" });
my @without = (headers => { Cookie => 'deals=1.' . 'A' x 32 });
is by_api('ann', 'password of ann')->status, 201, 'the right one is let in';
same(401, 'the session of who is disabled is as good as none',
    map { answer($t->get("$api/me", @$_)) } \@with, \@without);
same(200, '  on pages', map { answer($t->get('/', @$_)) } \@with, \@without);

# --- the time that it takes -----------------------------------------------

# What a machine adds that is busy with something else is not in the quickest.
sub quarter { return (sort { $a <=> $b } @_)[@_ / 4] }

sub took {
    my ($code) = @_;
    my $began = time;
    $code->();
    return time - $began;
}

# One after the other, so that what slows the machine down slows all down.
sub quarters {
    my ($rounds, %code) = @_;
    my %took;
    for (1 .. $rounds) {
        push @{ $took{$_} }, took($code{$_}) for sort keys %code;
    }
    return map { ($_ => quarter(@{ $took{$_} })) } keys %took;
}

sub is_as_slow {
    my ($what, $rounds, $sign_in) = @_;
    my %code = (refused => sub { $t->post("$api/sessions", json => {}) });
    for my $guess (@guess[0 .. 3]) {
        $code{"$guess->[0], $guess->[1]"} = sub { $sign_in->(@$guess) };
    }
    my %ms = quarters($rounds, %code);
    my $refused = delete $ms{refused};
    my $known = $ms{'ann, a wrong guess'};
    for my $who (sort keys %ms) {
        my $ratio = $ms{$who} / $known;
        ok $ratio > 0.5 && $ratio < 2, "$what, $who: as slow as a wrong guess"
            or diag sprintf '%.1f ms, %.1f ms', 1e3 * $ms{$who}, 1e3 * $known;
        cmp_ok $ms{$who}, '>', 3 * $refused, '  a password is computed';
    }
    diag join ', ', map { sprintf '%s: %.1f ms', $_, 1e3 * $ms{$_} }
        sort keys %ms if $ENV{TEST_VERBOSE};
}

is_as_slow('by the API', 21, \&by_api);
is_as_slow('by the form', 21, \&by_form);

# --- codes for a new password ---------------------------------------------

sub code {
    my ($name) = @_;
    my $r = $t->deals('user', 'reset', $name, { env => { DEALS_URL => '' } });
    return $r->{out} =~ /^(\d+)\.([\w-]{32})$/m ? ($1, $2)
        : die "no code: $r->{err}";
}

my %code;
my ($ann, $expired) = code('ann');
$code{expired} = "$ann.$expired";
$t->sql("UPDATE password_resets SET expires_at = now() - interval '1 second'");
my ($bob, $secret) = code('bob');
$code{"another's"} = "$ann.$secret";
$code{unknown} = "$bob." . 'A' x 32;
$code{nobody} = '7.' . 'A' x 32;
$code{none} = 'x';
$code{session} = $c{ann}{cookie}{deals};
my @kind = sort keys %code;
my $new = 'a new password';
same(422, "a code by the API (@kind)", map { answer($t->post(
    "$api/password-resets", json => { token => $code{$_}, password => $new })) }
    @kind);
same(422, 'a code by the form', map { answer($t->post('/reset',
    form => { token => $code{$_}, password => $new }), $code{$_}) } @kind);
is $t->post("$api/password-resets", json => { token => "$bob.$secret",
    password => $new })->status, 204, 'the right one is good';

# --- what others have -----------------------------------------------------

$c{bob} = $t->client;
$c{bob}->post("$api/sessions", json => { name => 'bob', password => $new });
my ($session) = map { $_->{id} } @{ $c{ann}->get("$api/sessions")->json
    ->{sessions} };
my $token = $c{ann}->post("$api/tokens", json => { label => 'x',
    scopes => ['read'], current => 'password of ann' })->json->{id};
for (['sessions', $session], ['tokens', $token]) {
    my ($what, $id) = @$_;
    my $other = $id =~ /^\d+$/ ? $id + 1 : $id =~ tr/A-Za-z/B-ZAb-za/r;
    same(404, "another's of $what, and nobody's",
        map { answer($what eq 'tokens' ? $c{bob}->delete("$api/$what/$_")
            : $c{bob}->post("$api/$what/$_/end", json => { current => $new }))
        } $id, $other);
    same(303, '  by the form', map { answer($c{bob}->post(
        "/settings/$what/$_/end", form => { $what eq 'tokens' ? ()
            : (current => $new) })) } $id, $other);
    is scalar(grep { $_->{id} eq $id } @{ $c{ann}->get("$api/$what")->json
        ->{$what} }), 1, '  it is still there';
}
my $deal = $c{ann}->post("$api/deals", json => { title => 'A deal' })
    ->json->{id};
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'bob'");
is $c{bob}->post("/deals/$deal/-/hide", form => { hide => 1 })->status, 303,
    'a deal is hidden';
same(404, 'a deal that is hidden, and none', map { answer($t->get($_)) }
    "$api/deals/$deal", "$api/deals/7");
same(404, '  by its page', map { answer($t->get("/deals/$_"))
    =~ s/deals(?:%2F|\/)\K$_\b/ID/gr } $deal, 7);

# --- signing up -----------------------------------------------------------

my $limited = $t->client(port => $t->port('limited'), from => '127.0.0.9');
$t->within(60, 25);
my @r = map { $limited->post("$api/accounts", json => { name => $_,
    password => 'a long password' }) } qw(ann ANN carl bob free);
is_deeply [map { $_->status } @r], [409, 409, 409, 429, 429],
    'a name that is taken is told, a few times a minute';
same(409, '  of whom, is not', map { answer($_) } @r[0 .. 2]);
open my $f, '<', $t->root . '/conf/SECURITY.md' or die;
my $rules = do { local $/; <$f> };
like $rules, qr/name\s+that\s+is\s+taken/, '  and the rules say that it is';

$t->finish;
