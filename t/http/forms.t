#!/usr/bin/perl

# All that can be done without JavaScript: each form's success is a 303 to where
# it can be seen, each mistake the page again, with what was typed and what is
# wrong with it.

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

sub to {
    my ($r, $where, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $r->status, 303, $what or diag $r->body;
    my $location = $r->header('Location') // '';
    ref $where ? like $location, $where, '  leads there'
               : is $location, $where, '  leads there';
    return $location;
}

# --- signing up, in and out ---------------------------------------------------

my $ann = $t->client;
my %account = (name => 'ann', password => 'a long password',
               email => 'ann@example.org');
to($ann->post('/signup', form => { %account, next => '/new' }), '/new',
   'signing up');
ok $ann->{cookie}{deals}, '  gives a cookie';
like $ann->get('/')->body, qr/Signed in as <b>ann/, '  and the member is known';
to($ann->post('/logout', form => {}), '/', 'signing out');
ok !$ann->{cookie}{deals}, '  takes the cookie';
unlike $ann->get('/')->body, qr/Signed in/, '  and the member is gone';
to($ann->post('/login', form => { name => 'Ann', password =>
    'a long password', next => '/submit' }), '/submit', 'signing in');
to($t->client->post('/login', form => { name => 'ann', password =>
    'a long password', next => '//evil.example/' }), '/',
   'a way back to elsewhere is none');
to($ann->post('/logout', body => '', type => undef), '/',
   'a button that sends nothing');
$ann->post('/login', form => { name => 'ann', password => 'a long password' });

my $r = $t->post('/login', form => { name => 'ann', password => 'wrong <one>',
                                     next => '/new' });
is $r->status, 422, 'a wrong password';
like $r->body, qr/name="name" value="ann"/, '  the name stays';
unlike $r->body, qr/wrong &lt;one|wrong <one/, '  the password does not';
like $r->body, qr/name="next" value="\/new"/, '  the way back stays';
like $r->body, qr/role="alert"><p>\S/, '  and it says what is wrong';
my $unknown = $t->post('/login', form => { name => 'nobody', password =>
                                           'wrong <one>', next => '/new' });
(my $one = $r->body) =~ s/ann/NAME/g;
(my $two = $unknown->body) =~ s/nobody/NAME/g;
is $two, $one, 'an unknown name gives the same answer';

$r = $t->post('/signup', form => { name => 'a b', password => 'short',
                                   email => 'no address' });
is $r->status, 422, 'three mistakes';
like $r->body, qr/id="$_-e">\S/, "  $_ is wrong" for qw(name password email);
like $r->body, qr/name="name" value="a b"/, '  the name stays';
like $r->body, qr/name="email" [^>]*value="no address"/, '  the address stays';
unlike $r->body, qr/value="short"/, '  the password does not';
$r = $t->post('/signup', form => { %account, name => 'ANN', email => '' });
is $r->status, 422, 'a name that is taken';
like $r->body, qr/id="name-e">\S/, '  is said at the name';

# --- a deal -------------------------------------------------------------------------

my %deal = (title => 'A <fine> television', url => 'https://shop.example/tv',
    description => "It *works*.\r\n\r\nReally.", price => '199.99',
    list_price => '299', currency => 'EUR', merchant => 'TV Shop',
    tags => 'tv, Sale', starts_at => '', expires_at => '2099-12-31T23:59');
my $where = to($ann->post('/submit', form => \%deal),
               qr{^/deals/\d+/a-fine-television$}, 'a new deal');
my ($id) = $where =~ m{/deals/(\d+)/};
my $json = $t->get("/api/v1/deals/$id")->json;
is_deeply $json->{price}, { amount => 19999, currency => 'EUR' }, '  its price';
is_deeply $json->{list_price}, { amount => 29900, currency => 'EUR' },
    '  its usual price';
is_deeply $json->{tags}, ['tv', 'sale'], '  its tags';
is $json->{expires_at}, '2099-12-31T23:59:00Z', '  its end';
is $json->{starts_at}, undef, '  no start';
is $json->{description}, "It *works*.\n\nReally.", '  its text';
is $json->{title}, $deal{title}, '  its title';

like $ann->get("/deals/$id/-/edit")->body,
    qr/name="expires_at" [^>]*value="2099-12-31T23:59"/,
    '  its end stands in the form as a browser takes it';

$r = $ann->post('/submit', form => { %deal, title => 'x', price => 'cheap',
    url => 'javascript:alert(1)', expires_at => 'soon' });
is $r->status, 422, 'mistakes in a new deal';
like $r->body, qr/name="price" value="cheap"/, '  all typed stays: price';
like $r->body, qr/value="javascript:alert\(1\)"/, '  url';
like $r->body, qr/value="soon"/, '  end';
like $r->body, qr/>\s*It \*works\*/, '  text';
like $r->body, qr{<option value="EUR" selected>}, '  currency';
like $r->body, qr/id="price-e">\S/, '  the price is said to be wrong';
like $r->body, qr/id="$_-e">\S/, "  and so is $_, in the same answer"
    for qw(title url expires_at);
like $r->body, qr/href="#title"/, '  and the list leads there';
like $r->body, qr/Signed in as <b>ann/, '  it is still a member\'s page';
is $ann->post('/submit', form => { %deal, colour => 'red' })->status, 422,
    'a field that is none';
is $ann->post('/submit', form => [%deal, title => 'again'])->status, 422,
    'a field given twice';
$r = $ann->post('/submit', form => { title => 'Nothing but a title',
    map { $_ => '' } qw(url description price list_price currency merchant
                        tags starts_at expires_at) });
to($r, qr{/deals/\d+/nothing-but-a-title$}, 'a deal of nothing but a title');

to($ann->post("/deals/$id/-/edit", form => { %deal, title => 'A better one',
    price => '1,50', tags => '' }), "/deals/$id/a-better-one", 'editing it');
$json = $t->get("/api/v1/deals/$id")->json;
is $json->{title}, 'A better one', '  the title';
is_deeply $json->{price}, { amount => 150, currency => 'EUR' }, '  the price';
is_deeply $json->{tags}, [], '  the tags';
$r = $ann->post("/deals/$id/-/edit", form => { %deal, title => '' });
is $r->status, 422, 'a mistake in editing';
like $r->body, qr/id="title-e">\S/, '  is told';
like $r->body, qr{action="/deals/$id/-/edit"}, '  in the form again';
$r = $ann->post("/deals/$id/-/edit", form => { %deal, price => 'x' });
is $r->status, 422, 'a price that is none';
like $r->body, qr/name="price" value="x"/, '  stays';

# --- votes ------------------------------------------------------------------------------

my $bob = $t->member('bob');
to($bob->post("/deals/$id/-/vote", form => { value => 1,
    next => "/new?a=b#d$id" }), "/new?a=b#d$id", 'a vote, back to its list');
is $t->get("/api/v1/deals/$id")->json->{up}, 2, '  counts';
like $bob->get('/new')->body, qr/value="0" aria-pressed="true"/,
    '  and is shown to the voter';
to($bob->post("/deals/$id/-/vote", form => { value => -1 }),
   "/deals/$id#d$id", 'without a way back it leads to the deal');
to($bob->post("/deals/$id/-/vote", form => { value => 0,
    next => 'https://evil.example/' }), "/deals/$id#d$id",
   'a way back to elsewhere is none');
is $t->get("/api/v1/deals/$id")->json->{score}, 1, 'the vote is withdrawn';
is $bob->post("/deals/$id/-/vote", form => { value => 2 })->status, 422,
    'two votes at once';
is $bob->post("/deals/$id/-/vote", form => { value => 'x' })->status, 422,
    'no number';
is $bob->post("/deals/$id/-/vote", form => {})->status, 422, 'no vote';
is $bob->post("/deals/1/-/vote", form => { value => 1 })->status, 404,
    'a vote on nothing';

# --- comments --------------------------------------------------------------------------------

$where = to($bob->post("/deals/$id/-/comments", form => { body => 'I *like* it',
    parent_id => '' }), qr{^/deals/$id#c\d+$}, 'a comment');
my ($cid) = $where =~ /#c(\d+)/;
$where = to($ann->post("/deals/$id/-/comments", form => { body => 'So do I',
    parent_id => $cid, next => "/deals/$id/a-better-one?cursor=x" }),
    qr{^/deals/$id/a-better-one\?cursor=x#c\d+$}, 'an answer');
my ($answer) = $where =~ /#c(\d+)/;
my $page = $t->get("/deals/$id/a-better-one")->body;
like $page, qr{id="c$cid".*I <em>like</em> it.*id="c$answer".*So do I}s,
    '  they are shown';
$r = $bob->post("/deals/$id/-/comments", form => { body => " \n " });
is $r->status, 422, 'an empty comment';
like $r->body, qr/id="body-e">\S/, '  is told';
like $r->body, qr/id="c$cid"/, '  on the page of the deal';
$r = $bob->post("/deals/$id/-/comments", form => { body => 'x' x 20001,
    parent_id => $cid });
is $r->status, 422, 'a long one';
like $r->body, qr/>\s*x{20001}</, '  is not lost';
like $r->body, qr/name="parent_id" value="$cid"/, '  nor what it answers';
is $bob->post("/deals/$id/-/comments", form => { body => 'x', parent_id => 7 })
    ->status, 422, 'an answer to nothing';

to($ann->post("/deals/$id/-/comments/$cid/vote", form => { value => 1,
    next => '/deals/7' }), "/deals/7#c$cid", 'a vote on a comment');

$r = $bob->get("/deals/$id/-/comments/$cid/edit");
is $r->status, 200, 'the form to edit it';
like $r->body, qr/>\s*I \*like\* it</, '  has its text';
to($bob->post("/deals/$id/-/comments/$cid/edit", form => { body => 'I *do*' }),
   "/deals/$id#c$cid", 'editing it');
like $t->get("/deals/$id/a-better-one")->body, qr{I <em>do</em>}, '  is seen';
$r = $bob->post("/deals/$id/-/comments/$cid/edit", form => { body => '' });
is $r->status, 422, 'to nothing';
like $r->body, qr/id="body-e">\S/, '  is told';
to($bob->post("/deals/$id/-/comments/$cid/delete", form => {}),
   "/deals/$id#comments", 'deleting it');
$page = $t->get("/deals/$id/a-better-one")->body;
unlike $page, qr{I <em>do</em>}, '  it is gone';
like $page, qr{id="c$answer"}, '  its answer is not';

# --- hiding and deleting ---------------------------------------------------------------------

$t->member('maud');
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");
my $mod = $t->client;
$mod->post('/login', form => { name => 'maud', password => 'password of maud' });
like $mod->get("/deals/$id/a-better-one")->body, qr{name="hide" value="1"},
    'a moderator can hide';
to($mod->post("/deals/$id/-/hide", form => { hide => 1 }), "/deals/$id",
   'hiding');
is $t->get("/deals/$id/a-better-one")->status, 404, '  it is hidden';
is $ann->get("/deals/$id/a-better-one")->status, 200, '  not from its author';
like $mod->get("/deals/$id/a-better-one")->body, qr{name="hide" value="0"},
    '  and can be shown again';
to($mod->post("/deals/$id/-/hide", form => { hide => 0 }), "/deals/$id",
   'showing');
is $t->get("/deals/$id/a-better-one")->status, 200, '  it is there';
to($ann->post("/deals/$id/-/delete", form => {}), '/', 'deleting');
is $ann->get("/deals/$id/a-better-one")->status, 404, '  it is gone';

# --- without signing in ------------------------------------------------------------------------

my $path = "/deals/$id/-";
for my $form (['/submit', '/submit'], ["$path/edit", "$path/edit"],
              ["$path/vote", "/deals/$id", value => 1],
              ["$path/comments", "/deals/$id", body => 'x'],
              ["$path/comments/$cid/edit", "$path/comments/$cid/edit",
               body => 'x'],
              ["$path/comments/$cid/delete", "/deals/$id"],
              ["$path/delete", "/deals/$id"], ["$path/hide", "/deals/$id"]) {
    my ($action, $back, %form) = @$form;
    %form = (title => 'A title') if $action =~ /submit|-.edit/;
    $back =~ s{/}{%2F}g;
    to($t->post($action, form => \%form), "/login?next=$back",
       "$action without signing in");
}
to($t->post("$path/vote", form => { value => 1, next => "/new?x=y#d$id" }),
   "/login?next=%2Fnew%3Fx%3Dy%23d$id", 'a vote without signing in');

$t->finish;
