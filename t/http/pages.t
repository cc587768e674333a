#!/usr/bin/perl

# The pages that show: lists and their paging, a deal and its address, members,
# shops, tags, forms; and what stands in the head of each.

use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
deals_site_name "Bargains & more";
%%SITE%%
CONF

sub articles { $_[0]->body =~ /<article [^>]*data-id="(\d+)"/g }
sub title { $_[0]->text =~ m{<title>(.*?)</title>} ? $1 : '' }

# --- empty ------------------------------------------------------------------

for my $path (qw(/ /new /top)) {
    my $r = $t->get($path);
    is $r->status, 200, "$path of an empty site";
    is $r->header('Content-Type'), 'text/html; charset=utf-8', '  is HTML';
    like $r->body, qr/No deals here yet/, '  says that there is nothing';
    like title($r), qr/ · Bargains &amp; more$/, '  has a title';
}

# --- lists --------------------------------------------------------------------

my $ann = $t->member('ann');
my @id;
for my $n (1 .. 30) {
    my $r = $ann->post('/api/v1/deals', json => {
        title => "Deal number $n", url => "https://shop.example/$n",
        price => { amount => 100 * $n, currency => 'USD' },
        list_price => { amount => 200 * $n, currency => 'USD' },
        merchant => $n % 2 ? 'Odd Shop' : 'Even Shop',
        tags => [$n % 3 ? 'other' : 'third'], description => "**bold** $n" });
    is $r->status, 201 or diag $r->body;
    push @id, $r->json->{id};
}

for my $path (qw(/ /new /top /top?window=week /users/ann)) {
    my ($seen, $next, %seen) = (0, $path);
    my @order;
    while (defined $next && $seen++ < 5) {
        my $r = $t->get($next);
        is $r->status, 200, "$next" or last;
        push @order, articles($r);
        my ($link) = $r->body =~ /rel="next" href="([^"]+)"/;
        $link =~ s/&amp;/&/g if $link;
        (my $base = $path) =~ s/\?.*//;
        $next = $link && ($link =~ /^\?/ ? "$base$link" : $link);
        unlike $r->body, qr/name="robots"/, '  the first page is for robots'
            if $seen == 1;
        like $r->body, qr/name="robots" content="noindex"/, '  others are not'
            if $seen > 1;
    }
    is $seen, 2, "$path: two pages";
    is_deeply [sort @order], [sort @id], '  each deal once';
    is_deeply \@order, [reverse @id], '  the newest first'
        if $path eq '/new' || $path eq '/users/ann';
}

my $r = $t->get('/top?window=month');
like $r->body, qr/window=month" aria-current="true"/, 'the window is marked';
like $r->body, qr/<link rel="canonical" href="\/top\?window=month">/,
    'and in the address of the page';
