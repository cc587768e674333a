#!/usr/bin/perl

# The module beside other parts of nginx: included pages, authentication by a
# sub-request, mirrored bodies, internal redirects, limits, HTTP/2.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;

mkdir "$dir/html" or die;
open my $f, '>', "$dir/html/both.html" or die;
print {$f} "<one><!--# include virtual=\"/api/v1/deals?limit=1\" --></one>\n"
    . "<two><!--# include virtual=\"/api/v1/deals?limit=2\" --></two>\n"
    . "<none><!--# include virtual=\"/api/v1/deals/7\" --></none>\n"
    . "<file><!--# include virtual=\"/robots.txt\" --></file>\n";
close $f or die;
chmod 0755, "$dir/html";
open $f, '>', "$dir/passwords" or die;
print {$f} "op:{PLAIN}sesame\n";
close $f or die;

$t->nginx(<<'CONF');
%%UNLIMITED%%
limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;
server {
    listen 127.0.0.1:%%PORT%%;
    location / { deals; }
    location /html/ { root %%DIR%%; ssi on; }
    location /members/ {
        auth_request /api/v1/me;
        alias %%DIR%%/html/;
    }
    location /try/ { root %%DIR%%; try_files $uri /new; }
    location = /missing { error_page 404 = /top; return 404; }
    location = /rewritten { rewrite ^ /api/v1/deals?limit=1 last; }
}
server {
    listen 127.0.0.1:%%PORT:mirror%%;
    location / { deals; mirror /seen; }
    location = /seen { internal; proxy_pass http://127.0.0.1:%%PORT:sink%%; }
}
server {
    listen 127.0.0.1:%%PORT:sink%%;
    location / { return 200; }
}
server {
    listen 127.0.0.1:%%PORT:basic%%;
    auth_basic "staff"; auth_basic_user_file %%DIR%%/passwords;
    location / { deals; }
}
server {
    listen 127.0.0.1:%%PORT:limited%%;
    location / { deals; limit_req zone=one; error_page 503 =429 /static/x/icon.svg; }
    location /inner/ { deals; error_page 404 /html/both.html; }
}
server {
    listen 127.0.0.1:%%PORT:h2%% http2;
    deals_body_size 100k;
    location / { deals; }
}
CONF

my $ann = $t->member('ann');
my $token = $ann->{cookie}{deals};
my $id;
$id = $ann->post('/api/v1/deals', json => { title => "Deal $_" })->json->{id}
    for 1 .. 3;

# --- included ------------------------------------------------------------------

for (1 .. 3) {
    my $r = $t->get('/html/both.html');
    is $r->status, 200, 'a page that includes others';
    like $r->body, qr{<one>\{"deals":\[\{[^]]*"Deal\ \d".*</one>\n<two>\{"deals":
        .*</two>\n<none>\{"type":"urn:deals:problem:not-found".*</none>\n
        <file>User-agent:.*</file>}sx, '  with all of them in their places';
}

# --- authentication -----------------------------------------------------------------

is $t->get('/members/both.html')->status, 401, 'for members only';
is $ann->get('/members/both.html')->status, 200, '  a member';
is $t->get('/members/both.html', bearer => $token)->status, 200, '  by token';

my $basic = $t->client(port => $t->port('basic'),
                       headers => { Authorization => 'Basic b3A6c2VzYW1l' });
is $t->client(port => $t->port('basic'))->get('/')->status, 401,
    'behind a password of nginx';
is $basic->get('/')->status, 200, '  a page';
is $basic->get('/api/v1/deals')->status, 200, '  and the API';

# --- redirected inside ------------------------------------------------------------------

like $t->get('/try/nothing')->body, qr/aria-current="page">New/, 'try_files';
like $t->get('/missing')->body, qr/aria-current="page">Top/, 'error_page';
is scalar @{ $t->get('/rewritten')->json->{deals} }, 1, 'rewrite';
my $limited = $t->client(port => $t->port('limited'));
is $limited->get('/inner/nothing')->status, 404, 'our errors are our own';
like $limited->get('/inner/nothing')->body, qr/Not found/, '  pages';
is $limited->get('/')->status, 200, 'the first of a minute';
is $limited->get('/')->status, 429, 'nginx\' own limits';

# --- bodies that another module has read ----------------------------------------------------

my $mirror = $t->client(port => $t->port('mirror'));
my $r = $mirror->post('/api/v1/deals', bearer => $token,
                      json => { title => 'Mirrored' });
is $r->status, 201, 'a mirrored body';
$r = $mirror->post('/api/v1/deals', bearer => $token, json => {
    title => 'In a file', description => 'x' x 19_999, tags => ['a' x 20] });
is $r->status, 201, 'one in a file';
is length $t->get($r->header('Location'))->json->{description}, 19_999,
    '  all of it';
is $mirror->post('/api/v1/deals', bearer => $token, type => 'application/json',
    body => '{' . ' ' x 300_000 . '}')->status, 413, 'a large one';
is $mirror->post('/api/v1/deals', bearer => $token, type => 'application/json',
    body => '')->status, 400, 'none';

# --- HTTP/2 -------------------------------------------------------------------------------

SKIP: {
    my $curl = (grep { -x } map { "$_/curl" } split /:/, $ENV{PATH})[0];
    skip 'there is no curl', 8 if !$curl;
    my $url = $t->url('h2');
    my $ask = sub {
        my (@args) = @_;
        my $said = $t->command([$curl, '-sS', '--max-time', 20,
            '--http2-prior-knowledge', '-w', '\n%{http_code} %{http_version}',
            '-H', "Authorization: Bearer $token", @args])->{out};
        return $said =~ s/\n(\d+ \d)$// ? ($1, $said) : (0, $said);
    };
    my @json = ('-H', 'Content-Type: application/json');
    is +($ask->("$url/"))[0], '200 2', 'HTTP/2';
    is +($ask->('-I', "$url/"))[0], '200 2', '  HEAD';
    is +($ask->(@json, '-d', '{"title":"By HTTP/2"}', "$url/api/v1/deals"))[0],
        '201 2', '  a body';
    open my $big, '>', "$dir/big" or die;
    print {$big} '{"title":"Large","description":"', 'x' x 19_000, '"}',
        ' ' x 70_000;
    close $big;
    is +($ask->(@json, '--data-binary', "\@$dir/big", "$url/api/v1/deals"))[0],
        '201 2', '  a larger one';
    is +($ask->(@json, '-H', 'Content-Length:', '-X', 'POST', '-T', "$dir/big",
        "$url/api/v1/deals"))[0], '201 2', '  of unknown length';
    open $big, '>', "$dir/huge" or die;
    print {$big} '{', ' ' x 5_000_000, '}';
    close $big;

    # curl, still sending, may not hear the answer (as of nginx' own limit).
    $ask->(@json, '-A', 'huge', '-H', 'Content-Length:', '-X', 'POST', '-T',
        "$dir/huge", "$url/api/v1/deals");
    ok $t->wait_until(sub { $t->access_log =~ / 413 .*"huge"$/m }),
        '  too large';
    is +($ask->('-X', 'DELETE', "$url/api/v1/deals/$id"))[0], '204 2',
        '  an answer without a body';
    is +($ask->('-X', 'OPTIONS', "$url/"))[0], '204 2', '  OPTIONS';
}

$t->finish;
