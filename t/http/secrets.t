#!/usr/bin/perl

# What must not be known: passwords of the database, of Redis and of members,
# sessions' tokens, codes for a new password. They are used in every way there
# is, with every program told to write as much as it can; then nothing that any
# of them has written, stored, shown or is called by has one of them in it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Find ();
use IO::Select;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;
my $redis = $t->redis =~ s/^unix://r;
my $REDIS = 'Redis-has-this-secret';
my %secret = ('the password of the database' => 'worker-secret',
              'the password of Redis' => $REDIS,
              'the password of its owner' => 'owner-secret');

sub redis_cli {
    return $t->command(['redis-cli', '-s', $redis, '--no-auth-warning',
        '-a', $REDIS, @_], env => {})->{out};
}

# PostgreSQL tells all that it is sent, with all values.
$t->stop_postgresql;
$t->start_postgresql(log_statement => 'all', log_min_error_statement => 'debug5',
    log_parameter_max_length => -1, log_parameter_max_length_on_error => -1,
    log_connections => 'on', log_min_messages => 'debug1');
my $port = $t->port('redis');
$t->command(['redis-cli', '-s', $redis, 'config', 'set', @$_])
    for ['bind', '127.0.0.1'], ['port', $port], ['requirepass', $REDIS];
my $monitor = fork // die;
if (!$monitor) {
    open STDOUT, '>', "$dir/monitor.log";
    open STDERR, '>', "$dir/monitor.err";
    $ENV{REDISCLI_AUTH} = $REDIS;
    exec 'redis-cli', '-s', $redis, 'monitor' or POSIX::_exit(127);
}

$t->wait_until(sub { -s "$dir/monitor.log" }) or die "nobody monitors\n";

sub write_file {
    my ($name, $text) = @_;
    open my $f, '>', "$dir/$name" or die;
    print {$f} $text;
    close $f or die;
    chmod 0600, "$dir/$name";
}

write_file('database.address', $t->database);
write_file('redis.address', "redis://:$REDIS\@127.0.0.1:$port/");
write_file('away.address', "redis://:$REDIS\@127.0.0.1:1/");
my $user = Deals::Servers::worker_user();

my $conf = <<'CONF';
%%GLOBALS%%
error_log %%DIR%%/debug.log debug;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database file:%%DIR%%/database.address;
    deals_redis file:%%DIR%%/redis.address;
    deals_cache zone=pages:4m;
    deals_rate_limit signin=20/m signup=off;
    log_format all '$request $status $http_referer $args $deals_route'
        ' $deals_status $sent_http_location $http_user_agent';
    access_log %%DIR%%/all.log all;
    server {
        listen 127.0.0.1:%%PORT%%;
        client_body_in_file_only on;
        location / { deals; }
        location = /deals_status { deals_status; }
    }
    server {
        listen 127.0.0.1:%%PORT:https%%;
        deals_url https://deals.example;
        location / { deals; }
    }
    server {
        listen 127.0.0.1:%%PORT:away%%;
        deals_redis file:%%DIR%%/away.address;
        location / { deals; }
        location = /deals_status { deals_status; }
    }
    server {
        listen 127.0.0.1:%%PORT:wrong%%;
        deals_database "%%WRONG%%";
        location / { deals; }
    }
}
CONF
my $WRONG = 'not-the-right-password';
$secret{'a wrong password of the database'} = $WRONG;
$conf =~ s/%%WRONG%%/$t->database =~ s{worker-secret}{$WRONG}r/e;
$t->nginx($conf);

# --- all ways there are -----------------------------------------------------------

my @answers;
sub said {
    my ($r, @may) = @_;
    push @answers, [$r->head . "\r\n\r\n" . $r->body, @may];
    return $r;
}

my $api = '/api/v1';
my $ann = $t->client;
my $n = 0;
sub password {
    my $text = 'pass<word>&number+' . ++$n . '#%';
    $secret{"password $n"} = $text;
    return $text;
}
sub token {
    my ($name, $text) = @_;
    $secret{$name} = $text =~ s/^\d+\.//r;
    return $text;
}

my $password = password();
my $r = said($ann->post('/signup', form => { name => 'ann', password =>
    $password }), 'session 1');
is $r->status, 303, 'signing up by a form';
token('session 1', $ann->{cookie}{deals});
$r = said($t->post("$api/accounts", json => { name => 'bob', password =>
    password() }), 'session 2');
is $r->status, 201, '  and by the API';
token('session 2', $r->json->{token});
said($t->post('/signup', form => { name => 'ann', password => password() }));
said($t->post('/signup', form => { name => 'x y', password => password() }));
said($t->post('/login', form => { name => 'ann', password => password() }));
said($t->post("$api/sessions", json => { name => 'nobody', password =>
    password() }));
said($t->post("$api/sessions", json => { name => 'ann', pasword => password(),
    password => [password()] }));
