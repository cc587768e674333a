#!/usr/bin/perl

# What people write stays text: payloads in every field that is shown, on every
# page that shows it.

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
CONF

my $ann = $t->member('ann');

my @payload = (
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)", '</title><script>alert(1)</script>',
    '</textarea><svg onload=alert(1)>', '<b onclick=alert(1)>x</b>',
    '{{{prefix}}}<i>', '&lt;script&gt;alert(1)', "<a href='javascript:alert(1)'>",
    '" autofocus onfocus=alert(1) x="', '<!--', ']]><x>', '<SAVE20>',
);
my @markdown = (@payload, '[x](javascript:alert(1))', '![x](javascript:alert(1))',
    '<javascript:alert(1)>', '[x](data:text/html,<script>alert(1)</script>)',
    '[x](  javascript:alert(1))', "[x](java\tscript:alert(1))",
    '[x](&#106;avascript:alert(1))', '![x](x"onerror="alert(1))',
    '[x](https://a "onmouseover=alert(1)")', '[x]: javascript:alert(1)' . "\n[x]",
    '```"><script>alert(1)</script>' . "\nx\n```", '<https://a/"onclick=alert(1)>',
    '<style>*{color:red}</style>', '<iframe src=//evil.example>',
    '<details open ontoggle=alert(1)>', '<svg><script>alert(1)</script></svg>');

# The tags of a page, as a browser would see them; text is not one of them.
sub tags {
    my ($html) = @_;
    $html =~ s{(<(script|textarea|title|style)\b[^>]*>).*?(?=</\2)}{$1}gs;
    return $html =~ /<((?:[a-zA-Z!\/])(?:[^>"']|"[^"]*"|'[^']*')*)>/g;
}

sub inert {
    my ($r, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong;
    for my $tag (tags($r->body)) {
        my ($name, $rest) = $tag =~ m{^/?([a-zA-Z!][^\s/>]*)(.*)}s or next;
        push @wrong, $tag if $name =~ /^(?:iframe|object|embed|base|style|x|save20)$/i;
        push @wrong, $tag if $name =~ /^script$/i
            && $tag !~ m{^/script$|^script defer src="/static/};
        (my $bare = $rest) =~ s/"[^"]*"|'[^']*'/""/g;
        push @wrong, $tag if $bare =~ /\bon\w+\s*=/i;
        push @wrong, $tag if $rest =~ /(?:href|src|action)\s*=\s*["']?\s*
            (?:javascript|data|vbscript):/ix;
        push @wrong, $tag if $rest =~ m{(?:href|src|action)="//};
    }
    is join("\n", @wrong), '', $what;
}

# --- deals ------------------------------------------------------------------

my @deal;
for my $p (@markdown) {
    (my $line = $p) =~ s/\s+/ /g;
    my $r = $ann->post('/api/v1/deals', json => { title => "t $line",
        description => $p, merchant => substr("m $line", 0, 80),
        url => 'https://shop.example/?q=' . join '', map { sprintf '%%%02X', ord }
            split //, $line });
    is $r->status, 201, "a deal about $line" or diag $r->body;
    push @deal, $r->json->{id};
    my $id = $r->json->{id};
    is $t->get("/api/v1/deals/$id")->json->{title}, "t $line",
        '  its title is kept as it is';
    is $t->get("/api/v1/deals/$id")->json->{description}, $p,
        '  its text too';
    my $page = $t->get("/deals/$id");
    $page = $t->get($page->header('Location')) if $page->status == 301;
    is $page->status, 200, '  its page';
    inert($page, '  is inert');
    my $edit = $ann->get("/deals/$id/-/edit");
    is $edit->status, 200, '  the form to edit it';
    inert($edit, '  is inert');
}
inert($ann->get($_), "$_ is inert") for '/', '/new', '/top?window=all',
    '/users/ann', $t->get('/new')->body =~ m{rel="next" href="(\?[^"]+)"}
    ? "/new$1" =~ s/&amp;/&/gr : '/new';
for my $p (@payload) {
    my ($slug) = $t->sql('SELECT slug FROM merchants ORDER BY random() LIMIT 1');
    inert($t->get("/merchants/$slug"), "shop $slug is inert");
}
like $t->get("/deals/$deal[12]/t-save20")->body, qr/&lt;SAVE20&gt;/,
    'a coupon is shown';

# --- comments -----------------------------------------------------------------

my $id = $deal[0];
for my $p (@markdown) {
    my $r = $ann->post("/api/v1/deals/$id/comments", json => { body => $p });
    is $r->status, 201, 'a comment';
    unlike $r->json->{html}, qr/<(?:script|svg|img|iframe|style|details)\b/i,
        '  has no tags but those of Markdown'
        unless $p =~ /^!\[/;
    my $cid = $r->json->{id};
    inert($ann->get("/deals/$id/-/comments/$cid/edit"), '  its form is inert');
}
my $page = $t->get($t->get("/deals/$id")->header('Location'));
inert($page, 'the thread is inert');

# --- what is only echoed ----------------------------------------------------------

for my $p (@payload) {
    my %form = map { $_ => $p } qw(title url description price list_price
        currency merchant tags starts_at expires_at);
    my $r = $ann->post('/submit', form => \%form);
    is $r->status, 422, 'a form full of it';
    inert($r, '  is inert');
    $r = $ann->post("/deals/$id/-/edit", form => \%form);
    is $r->status, 422, 'to edit';
    inert($r, '  is inert');
    $r = $t->post('/signup', form => { name => $p, password => $p, email => $p,
                                       next => "/$p" });
    inert($r, 'an account');
    $r = $t->post('/login', form => { name => $p, password => $p, next => $p });
    inert($r, 'a sign-in');
    $r = $ann->post("/deals/$id/-/comments", form => { body => $p x 3000,
                                                       parent_id => $p });
    inert($r, 'a comment that is wrong');
    (my $q = $p) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
    inert($t->get($_), $_ =~ s/\?.*//r) for "/login?next=/$q", "/tags/$q",
        "/users/$q", "/merchants/$q", "/$q", "/new?x=$q", "/login?next=%2F$q",
        "/top?window=$q", "/?cursor=$q", "/deals/$id/$q";
    $r = $t->get("/login?next=/$p" =~ s/[\s<>]/+/gr);
    inert($r, 'raw');
    $r = $t->get("/api/v1/deals?sort=$q");
    is $r->header('Content-Type'), 'application/problem+json', 'the API';
    $r = $t->get("/users/$q");
    $r = $t->post("/deals/$id/-/vote", form => { value => 1, next =>
        "/new\r\nSet-Cookie: a=$p" });
    unlike $r->head, qr/^Set-Cookie/mi, 'no header of one\'s own';
    $r = $t->get("/deals/$id/x?$q%0d%0aX-Own:1");
    unlike $r->head, qr/^X-Own/mi, 'nor by a redirect';
}

$t->finish;
