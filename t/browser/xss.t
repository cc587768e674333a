#!/usr/bin/perl
# Hostile texts in every place that shows what somebody wrote, in a browser:
# none runs, none asks another site, none changes the page, and each is shown as
# it was written.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Deals::Browser;
use Deals::Test;
use Deals::Test::Hostile;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%GLOBALS%%
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
    }
}
CONF

my @payloads = payloads();
my $ann = $t->member('Ann');
my (@deals, @wrong);

# Without the control characters that texts of several lines may not have.
sub lines {
    my ($text) = @_;
    return $text =~ s/[\x00-\x08\x0b-\x1f\x7f-\x9f\x{2028}\x{2029}]/ /gr;
}

sub path_of {
    my ($r, $id) = @_;
    return $t->get("/deals/$id")->header('Location') // "/deals/$id/deal";
}

# --- written here ------------------------------------------------------------

for my $p (@payloads) {
    my $title = line("Tea $p", 300);
    my $r = $ann->post('/api/v1/deals', json => { title => $title,
        description => lines($p),
        merchant => line("m $p", 80), tags => ['tea'],
        url => 'https://shop.example/?q=' . escape($p) });
    $r->status == 201 or do { push @wrong, $r->body; next };
    push @deals, { path => path_of($r, $r->json->{id}), title => $title };
}
is join("\n", @wrong), '', @payloads . ' deals are posted';

my ($talk) = $deals[0]{path} =~ m{^/deals/(\d+)};
my $root = $ann->post("/api/v1/deals/$talk/comments",
    json => { body => 'All:' });
@wrong = grep { $_->status != 201 } map {
    $ann->post("/api/v1/deals/$talk/comments", json => {
        parent_id => $root->json->{id},
        body => 'x ' . lines($_) })
} @payloads;
is scalar @wrong, 0, 'and as many comments' or diag $wrong[0]->body;

# --- written elsewhere ------------------------------------------------------------

my $json = JSON::PP->new->utf8->canonical;
my $n = 0;
my $import = $t->deals('import', '-', { input => join '', map {
    $json->encode({ source => 'else', source_id => 'i' . ++$n,
        title => line("i $_", 300), description => $_,
        author => line("by $_", 60), merchant => line("at $_", 80),
        url => 'https://else.example/#' . escape($_), tags => ['coffee'],
        created_at => sprintf('2026-01-01T00:%02d:%02dZ', $n / 60, $n % 60),
        up => 5, down => 1 }) . "\n"
} @payloads });
cmp_ok $import->{code}, '<=', 1, 'records are imported' or diag $import->{err};
cmp_ok $t->sql("SELECT count(*) FROM import_keys"), '>', @payloads * 0.9,
    'nearly all of them';
my @imported = map { { path => $_ } } map { path_of(undef, $_) }
    $t->sql("SELECT deal_id FROM import_keys ORDER BY source_id LIMIT 40");
my @merchants = map { "/merchants/$_" }
    $t->sql('SELECT slug FROM merchants ORDER BY md5(slug) LIMIT 12');

# --- programs ------------------------------------------------------------

# The list of sessions shows a hundred.
my $last = $#payloads < 90 ? $#payloads : 90;
my @agents = map { line($_, 150) } @payloads[0 .. $last];
for my $agent (@agents) {
    utf8::encode($agent);
    my $r = $t->client->post('/api/v1/sessions', json => { name => 'Ann',
        password => 'password of Ann' }, headers => { 'User-Agent' => $agent });
    $r->status == 201 or push @wrong, $r->body;
    # What is not ASCII in a program's name is not kept.
    $agent =~ s/[^\x20-\x7e]/?/g;
}
is join("\n", @wrong), '', 'programs with such names sign in';

# Access tokens, of which a member has fifty.
my @labels;
for my $p (@payloads) {
    last if @labels == 49;
    my $label = line($p, 50);
    my $r = $ann->post('/api/v1/tokens', json => { label => $label,
        scopes => ['read'], current => 'password of Ann' });
    next if $r->status == 422;      # nothing can be seen of it
    $r->status == 201 or push @wrong, $r->body;
    push @labels, $r->json->{label};
}
is join("\n", @wrong), '', 'access tokens with such labels are made';
is scalar @labels, 49, '  so many';

# --- only asked for ------------------------------------------------------------

my @lists = ('/', '/new', '/top?window=all', '/tags/tea', '/tags/coffee',
    '/users/Ann', '/settings', '/submit', '/login', '/signup',
    "/deals/$talk/-/edit");
my @pages = (@lists, @merchants);
my @path = ('/search?q=%s', '/%s', '/tags/%s', '/users/%s', '/merchants/%s',
    "/deals/$talk/%s", '/login?next=/%s', '/top?window=%s', '/?cursor=%s',
    '/new?q=%s&x=%s', '/settings?done=%s', '/signup?next=%s&name=%s',
    '/reset?token=%s', '/submit?title=%s&url=%s');
my $i = 0;
for my $p (map { escape($_) } @payloads) {
    push @pages, $path[$i++ % @path] =~ s/%s/$p/gr;
}

# Forms, each field with another text.
my %form = (
    '/submit' => [qw(title url description price list_price currency merchant
                     tags starts_at expires_at)],
    "/deals/$talk/-/edit" => [qw(title url description price list_price currency
                                 merchant tags starts_at expires_at)],
    "/deals/$talk/-/comments" => [qw(parent_id body)],
    "/deals/$talk/-/vote" => [qw(value next)],
    '/settings/password' => [qw(current password next)],
    '/settings/tokens' => [qw(label scopes next)],
    '/login' => [qw(name password next)],
    '/signup' => [qw(name email password next)],
    '/reset' => [qw(token password next)],
);
my @forms;
my @left = @payloads;
while (@left) {
    for my $path (sort keys %form) {
        push @forms, { path => $path, fields => { map {
            $_ => @left ? shift @left : '<b>'
        } @{ $form{$path} } } };
    }
}

open my $f, '>', $t->dir . '/work.json' or die $!;
print $f $json->encode({ deals => \@deals, imported => \@imported,
    pages => \@pages, forms => \@forms, agents => \@agents, labels => \@labels,
    talk => $deals[0]{path}, comments => scalar @payloads });
close $f or die $!;

browse($t, 'xss.js', name => 'Ann', password => 'password of Ann',
       work => $t->dir . '/work.json');
$t->finish;

sub escape {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
}