said($t->post("$api/sessions", type => 'application/json', body =>
    '{"name":"ann","password":"' . password()));
said($t->post('/login', type => 'application/x-www-form-urlencoded', body =>
    'name=ann&password=' . password() . '&=%zz'));
my $https = $t->client(port => $t->port('https'));
said($https->post('/login', form => { name => 'ann', password => $password }),
    'session 3');
ok $https->{cookie}{'__Host-deals'}, 'signing in';
token('session 3', $https->{cookie}{'__Host-deals'});
said($https->get($_)) for '/', '/settings', "$api/sessions", "$api/me", '/none';
$r = said($t->post("$api/sessions", json => { name => 'ann', password =>
    $password }), 'session 4');
is $r->status, 201, '  by the API' or diag $r->body;
my $bearer = token('session 4', $r->json->{token});
said($t->get("$api/$_", bearer => $bearer)) for 'me', 'sessions', 'none',
    'deals';
said($t->get("$api/me", bearer => token('a bad token', '7.' . 'q' x 32)));
said($ann->post('/settings/password', form => { current => password(),
    password => password() }));
said($ann->post('/settings/password', form => { current => $password,
    password => 'short' }));
said($ann->post('/settings/password', form => { current => $password,
    password => ($password = password()) }));
said($ann->put("$api/me/password", json => { current => $password, password =>
    ($password = password()) }));
is said($ann->get('/settings'))->status, 200, 'a new password';
said($ann->post('/settings', form => {}));

my $out = $t->deals('user', 'reset', 'ann', { env => { DEALS_URL =>
    'https://deals.example' } })->{out};
my ($code) = $out =~ /^(\S+)/;
token('a code', $code);
said($t->get('/reset'));
said($t->post('/reset', form => { token => $code, password => 'short' }),
    'a code');
said($t->post("$api/password-resets", json => { token => $code, password =>
    'short' }));
is said($t->post('/reset', form => { token => $code, password =>
    ($password = password()) }))->status, 303, 'a code is used';
said($t->post('/reset', form => { token => $code, password => password() }),
    'a code');
is $t->deals('user', 'passwd', 'ann', '--password-stdin', { input =>
    password() . "\n" })->{code}, 0, 'the operator sets a password';
is $t->deals('user', 'add', 'carl', '--password-stdin', { input =>
    password() . "\n" })->{code}, 0, 'and makes an account';
my @cli = map { $t->deals(@{ $_->[0] }, { env => $_->[1] }) }
    [['verify'], { DEALS_DATABASE => "file:$dir/database.address" }],
    [['verify'], { DEALS_DATABASE => "file:$dir/nothing" }],
    [['verify'], { DEALS_DATABASE => $t->database . ' hots=x' }],
    [['verify'], { DEALS_DATABASE => $t->database =~
        s/worker-secret/$WRONG/r }],
    [['verify'], { DEALS_REDIS => "redis://:$REDIS\@127.0.0.1:99999/" }],
    [['migrate'], { DEALS_DATABASE_ADMIN => $t->database_admin =~
        s/owner-secret/$WRONG/r }];
is_deeply [map { $_->{code} } @cli], [0, 2, 2, 3, 2, 3], 'commands, good and bad';

# Databases that don't let one in, or are away.
my %at = map { $_ => $t->client(port => $t->port($_)) } qw(wrong away);
is said($at{wrong}->get($_))->status, 503, "a wrong password at $_"
    for '/', "$api/deals";
said($at{away}->post("$api/sessions", json => { name => 'ann', password =>
    password() })) for 1 .. 2;
said($_->get('/deals_status?format=' . $t)) for map { my $c = $_; map {
    my $f = $_; bless { c => $c, f => $f }, 'Ask' } qw(text json prometheus) }
    $t->client, $at{away};
{
    package Ask;
    sub get { $_[0]{c}->get("/deals_status?format=$_[0]{f}") }
}

# --- who runs, and how it is called -------------------------------------------------

sub title {
    open my $f, '<', "/proc/$_[0]/cmdline" or return;
    local $/;
    return scalar <$f>;
}

