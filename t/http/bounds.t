#!/usr/bin/perl

# The most of everything, and one more: bodies, texts, tags, addresses, queries,
# headers, numbers, depths. What is at its bound works; what is beyond is refused
# for what it is, and the worker goes on.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
deals_body_size 200k;
%%SITE%%
CONF

my @workers = sort $t->workers;
my $ann = $t->member('ann');
my $api = '/api/v1';
my $emoji = "\x{1f600}";

sub deal {
    return $ann->post("$api/deals", json => { title => 'A kettle', @_ });
}

# Refused, and for this field.
sub is_for {
    my ($r, $field, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @names = map { $_->{field} } @{ (eval { $r->json } || {})->{errors} || [] };
    is $r->status . " @names", "422 $field", $what;
}

# --- bodies -----------------------------------------------------------------------

my $small = '{"title":"A kettle"}';
for my $c ([json => "$api/deals", 'application/json', $small, ' ', 201],
    [form => '/submit', 'application/x-www-form-urlencoded', 'title=A+kettle',
     '&', 303])
{
    my ($kind, $path, $type, $text, $fill, $status) = @$c;
    my $full = $text . $fill x (200 * 1024 - length $text);
    my @how = (type => $type);
    is $ann->post($path, @how, body => $full)->status, $status,
        "$kind: as large as may be";
    is $ann->post($path, @how, body => "$full$fill")->status, 413,
        '  a byte too large';
    is $ann->post($path, @how, body => '')->status, $kind eq 'json' ? 400 : 422,
        '  empty';
}

# --- texts -----------------------------------------------------------------------

my %most = (title => 300, description => 20_000, merchant => 80);
for my $field (sort keys %most) {
    for my $c ('x', "\x{e9}", $emoji) {
        my $r = deal($field => $c x $most{$field});
        is $r->status, 201, "$field of $most{$field} characters" or next;
        my $kept = $r->json->{$field};
        $kept = $kept->{name} if ref $kept;
        is length $kept, $most{$field}, '  is kept whole';
    }
    is_for(deal($field => $emoji x ($most{$field} + 1)), $field, '  one more');

    # They are counted as they were sent. One that normalising makes three of is
    # not cut; two that become one leave room.
    my $r = deal($field => "\x{fb2c}" x $most{$field});
    is $r->status, 201, '  longer in its normal form';
    my $kept = $r->json->{$field};
    is length(ref $kept ? $kept->{name} : $kept), 3 * $most{$field},
        '  which is kept whole';
    is_for(deal($field => "e\x{301}" x $most{$field}), $field, '  or shorter');
}
my $url = 'https://shop.example/' . 'p' x (2048 - 21);
is deal(url => $url)->json->{url}, $url, 'an address of 2048 bytes';
is_for(deal(url => "${url}p"), 'url', '  one more');
is_for(deal(url => 'https://shop.example/' . "\x{e9}" x 700), 'url',
    '  or too long once it is encoded');
my @tags = map { "tag$_" } 1 .. 8;
is_deeply deal(tags => \@tags)->json->{tags}, \@tags, '8 tags';
is_for(deal(tags => [@tags, 'more']), 'tags', '  one more');
is_deeply deal(tags => ['x' x 30])->json->{tags}, ['x' x 30], 'a long tag';
like deal(tags => ['x' x 31])->body, qr/"field":"tags/, '  one character more';
is_deeply deal(tags => [('tea') x 8])->json->{tags}, ['tea'], 'the same 8 times';
is deal(price => { amount => 999_999_999_999, currency => 'USD' })->status, 201,
    'the highest price';
is_for(deal(price => { amount => 1_000_000_000_000, currency => 'USD' }),
    'price.amount', '  one cent more');

# Not one that only repeats itself.
sub pictures {
    return join '', map { chr 0x1f600 + $_ % 79 } 1 .. $_[0];
}

sub account {
    return $t->client->post("$api/accounts", json => { name => 'bob',
        password => 'long enough for it', @_ });
}
is account(name => 'n' x 20)->status, 201, 'a name of 20 characters';
is_for(account(name => 'n' x 21), 'name', '  one more');
is_for(account(name => 'nn'), 'name', '  one too few');
is account(name => 'long', password => pictures(128))->status, 201,
    'a password of 128 characters';
is_for(account(password => pictures(129)), 'password', '  one more');
is_for(account(password => $emoji x 7), 'password', '  too few');
is_for(account(email => 'kettle.drum@example.org',
    password => 'kettle.drum1'), 'password', '  made of the e-mail address');
my $host = join('.', ('d' x 60) x 3);
is account(name => 'mia', email => 'm' x 64 . "\@$host.ex")->status, 201,
    'a long e-mail address';
is_for(account(email => 'm' x 65 . '@shop.example'), 'email', '  too long a name');
is_for(account(email => "m\@$host.$host.example"), 'email', '  too long a host');

# --- numbers ----------------------------------------------------------------------

for my $id ('0', '-1', '+1', '01', '1.0', '1e3', '9007199254740992',
    '9223372036854775808', '9' x 100, "1'", 'x')
{
    is $t->get("$api/deals/$id")->status, 404, "no deal $id";
    is $ann->put("$api/deals/$id/vote", json => { value => 1 })->status, 404,
        '  nor a vote';
}
is $t->get("$api/deals/9007199254740991")->status, 404, 'the last number';
is $t->get("$api/deals?limit=$_")->status, 200, "limit=$_" for 1, 100;
is $t->get("$api/deals?limit=$_")->status, 422, "limit=$_"
    for 0, -1, 101, '1.5', '1e1', '9' x 30, 'x', '%D9%A1';

# --- addresses --------------------------------------------------------------------

my $list = $t->get("$api/deals?sort=new");
for my $query (join('&', map { "q$_=$_" } 1 .. 800), 'q=' . 'x' x 7000, '&' x 7000,
    '=' x 7000, '%20' x 2000, '+' x 7000, "q\xff\xfe=\xc0\x80", 'SORT=hot')
{
    my $r = $t->get("$api/deals?sort=new&$query");
    is $r->status, 200, 'a query of ' . length($query) . ' bytes';
    is $r->body, $list->body, '  changes nothing';
}
is $t->get("$api/deals?sort=new&" . 'x' x 9000)->status, 414, 'too long a query';
for my $path ('/' . 'x' x 7000, '/x' x 3500, '/tags/' . 'x' x 7000,
    '/users/' . 'x' x 7000, '/merchants/' . 'x' x 7000, '/deals/' . '1' x 7000,
    "$api/users/" . '%61' x 2000, '/static/' . 'a' x 7000, "$api/" . 'a/' x 3000,
    '/search?q=' . 'x' x 7000)
{
    is $t->get($path)->status, 404, 'no ' . substr $path, 0, 12;
}
is $t->get("/deals/1/" . 's' x 7000)->status, 404, 'a long slug of none';
my $id = $list->json->{deals}[0]{id};
is $t->get("/deals/$id/" . 's' x 7000)->status, 301, '  and of one';
is $t->get('/' . 'x' x 9000)->status, 414, 'too long an address';
is $t->get('/login?next=/' . 'x' x 7000)->status, 200, 'a long way back';

# --- headers ----------------------------------------------------------------------

sub with { return $t->get("$api/deals?sort=new", headers => [@_]) }

is with('If-None-Match' => join ', ', map { qq("t$_") } 1 .. 900)->status, 200,
    '900 tags';
is with('If-None-Match' => join(', ', map { qq("t$_") } 1 .. 700)
    . ', ' . $list->header('ETag'))->status, 304, '  and the right one';
is with(map { ("X-H$_" => 'x' x 40) } 1 .. 200)->status, 200, '200 headers';
is with(map { (Cookie => "c$_=x") } 1 .. 200)->status, 200, '200 cookies';
is with(Cookie => join '; ', map { "deals=7.x$_" } 1 .. 400)->status, 200,
    'one cookie 400 times';
is with(Authorization => 'Bearer ' . 'x' x 7000)->status, 401, 'a long token';
is with('User-Agent' => 'x' x 7000)->status, 200, 'a program with a long name';
is with(Accept => join ',', ('text/html;q=0.1') x 400)->status, 200, 'all accepted';
is with('X-Long' => 'x' x 40_000)->status, 400, 'too long a header';
for my $c ([255, 201], [256, 422]) {
    my ($length, $status) = @$c;
    is $ann->post("$api/deals", json => { title => "By key $length" }, headers =>
        { 'Idempotency-Key' => 'k' x $length })->status, $status,
        "a key of $length characters";
}

# --- depths -----------------------------------------------------------------------

my ($parent, $r);
for my $depth (0 .. 32) {
    $r = $ann->post("$api/deals/$id/comments", json => { body => "At $depth",
        parent_id => $parent });
    last if $r->status != 201;
    $parent = $r->json->{id};
}
is_for($r, 'parent_id', 'a thread has an end');
is $t->sql("SELECT count(*) FROM comments WHERE deal_id = $id"), 32,
    '  32 levels down';
my $page = $t->get($t->get("/deals/$id")->header('Location'));
is $page->status, 200, '  and its page';
is scalar(() = $page->body =~ /<article class="comment"/g), 32, '  shows all';
for my $text ('> ' x 10_000, '[' x 20_000, '*_' x 10_000, '`' x 20_000,
    '![' x 10_000, '(' x 20_000, "- \n" x 6000, "|x\n" x 6000, '<' x 20_000,
    '&' x 20_000, '\\' x 20_000, "\t" x 19_999 . 'x', "1. " x 6000,
    "[a]: b\n" x 2800, '[a](' x 5000, '~~' x 10_000, 'www.' x 5000)
{
    $r = deal(description => $text);
    like $r->status, qr/^(?:201|422)$/, 'deep Markdown: ' . substr($text, 0, 6)
        =~ s/\s/ /gr;
    next if $r->status != 201;
    my $there = $t->get('/deals/' . $r->json->{id})->header('Location');
    is $t->get($there)->status, 200, '  its page';
}

is "@{[sort $t->workers]}", "@workers", 'the worker lives';
is $t->deals('verify')->{code}, 0, 'what was written is sound';
$t->finish;
