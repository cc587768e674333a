#!/usr/bin/perl

# HTTP/2: many streams of one connection that ask, write, are given up in the
# middle and live through a reload.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::H2;
use Deals::Test::Lock;

my $t = Deals::Test->new;
my $pem = $t->dir . '/key.pem';
$t->command([qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj
    /CN=localhost -keyout), $pem, '-out', "$pem.crt"])->{code} == 0
    or die "openssl made no certificate\n";
system("cat $pem.crt >> $pem") == 0 or die "no certificate\n";
$t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    deals_cache zone=pages:4m;
    deals_query_timeout 5s;
    deals_body_size 64k;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT:two%% ssl http2;
        listen 127.0.0.1:%%PORT:plain%% http2;
        ssl_certificate %%DIR%%/key.pem;
        ssl_certificate_key %%DIR%%/key.pem;
        location / { deals; }
        location /other/ { return 200 "other\n"; }
        location = /status { deals_status; }
    }
}
CONF

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A deal' })->json->{id};
my $token = $ann->{cookie}{deals};
my @workers = sort $t->workers;
my $url = 'https://127.0.0.1:' . $t->port('two');

# Asks for all at once over one connection; how many of each status and version.
sub ask {
    my ($options, @paths) = @_;
    my $r = $t->command(['curl', '--http2', '-k', '-sS', '-Z',
        '--parallel-max', 100, '-w', '%{http_code} %{http_version}\n',
        @$options, map { ('-o', '/dev/null', "$url$_") } @paths]);
    my %n;
    $n{$_}++ for split /\n/, $r->{out};
    return \%n;
}

my @bearer = ('-H', "Authorization: Bearer $token");
my @all = ('/', '/new', "/deals/$id/a-deal", '/api/v1/deals', '/users/ann');
is_deeply ask([], (@all) x 20), { '200 2' => 100 }, 'a hundred streams';
is_deeply ask(['-H', "Cookie: deals=$token"], (@all) x 20), { '200 2' => 100 },
    'of a member';
is_deeply ask(['-I'], (@all) x 4), { '200 2' => 20 }, 'HEAD';
is_deeply ask(['-X', 'PUT', '-H', 'Content-Type: application/json', @bearer,
    '-d', '{"value":1}'], ("/api/v1/deals/$id/vote") x 50), { '200 2' => 50 },
    'fifty votes';
is_deeply ask(['-H', 'Content-Type: application/json', @bearer,
    '-d', '{"body":"many"}'], ("/api/v1/deals/$id/comments") x 50),
    { '201 2' => 50 }, 'fifty comments';
is $t->sql("SELECT count(*) FROM comments WHERE body = 'many'"), 50,
    '  each once';

# --- bodies that are too large ------------------------------------------------

# The answer comes whole, and only then is the rest of the body refused, without
# an error. (RFC 9113, 8.1. Some clients take that for one, and show no status:
# curl 7.88 does with nginx' own 413 as well.)
for my $path ('/api/v1/deals', '/submit') {
    my $h2 = Deals::Test::H2->new($t->port('plain'));
    my @type = ('content-type', $path =~ /api/ ? 'application/json'
        : 'application/x-www-form-urlencoded', 'sec-fetch-site', 'same-origin',
        authorization => "Bearer $token");
    my @told = map { $h2->headers(POST => $path, end => 0, @type,
        'content-length' => 300_000) } 1 .. 5;
    $h2->data($_, 'x' x 8000) for @told;
    my @frames = $h2->frames(@told);
    is $h2->story($_, @frames), '413 DATA END RST_STREAM 0',
        "$path, stream $_: an answer, then no more" for @told;

    # Nobody said how long it would be.
    my $id = $h2->headers(POST => $path, end => 0, @type);
    for (1 .. 20) {
        $h2->data($id, 'x' x 8000);
        push @frames, $h2->read_frame(0.05) // ();
    }
    push @frames, $h2->frames($id)
        if $h2->story($id, @frames) !~ /RST_STREAM/;
    is $h2->story($id, @frames), '413 DATA END RST_STREAM 0',
        '  one without end';
    is scalar(grep { $_->[0] eq 'GOAWAY' } @frames), 0, '  nobody is sent away';

    # Others of the connection go on.
    $id = $h2->headers(GET => '/other/');
    like $h2->story($id, $h2->frames($id)), qr/^200 DATA.* END/,
        '  the connection goes on';
}

# --- given up in the middle --------------------------------------------------

my $lock = Deals::Test::Lock->new($t, 'deals');
for (1 .. 3) {
    my $n = ask([@bearer, '--max-time', '0.2'],
        map { ("/users/ann?n=$_", "/api/v1/deals?limit=$_") } 1 .. 20);
    is $n->{'200 2'} // 0, 0, 'streams that wait are given up';
}
is $t->get('/other/')->status, 200, '  nobody else waits';
$lock->free;
is_deeply ask([], (@all) x 4), { '200 2' => 20 }, '  and service goes on';

# --- a reload while they wait ------------------------------------------------

$lock = Deals::Test::Lock->new($t, 'deals');
my $child = fork // die "fork: $!\n";
if (!$child) {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
    # All of them wait, a new worker is there, and then they are answered.
    $t->wait_until(sub { $t->get('/status?format=json')->json
        ->{sites}[0]{all}{in_flight} >= 30 });
    $t->signal('HUP');
    $t->wait_until(sub { my %old = map { $_ => 1 } @workers;
        grep { !$old{$_} } $t->workers });
    $lock->free_after(0.1);
    require POSIX;
    POSIX::_exit(0);
}
is_deeply ask([], map { ("/api/v1/deals?limit=$_") } 31 .. 60), { '200 2' => 30 },
    'who waits during a reload is answered';
waitpid $child, 0;
$lock->free;
ok $t->wait_until(sub { my %old = map { $_ => 1 } @workers;
    my @now = $t->workers;
    @now == 2 && !grep { $old{$_} } @now }), '  and old workers end';
unlike $t->log, qr/exited on signal|exited with code [^0]/, 'no worker died';
is $t->deals('verify')->{code}, 0, 'all counters are right';
$t->finish;