# A command that waits, so that it can be looked at.
my $lock = fork // die;
if (!$lock) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    $ENV{PGAPPNAME} = 'lock';
    exec 'psql', '-Xq', $t->database_admin, '-c',
        'BEGIN; LOCK TABLE settings, users, deals; SELECT pg_sleep(60)'
        or POSIX::_exit(127);
}
ok $t->wait_until(sub { $t->sql("SELECT count(*) FROM pg_locks
    WHERE relation = 'users'::regclass AND mode = 'AccessExclusiveLock'
    AND granted") }), 'somebody holds a lock';
my $waiting = fork // die;
if (!$waiting) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec "$t->{build}/deals", 'user', 'list', '--database', $t->database,
        '--redis', "redis://:$REDIS\@127.0.0.1:1/" or POSIX::_exit(127);
}
ok $t->wait_until(sub { $t->sql('SELECT count(*) FROM pg_locks
    WHERE NOT granted') }), 'a command waits for it';
my $title;
$t->wait_until(sub {
    ($title = title($waiting) // '') =~ /^\S*deals\0.*\0x+\0/s });
like $title, qr/^\S*deals\0user\0list\0--database\0x+\0/,
    '  under a name without its secrets';
my %title = ($waiting => $title, map { $_->[0] => title($_->[0]) }
    map { $t->{servers}->processes($_) } qw(nginx postgres redis-server));
cmp_ok keys %title, '>', 8, 'all processes';
kill 'TERM', $waiting, $lock;
waitpid $_, 0 for $waiting, $lock;

# --- what `nginx -T` shows -----------------------------------------------------------

my $shown = $t->command([Deals::Servers::nginx_binary(), '-T', '-p', "$dir/",
    '-c', "$dir/nginx.conf", '-e', "$dir/try.log"],
    env => { $t->sanitizer_env });
like $shown->{out}, qr{deals_database file:\S+/database\.address;},
    'nginx -T shows where the address is';

# --- now look for it --------------------------------------------------------------------

$t->stop_nginx;
redis_cli('save');
$t->stop_postgresql;
kill 'TERM', $monitor;
waitpid $monitor, 0;

# A secret as it is, and as forms, JSON and conninfo write it.
sub forms {
    my ($text) = @_;
    my $form = Deals::Test::Client::escape($text);
    my $json = JSON::PP->new->utf8->allow_nonref->encode($text);
    my $html = $text =~ s/&/&amp;/gr =~ s/</&lt;/gr;
    my %all = map { $_ => 1 } $text, $form, lc $form, substr($json, 1, -1),
        $html, $form =~ s/%20/+/gr;
    return keys %all;
}
my %form = map { my $name = $_; map { $_ => $name } forms($secret{$name}) }
    keys %secret;
my $any = join '|', map { quotemeta } sort keys %form;

sub found {
    my ($bytes, %may) = @_;
    my %found;
    $found{ $form{$1} }++ while $bytes =~ /($any)/g;
    delete @found{keys %may};
    return sort keys %found;
}

my (@bad, $files, $bytes);
sub look {
    my ($where, $text, @may) = @_;
    $bytes += length $text;
    push @bad, "$where: $_" for found($text, map { $_ => 1 } @may);
}

look("an answer: " . substr($_->[0], 0, 40) =~ s/\r.*//sr, @$_) for @answers;
look('nginx -T', $shown->{out} . $shown->{err}, $conf =~ /file:/
    ? 'a wrong password of the database' : ());     # which stands in it
look("the process $title{$_}", $title{$_}) for sort keys %title;
look('the command line', $_->{out} . $_->{err}) for @cli;

# nginx' own lines of debugging show headers, and so the tokens in them.
my %headers = map { $_ => 1 } grep { /^session|^a bad token/ } keys %secret;
my %own = ("$dir/nginx.conf" => ['a wrong password of the database'],
           "$dir/database.address" => ['the password of the database'],
           "$dir/redis.address" => ['the password of Redis'],
           "$dir/away.address" => ['the password of Redis']);
File::Find::find({ no_chdir => 1, wanted => sub {
    return if !-f $_ || -M _ > 0 || m{/command\.(?:in|out|err)$} || m{/client_body/};
    $files++;
    open my $f, '<:raw', $_ or return;
    local $/;
    my $text = <$f> // '';
    my @may = @{ $own{$_} // [] };
    if (m{/debug\.log$}) {
        like $text, qr/\[debug\]/, 'nginx debugs';
        $text = join "\n", grep { !/(?:http|parse) header: "|^(?:Set-Cookie|HTTP)/ }
            split /\n/, $text;
    }
    look($_ =~ s/^\Q$dir//r, $text, @may);
} }, $dir);

is join("\n", @bad), '', 'nobody tells a secret';
cmp_ok $files, '>', 100, "  of $files files, PostgreSQL's own among them";
cmp_ok $bytes, '>', 4e6, "  with $bytes bytes";

# What looks for it finds it.
is_deeply [found("x=$WRONG&y=" . Deals::Test::Client::escape($password))],
    [sort 'a wrong password of the database',
     grep { $secret{$_} eq $password } keys %secret], 'nothing escapes the search';
my $log = do { open my $f, '<', "$dir/postgresql.log" or die; local $/; <$f> };
like $log, qr/parameters: \$1 = /, 'PostgreSQL told its parameters';
like do { open my $f, '<', "$dir/monitor.log" or die; local $/; <$f> },
    qr/"(?:INCR|EVALSHA|PUBLISH)"/i, 'Redis what it was asked';

$t->finish;
