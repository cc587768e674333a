#!/usr/bin/perl

# make run, start and stop: what they leave behind, and what they say when it does
# not work. Each start is a real one, with the demo community.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Path ();
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Deals::Test;

my $t    = Deals::Test->new(database => 0, redis => 0);
my $dir  = $t->dir . '/r';
my $port = $t->port('r');
my @used = ($dir);

sub serve {
    my ($mode, %o) = @_;
    return $t->command([command($mode, %o)]);
}

sub command {
    my ($mode, %o) = @_;
    return ($t->root . '/conf/run/serve', $mode, '--port', $o{port} // $port,
        '--dir', $o{dir} // $dir, '--build', $t->{build},
        $o{listen} ? ('--listen', $o{listen}) : ());
}

# In the background, as a shell would: returns its process id.
sub spawn {
    my (@command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    $SIG{$_} = 'DEFAULT' for qw(INT QUIT TERM HUP);
    open STDOUT, '>', $t->dir . '/spawned';
    open STDERR, '>&', \*STDOUT;
    exec { $command[0] } @command or POSIX::_exit(127);
}

# A pseudo terminal: its master, and the slave's name.
sub terminal {
    my ($number, $unlocked) = ("\0" x 4, "\0" x 4);
    open my $master, '+<', '/dev/ptmx' or die "/dev/ptmx: $!\n";
    ioctl $master, 0x40045431, $unlocked or die "TIOCSPTLCK: $!\n";
    ioctl $master, 0x80045430, $number or die "TIOCGPTN: $!\n";
    return ($master, '/dev/pts/' . unpack 'i', $number);
}

# As the first and only process of a terminal: returns the master, and its id.
sub spawn_in_terminal {
    my (@command) = @_;
    my ($master, $slave) = terminal();
    my $pid = fork // die "fork: $!\n";
    return ($master, $pid) if $pid;
    $SIG{$_} = 'DEFAULT' for qw(INT QUIT TERM HUP);
    POSIX::setsid();
    open STDIN, '+<', $slave or POSIX::_exit(126);
    open STDOUT, '>&', \*STDIN;
    open STDERR, '>&', \*STDIN;
    close $master;
    exec { $command[0] } @command or POSIX::_exit(127);
}

sub status { $t->client(port => $_[0] // $port)->get('/')->status }

sub runs { eval { status() == 200 } }

# What was spawned runs; else: what it said.
sub ok_runs {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $t->wait_until(\&runs, 30), $what
        or diag Deals::Test::read_file($t->dir . '/spawned');
}

sub file { Deals::Test::read_file("$dir/$_[0]") }

sub pid_of { file($_[0]) =~ /^(\d+)/ ? $1 : die "$_[0] has no number\n" }

# Servers that work in the directory: [pid, name].
sub left { Deals::Servers->new(home => $_[0] // $dir)->processes }

sub ok_start {
    my ($what, %o) = @_;
    my $r = serve('start', %o);
    is $r->{code}, 0, "$what: starts" or diag $r->{out}, $r->{err};
    is eval { status($o{port}) }, 200, "$what: answers";
    return $r;
}

sub ok_stop {
    my ($what, %o) = @_;
    my $r = serve('stop', %o);
    is $r->{code}, 0, "$what: stops" or diag $r->{err};
    is scalar left($o{dir}), 0, "$what: nothing is left";
}

# --- the plain way ---

my $r = ok_start('first start');
like $r->{out}, qr{http://127\.0\.0\.1:$port/}, 'prints the address';
like $r->{out}, qr/sign in/i, 'a sign-in';
like $r->{out}, qr/make stop/, 'and how to stop';
ok -d "$dir/postgresql/base" && -e "$dir/nginx.pid" && -e "$dir/redis.pid",
    'the files that scripts look for are there';
is((stat "$dir/env")[2] & 07777, 0600, 'env is for its owner');

my $env = `. '$dir/env'; env`;
my %env = $env =~ /^(DEALS_\w+)=(.*)$/mg;
is $env{DEALS_URL}, "http://127.0.0.1:$port", 'DEALS_URL';
is $t->sql_as($env{DEALS_DATABASE}, 'SELECT current_user'), 'deals',
    'DEALS_DATABASE is the workers\'';
ok !eval { $t->sql_as($env{DEALS_DATABASE}, 'CREATE TABLE x()'); 1 },
    'who may not change the schema';
is $t->sql_as($env{DEALS_DATABASE_ADMIN}, 'SELECT current_user'), 'deals_admin',
    'DEALS_DATABASE_ADMIN is the owner\'s';
my ($socket) = $env{DEALS_REDIS} =~ /^unix:(.*)/;
ok Deals::Servers::redis_answers($socket), 'DEALS_REDIS answers';
my $count = 'SELECT count(*) FROM deals';
my $deals = $t->sql_as($env{DEALS_DATABASE_ADMIN}, $count);
cmp_ok $deals, '>', 100, 'there is a demo community';
$r = $t->command(['/bin/sh', '-c',
    ". '$dir/env'; exec '$t->{build}/deals' verify"]);
is $r->{code}, 0, 'deals verify, with env' or diag $r->{out}, $r->{err};

# What runs has nothing of ours: no terminal, no pipe, no directory.
my %theirs = map { $_ => 1 } map { readlink "/proc/$_->[0]/fd/1" } left();
is scalar(grep { /pipe|tty|pts/ } keys %theirs), 0, 'no descriptor of ours';
$r = $t->command(['/bin/sh', '-c',
    join ' ', '(', map({ "'$_'" } command('stop')), ';',
              map({ "'$_'" } command('start')), ') 5>&1 | cat']);
is $r->{code}, 0, 'a pipe of the caller ends when start returns';

$r = serve('start');
is $r->{code}, 0, 'a second start is content';
like $r->{out}, qr/runs already/, 'and says so';
$r = serve('start', port => $t->port('other'));
is $r->{code}, 1, 'at another port it is refused';
like $r->{err}, qr/^Another copy .*\n\z/, 'in one sentence';
$r = serve('run');
is $r->{code}, 1, 'so is a run beside it';

ok_stop('stop');
is serve('stop')->{code}, 0, 'stop when nothing runs';
ok !-e "$dir/nginx.pid" && !-e "$dir/redis.pid", 'no pid file is left';

# --- after accidents ---

$r = ok_start('again');
like $r->{out}, qr/sign in/i, 'the sign-in is not forgotten';
is $t->sql_as($env{DEALS_DATABASE_ADMIN}, $count), $deals,
    'the data stayed, and no second community came';

for my $victim (['nginx.pid'], ['redis.pid'], ['postgresql/postmaster.pid'],
                ['nginx.pid', 'redis.pid', 'postgresql/postmaster.pid']) {
    kill KILL => map { pid_of($_) } @$victim;
    ok_start("after kill -9 of @$victim");
}
ok_stop('after accidents');

Deals::Test::write_file("$dir/nginx.pid", "1\n");
Deals::Test::write_file("$dir/redis.pid", "$$\n");
Deals::Test::write_file("$dir/postgresql/postmaster.pid", "1\n/x\n0\n5432\n");
ok_start('with stale pid files');
ok_stop('with stale pid files');

unlink "$dir/env";
ok_start('without env');
%env = `. '$dir/env'; env` =~ /^(DEALS_\w+)=(.*)$/mg;
is $t->sql_as($env{DEALS_DATABASE}, 'SELECT 1'), 1, 'new passwords work';
ok_stop('without env');

# --- run ---

for my $signal (qw(TERM INT QUIT HUP)) {
    my $pid = spawn(command('run'));
    ok_runs 'run answers';
    kill $signal => $pid;
    waitpid $pid, 0;
    is $? >> 8, 0, "$signal ends it";
    is scalar left(), 0, 'nothing is left';
}

my $pid = spawn(command('run'));
ok_runs 'run answers';
$r = serve('run', port => $t->port('other'));
is $r->{code}, 1, 'a second run in the same directory is refused';
like $r->{err}, qr/^Another copy .*\n\z/, 'in one sentence';
kill KILL => $pid;
waitpid $pid, 0;
ok_start('after kill -9 of run');
ok_stop('after kill -9 of run');

$pid = spawn(command('run'));
ok_runs 'run answers';
ok_stop('stop from elsewhere');
waitpid $pid, 0;
is $?, 0, 'the run ended';

# make is killed: nobody is there to tell the runner.
$pid = spawn('/bin/sh', '-c',
             join(' ', map { "'$_'" } command('run')) . '; exit');
ok_runs 'run answers';
kill KILL => $pid;
waitpid $pid, 0;
ok $t->wait_until(sub { !left() }, 15), 'nothing outlives make';

# A window with make alone in it is closed: make hears of it, and waits for us.
my $makefile = $t->dir . '/makefile';
Deals::Test::write_file($makefile, "run:\n\t"
    . join(' ', map { "'$_'" } command('run')) . "\n");
(my $master, $pid) = spawn_in_terminal('make', '-s', '-f', $makefile);
ok $t->wait_until(\&runs, 30), 'run answers in a terminal';
close $master;
ok $t->wait_until(sub { !left() }, 15), 'nothing outlives its terminal';
kill KILL => $pid if left();
waitpid $pid, 0;

($master, $pid) = spawn_in_terminal(command('start'));
waitpid $pid, 0;
close $master;
select undef, undef, undef, 1.2;
ok runs(), 'what start began outlives its terminal';
ok_stop('start in a terminal');

# --- what can't be ---

my $taken = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 1,
    ReuseAddr => 1) or die "listen: $!\n";
my %refused = (
    'a port in use'       => [{}, qr/^Port $port on 127\.0\.0\.1 is in use: /],
    'no port'             => [{ port => 99999 }, qr/^PORT=99999 is not a port/],
    'no address'          => [{ listen => 'here' }, qr/^LISTEN=here is not/],
    'somebody\'s address' => [{ listen => '192.0.2.1' }, qr/can't be opened/],
    'no directory'        => [{ dir => '/proc/x' }, qr/^RUN_DIR=\S+ can't be/],
    'a file'              => [{ dir => "$dir/env" }, qr/^RUN_DIR=\S+ can't be/],
);
for my $what (sort keys %refused) {
    my ($options, $says) = @{ $refused{$what} };
    $r = serve('start', %$options);
    is $r->{code}, 1, "$what is refused";
    like $r->{err}, $says, 'and says why';
    is scalar(split /\n/, $r->{err}), 1, 'in one line';
}
is scalar left(), 0, 'nothing was started';
close $taken;

# --- where ---

my $long = $t->dir . '/' . 'x' x 120;
push @used, $long;
ok_start('a long RUN_DIR', dir => $long);
my ($sockets) = Deals::Test::read_file("$long/env") =~ /host=(\S+)/;
like $sockets, qr{^/tmp/deals-\w{12}$}, 'its sockets lie elsewhere';
ok_stop('a long RUN_DIR', dir => $long);
ok !-e $sockets, '... in a directory that is gone then';

my $space = $t->dir . '/with a space';
my $beside = $t->port('beside');
push @used, $space;
ok_start('a space in its name', dir => $space);
ok_start('side by side', port => $beside);
ok_stop('a space in its name', dir => $space);
is eval { status($beside) }, 200, 'the other one goes on';
ok_stop('side by side');

SKIP: {
    skip 'needs root', 5 if $> != 0;
    my $closed = $t->dir . '/closed';
    mkdir $closed, 0700;
    push @used, "$closed/r";
    ok_start('where only root can go', dir => "$closed/r");
    my $data = readlink "$closed/r/postgresql";
    like $data, qr{^/var/tmp/deals-\w+/postgresql$}, 'the data is elsewhere';
    ok -e "$closed/r/postgresql/PG_VERSION", 'and found by its usual name';
    (my $home = $data) =~ s{/postgresql$}{};
    is serve('stop', dir => "$closed/r")->{code}, 0, 'stops';
    is scalar left($home), 0, 'nothing is left';
    File::Path::remove_tree($home);
}

$t->finish;

# Whatever went wrong above, nothing of this file runs on.
END {
    if ($t && $t->{owner} == $$) {
        local $?;
        serve('stop', dir => $_) for @used;
    }
}