is $t->get('/top?window=decade')->status, 422, 'there is no decade';
is $t->get('/?cursor=nonsense')->status, 400, 'a cursor that is none';
my ($cursor) = $t->get('/new')->body =~ /cursor=([^"&]+)"/;
is $t->get("/?cursor=$cursor")->status, 400, 'the cursor of another list';
is $t->get('/?unknown=1&utm_source=x')->status, 200, 'other names are ignored';

$r = $t->get('/tags/third');
is $r->status, 200, 'a tag';
is scalar(my @tagged = articles($r)), 10, '  its deals';
like title($r), qr/^Deals tagged third/, '  its title';
is $t->get('/tags/nobody-used-it')->status, 200, 'a tag without deals';

$r = $t->get('/merchants/odd-shop');
is scalar(my @sold = articles($r)), 15, 'a shop';
like title($r), qr/^Deals at Odd Shop/, '  its title';
is $t->get('/merchants/none')->status, 404, 'a shop that is none';

$r = $t->get('/users/ANN');
like title($r), qr/^Deals by ann/, 'a member, as the name is written';
is $t->get('/users/nobody')->status, 404, 'a member that is none';
is $t->get('/users/%ff')->status, 404, 'a name that is no UTF-8';

# --- a deal ----------------------------------------------------------------------

my $id = $id[0];
$r = $t->get("/deals/$id/deal-number-1");
is $r->status, 200, 'a deal';
like title($r), qr/^Deal number 1 /, '  its title';
like $r->body, qr{<strong>bold</strong> 1}, '  its text';
like $r->body, qr{\$1\.00.*\$2\.00}s, '  its prices';
like $r->body, qr{<link rel="canonical" href="/deals/$id/deal-number-1">},
    '  its address';
for my $path ("/deals/$id", "/deals/$id/", "/deals/$id/other",
              "/deals/$id/Deal-Number-1") {
    $r = $t->get("$path?a=b");
    is $r->status, 301, "$path is elsewhere";
    is $r->header('Location'), "/deals/$id/deal-number-1?a=b",
        '  by path, with its query';
    like $r->header('Cache-Control'), qr/no-cache/, '  for today';
}
is $t->get($_)->status, 404, "$_ is nothing"
    for '/deals/1/x', '/deals/0', '/deals/01', '/deals/-1', '/deals/x',
        '/deals/9007199254740993', '/deals/99999999999999999999999',
        "/deals/$id/a/b", '/deals', '/deals/', '/new/', '//new/x', '/index.html';

# --- pages for members --------------------------------------------------------------

$r = $ann->get("/deals/$id");
$r = $ann->get($r->header('Location'));
like $r->body, qr{href="/deals/$id/-/edit"}, 'an own deal has a way to edit it';
like $r->body, qr{action="/deals/$id/-/comments"}, 'and a form for comments';
unlike $r->body, qr{-/hide}, 'but none to hide it';

$r = $ann->get("/deals/$id/-/edit");
is $r->status, 200, 'its form';
my %want = (title => 'Deal number 1', url => 'https://shop.example/1',
    price => '1.00', list_price => '2.00', merchant => 'Odd Shop',
    tags => 'other');
like $r->body, qr/name="$_" [^>]*value="\Q$want{$_}\E"/, "  with its $_"
    for sort keys %want;
like $r->body, qr{>\s*\*\*bold\*\* 1</textarea>}, '  with its text';
like $r->body, qr{<option value="USD" selected>}, '  with its currency';

$r = $ann->get('/submit');
is $r->status, 200, 'the form of a new deal';
like $r->body, qr{<form [^>]*action="/submit"}, '  is one';
is $r->header('Cache-Control'), 'no-store', '  which nobody keeps';

for my $path ('/submit', "/deals/$id/-/edit") {
    $r = $t->get($path);
    is $r->status, 303, "$path is for members";
    (my $next = $path) =~ s{/}{%2F}g;
    is $r->header('Location'), "/login?next=$next", '  who then come back';
}
is $t->get($_)->status, 200, $_ for qw(/login /signup);
$r = $t->get('/login?next=/new%3Fa%3Db');
like $r->body, qr{name="next" value="/new\?a=b"}, 'the form knows the way back';
for my $bad ('http://evil.example/', '//evil.example/', '/%5Cevil.example',
             'javascript:alert(1)', '/%0d%0aSet-Cookie:x=y', '/%09/x') {
    unlike $t->get("/login?next=$bad")->body, qr/name="next"/,
        "  but not to $bad";
}
is $ann->get('/login?next=/new')->header('Location'), '/new',
    'who is signed in goes on at once';
is $ann->get('/signup')->header('Location'), '/', '  or to the first page';

# --- files ---------------------------------------------------------------------------

my ($style) = $t->get('/')->body =~ m{href="(/static/[^"]+\.css)"};
$r = $t->get($style);
is $r->status, 200, 'the style sheet';
like $r->header('Content-Type'), qr{^text/css; charset=utf-8$}, '  is one';
is $r->header('Cache-Control'), 'public, max-age=31536000, immutable',
    '  for good';
(my $other = $style) =~ s{/static/[^/]+}{/static/older};
$r = $t->get($other);
is $r->status, 200, 'of an older version, perhaps on another node';
like $r->header('Cache-Control'), qr/no-cache/, '  not for good';
is $t->get('/static/x/../../etc/passwd')->status, 404, 'nothing else';
is $t->get('/static/x/none.css')->status, 404, 'no such file';
is $t->get('/favicon.ico')->header('Content-Type'), 'image/svg+xml', 'an icon';
like $t->get('/robots.txt')->body, qr/^User-agent: \*\nDisallow: \/api\/\n.*\n\z/s,
    'a word to robots';

# --- HEAD, and what others must not do ----------------------------------------------------

for my $path ('/', "/deals/$id/deal-number-1", $style, '/none', '/login') {
    my $get = $t->get($path);
    my $head = $t->head($path);
    is $head->status, $get->status, "HEAD $path";
    is $head->body, '', '  has no body';
    is $head->header($_), $get->header($_), "  but the same $_"
        for qw(Content-Length Content-Type ETag Cache-Control Vary);
}

# --- the log knows ------------------------------------------------------------------------

$t->finish;
