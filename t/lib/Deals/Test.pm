package Deals::Test;

=head1 NAME

Deals::Test - a private nginx, PostgreSQL and Redis for one test file

=head1 SYNOPSIS

    use strict;
    use warnings;
    use FindBin;
    use lib "$FindBin::Bin/../lib";
    use Test::More;
    use Deals::Test;

    my $t = Deals::Test->new;       # PostgreSQL (migrated) and Redis run
    $t->nginx;                      # nginx with `location / { deals; }`

    is $t->get('/')->status, 200, 'the hot list';

    my $ann = $t->member('ann');    # signed up and in, with her cookies
    my $r = $ann->post('/api/v1/deals', json => { title => 'A deal' });
    is $r->status, 201;
    is $r->json->{title}, 'A deal';

    $t->finish;                     # stops all, checks the logs, done_testing

=head1 DESCRIPTION

Everything lies in one temporary directory and is gone when the test ends,
however it ends. A test fails if nginx' error.log has an [alert], [emerg] or a
sanitizer's line that it did not C<allow>. The directory of a failed test is kept
and named.

Environment: C<BUILD> (the build directory, default F<build>), C<TEST_NGINX> (the
nginx to run), C<DEALS_ASAN=1> (what BUILD holds was built with SANITIZE=1),
C<DEALS_VALGRIND=1> (nginx runs under valgrind, and all may take longer),
C<TEST_KEEP=1> (keep the directory), C<TEST_VERBOSE=1> (show the CLI's output).

=cut

use strict;
use warnings;

use Cwd ();
use Fcntl qw(:flock);
use File::Basename ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Test::More ();

my $root;
BEGIN {
    $root = Cwd::realpath(File::Basename::dirname(__FILE__) . '/../../..');
    unshift @INC, "$root/conf/run", "$root/t/lib";
}

use Deals::Servers;
use Deals::Test::Client;

my (@running, @ports);

=head1 STARTING

=head2 Deals::Test->new(%options)

    database => 'migrated'   the default; 'empty': roles and database, no table;
                             0: no PostgreSQL
    redis    => 1            the default; 0: no Redis
    settings => {...}        PostgreSQL's, in place of those of tests, which do
                             not wait for the disk
    data     => DIR          PostgreSQL's data directory, with `settings`: made if
                             it is not there, and kept
    tidy     => 1            nothing else is kept, also if something failed

=cut

sub new {
    my ($class, %o) = @_;
    my $self = bless { database => 'migrated', redis => 1, %o,
                       owner => $$, allowed => [], port => {} }, $class;
    $self->{root}  = $root;
    $self->{build} = Cwd::abs_path($ENV{BUILD} // "$root/build")
        // die "Build first: there is no $ENV{BUILD}.\n";
    $self->{dir} = Cwd::realpath(File::Temp::tempdir('deals-t.XXXXXX',
        DIR => short_tmp()));
    chmod 0755, $self->{dir};
    mkdir "$self->{dir}/sanitizer";
    chmod 01777, "$self->{dir}/sanitizer";
    $self->{servers} = Deals::Servers->new(home => $self->{dir},
        defined $self->{data} ? (data => $self->{data}) : ());
    if ($ENV{DEALS_VALGRIND}) {
        $self->{servers}{under} = [$self->valgrind];
        # It keeps the limit of descriptors for itself.
        $self->allow(qr/setrlimit\(RLIMIT_NOFILE, \d+\) failed/);
        # It looks for leaks when a worker ends; nginx kills who takes a second.
        $self->allow(qr/worker process \d+ exited on signal 9/);
    }
    push @running, $self;
    write_file("$self->{dir}/owner", "$$\n");
    sweep();

    if ($self->{database}) {
        $self->{settings} ? $self->own_postgresql : $self->copy_template;
        $self->start_postgresql;
        $self->migrate if $self->{database} eq 'migrated';
    }
    $self->start_redis if $self->{redis};
    return $self;
}

# What tests that were killed have left. The directory of a test that failed has
# no owner any more and is kept.
sub sweep {
    for my $file (glob short_tmp() . '/deals-t.??????/owner') {
        next if !-o $file || read_file($file) !~ /^(\d+)$/ || kill 0, $1;
        my $dir = File::Basename::dirname($file);
        eval { Deals::Servers->new(home => $_)->stop for $dir, glob "$dir/standby*"; 1 }
            and File::Path::remove_tree($dir, { error => \my $ignored });
    }
}

# A socket's path has 107 bytes.
sub short_tmp {
    my $tmp = $ENV{TMPDIR};
    return defined $tmp && length $tmp < 60 && -d $tmp ? $tmp : '/tmp';
}

=head2 $t->nginx([$template], %options)

Writes nginx.conf and starts nginx. The template is what stands in http {} behind
C<%%HTTP%%>, with C<workers =E<gt> N> of them, or a whole nginx.conf. Without one:
C<%%SITE%%>. In a template are replaced:

    %%SITE%%        a server on %%PORT%% with `location / { deals; }`;
                    %%SITE:name%%: on %%PORT:name%%
    %%UNLIMITED%%   deals_rate_limit with all of them off
    %%GLOBALS%%     load_module, user, pid, error_log
    %%HTTP%%        temporary files, access_log, deals_database, deals_redis
    %%BASE%%        %%HTTP%% without the two deals_ lines
    %%PORT%%        a free port; %%PORT:name%%: another, the same for each name
    %%DATABASE%%    the workers' conninfo      %%REDIS%%   unix:PATH
    %%DIR%%         the test's directory       %%ROOT%%    the checkout
    %%MODULE%%      the module's file

=head2 $t->write_conf($template), $t->try_nginx($template)

write_conf only writes (for a reload). try_nginx runs C<nginx -t> and returns its
exit code and what it said.

=cut

sub nginx {
    my ($self, $template, %o) = @_;
    $template //= "%%SITE%%\n";
    if ($template !~ /^(?:events|http) \{/m) {
        my $workers = $o{workers} // 1;
        $template = <<"CONF";
%%GLOBALS%%
worker_processes $workers;
events { worker_connections 512; }
http {
    %%HTTP%%
$template}
CONF
    }
    $self->write_conf($template);
    ($self->{workers}) = $template =~ /^worker_processes (\d+);/m;
    return $self->start_nginx;
}

sub start_nginx {
    my ($self) = @_;
    $self->{servers}->start_nginx("$self->{dir}/nginx.conf",
        $self->sanitizer_env);
    # It listens before it has workers.
    $self->wait_until(sub { (() = $self->workers) >= ($self->{workers} // 1) });
    return $self;
}

sub write_conf {
    my ($self, $template) = @_;
    my $conf = "$self->{dir}/nginx.conf";
    write_file($conf, $self->fill($template));
    return $conf;
}

sub try_nginx {
    my ($self, $template) = @_;
    my $conf = "$self->{dir}/try.conf";
    write_file($conf, $self->fill($template));
    $self->{servers}->nginx_directory;
    my $r = $self->command([Deals::Servers::nginx_binary(), '-t', '-q', '-p',
        "$self->{dir}/", '-c', $conf, '-e', "$self->{dir}/try.log"],
        env => { $self->sanitizer_env });
    return wantarray ? ($r->{code}, $r->{err} . $r->{out}) : $r->{code};
}

sub fill {
    my ($self, $text) = @_;
    my $dir = $self->{dir};
    my $user = Deals::Servers::worker_user();
    my $base = join "\n    ", "access_log \"$dir/access.log\";",
        map { "${_}_temp_path \"$dir/nginx/$_\";" }
            qw(client_body proxy fastcgi uwsgi scgi);
    # Unless the http block sets its own: what servers set is further in.
    my $http = $text =~ s/^ {8}.*\n//mgr;
    my @patient = map { "$_ 60s;" } grep { $http !~ /$_/ }
        $ENV{DEALS_VALGRIND} ? qw(deals_query_timeout deals_connect_timeout)
                             : ();
    my %value = (
        GLOBALS  => join("\n", "load_module \"" . $self->module . "\";",
            $user ? "user $user->[2] $user->[3];" : '',
            "pid \"$dir/nginx.pid\";", "error_log \"$dir/error.log\" info;"),
        BASE     => join("\n    ", $base,
            $text =~ /\bdeals_database\b/ ? @patient : ()),
        HTTP     => join("\n    ", $base,
            $self->{database} ? "deals_database \"" . $self->database . "\";"
                              : (),
            $self->{redis} ? "deals_redis " . $self->redis . ";" : (),
            @patient),
        DATABASE => $self->database, REDIS => $self->redis,
        DIR => $dir, ROOT => $root, MODULE => $self->module,
        UNLIMITED => 'deals_rate_limit '
            . join(' ', map { "$_=off" } qw(signin signup post comment vote)) . ';',
    );
    $text =~ s/%%SITE(:\w+)?%%/site($1 \/\/ '')/ge;
    $text =~ s/%%(GLOBALS|HTTP|BASE)%%/$value{$1}/g;
    $text =~ s/%%PORT(?::(\w+))?%%/$self->port($1)/ge;
    $text =~ s/%%([A-Z]+)%%/$value{$1} \/\/ die "no %%$1%%\n"/ge;
    return $text;
}

sub site { "server { listen 127.0.0.1:%%PORT$_[0]%%; location / { deals; } }" }

=head2 $t->reload, $t->stop_nginx, $t->signal($name, $server)

reload sends HUP and waits until a new worker runs and the old ones are gone
(or, with a running request, for 5 seconds from then on). signal: C<$t-E<gt>signal('KILL',
'postgres')>; servers are named nginx, postgres, redis-server.

=head2 $t->afresh

Rate limits count from nothing, in Redis and in nginx, which is started again, and
have most of a minute. flush_redis: in Redis alone.

=head2 $t->all_taken

Until no connection to C<%%PORT%%> waits for a worker to take it.

=head2 $t->start_postgresql, stop_postgresql, start_redis, stop_redis

To take a backend away and to give it back; start_postgresql with settings that
hold until it stops.

=cut

sub start_postgresql { my $self = shift; $self->{servers}->start_postgresql(@_) }
sub stop_postgresql  { $_[0]{servers}->stop('postgres') }
sub start_redis      { $_[0]{servers}->start_redis }
sub stop_redis       { $_[0]{servers}->stop('redis-server') }
sub stop_nginx       { $_[0]{servers}->stop('nginx') }

sub signal {
    my ($self, $signal, $server) = @_;
    my $pid = $self->{servers}->main_process($server // 'nginx')
        // die "no $server runs\n";
    kill $signal, $pid;
    return $pid;
}

sub workers {
    my ($self) = @_;
    my $main = $self->{servers}->main_process('nginx') // return;
    return grep { $_ != $main }
           map { $_->[0] } $self->{servers}->processes('nginx');
}

sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;
    $self->signal('HUP');
    my $new = $self->wait_until(sub {
        scalar grep { !$old{$_} } $self->workers }, 30);
    $self->wait_until(sub { !grep { $old{$_} } $self->workers }, 5) if $new;
    return $new;
}

sub afresh {
    my ($self) = @_;
    $self->stop_nginx;
    $self->flush_redis if $self->{servers}->main_process('redis-server');
    $self->within(60, 20);
    return $self->start_nginx;
}

sub flush_redis {
    my ($self) = @_;
    my $r = $self->command(['redis-cli', '-s', $self->{servers}->redis_socket,
        'flushall']);
    $r->{code} == 0 or die "redis-cli: $r->{out}$r->{err}";
}

sub all_taken {
    my ($self) = @_;
    my $listens = sprintf ':%04X 00000000:0000 0A', $self->port;
    return $self->wait_until(sub {
        open my $f, '<', '/proc/net/tcp' or die "$!\n";
        return !grep { /$listens \w+:0*[1-9A-F]/ } <$f>;
    });
}

=head1 ASKING

=head2 $t->get($path, %o), post, put, patch, delete, head, options, request

HTTP requests without cookies, to C<%%PORT%%>; see L<Deals::Test::Client> for
options and the response. C<$t-E<gt>client(%o)> makes a client that keeps
cookies (C<port =E<gt> $t-E<gt>port('name')> for another server).

=head2 $t->raw($bytes), $t->connect

Sends bytes as they are and returns what comes until the server closes;
a connected socket.

=head2 $t->member($name, [$password], %client_options)

Signs up (password default: "password of NAME") and returns a client signed in.

=cut

sub client {
    my ($self, %o) = @_;
    return Deals::Test::Client->new(port => $self->port, %o);
}

for my $name (qw(get post put patch delete head options request raw connect)) {
    no strict 'refs';
    *$name = sub { my $self = shift; return $self->client->$name(@_) };
}

sub member {
    my ($self, $name, $password, %o) = @_;
    my $client = $self->client(%o);
    my $r = $client->post('/api/v1/accounts', json => {
        name => $name, password => $password // "password of $name" });
    $r->status == 201
        or die "signing up $name: " . $r->status . ' ' . $r->body . "\n";
    return $client;
}

=head2 $t->deals(@arguments, {input => $text, env => {...}})

Runs the command line with the private servers in its environment. Returns
C<{code, out, err}>.

=head2 $t->migrate

C<deals migrate>; dies if it fails.

=head2 $t->sql($sql)

Runs SQL as the database's owner; the rows, columns separated by C<|>. Dies on an
error. C<$t-E<gt>sql_as($conninfo, $sql)> as somebody else.

=cut

sub deals {
    my ($self, @args) = @_;
    my %o = @args && ref $args[-1] ? %{ pop @args } : ();
    return $self->command(["$self->{build}/deals", @args], %o, env => {
        DEALS_DATABASE => $self->database,
        DEALS_DATABASE_ADMIN => $self->database_admin,
        DEALS_REDIS => $self->redis,
        %{ $o{env} || {} } });
}

sub migrate {
    my ($self) = @_;
    my $r = $self->deals('migrate');
    $r->{code} == 0 or die "deals migrate: $r->{err}$r->{out}\n";
    return $self;
}

sub sql { $_[0]->sql_as($_[0]->database_admin, $_[1]) }

sub sql_as {
    my ($self, $conninfo, $sql) = @_;
    my $r = $self->command(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $conninfo],
        input => $sql, env => { PGOPTIONS => '-c client_min_messages=warning' });
    $r->{code} == 0 or die "psql: $r->{err}";
    my @rows = split /\n/, $r->{out};
    return wantarray ? @rows : $rows[0];
}

=head2 $t->command([@command], {input, env})

Runs any program; returns C<{code, out, err}>; code 128+N: ended by signal N.

=cut

sub command {
    my ($self, $cmd, %o) = @_;
    # A test's own children run programs too.
    my %file = map { $_ => "$self->{dir}/command.$$.$_" } qw(in out err);
    write_file($file{in}, $o{input} // '');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $ENV{$_} = $o{env}{$_} for keys %{ $o{env} || {} };
        open STDIN,  '<', $file{in}  and open STDOUT, '>', $file{out}
            and open STDERR, '>', $file{err} and exec { $cmd->[0] } @$cmd;
        print STDERR "cannot run $cmd->[0]: $!\n";
        POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my %r = (code => $? & 127 ? 128 + ($? & 127) : $? >> 8,
             out => read_file($file{out}), err => read_file($file{err}));
    if ($ENV{TEST_VERBOSE}) {
        Test::More::diag("@$cmd: $r{code}\n$r{out}$r{err}");
    }
    return \%r;
}

=head1 KNOWING

=head2 port([$name]), dir, root, module, database, database_admin, redis, url

=head2 $t->log, $t->access_log

The texts of error.log and access.log.

=head2 $t->wait_until(sub { ... }, [$seconds])

Calls until it returns true, at most so long (default 20); returns what it
returned last.

=head2 $t->within($period, $seconds)

Waits until what is counted by the clock (60: a minute of rate limits, 30: a
code's half minute) has so many seconds left.

=cut

sub dir    { $_[0]{dir} }
sub root   { $root }
sub module { "$_[0]{build}/ngx_http_deals_module.so" }
sub redis  { 'unix:' . $_[0]{servers}->redis_socket }
sub url    { 'http://127.0.0.1:' . $_[0]->port($_[1]) }

sub database {
    return $_[0]->database_servers->conninfo('deals', 'worker-secret');
}

sub database_admin {
    return $_[0]->database_servers->conninfo('deals_admin', 'owner-secret');
}

# Those whose PostgreSQL is the database: after a failover others.
sub database_servers {
    my ($self, $others) = @_;
    $self->{database_servers} = $others if $others;
    return $self->{database_servers} // $self->{servers};
}

# Servers of a directory below ours that end with us.
sub also_stop { my $self = shift; push @{ $self->{more} }, @_ }

sub log        { read_file("$_[0]{dir}/error.log") }
sub access_log { read_file("$_[0]{dir}/access.log") }

sub wait_until {
    my ($self, $code, $seconds) = @_;
    my $until = time + ($seconds // 20) * patience();
    my $r;
    until ($r = $code->()) {
        last if time > $until;
        select undef, undef, undef, 0.02;
    }
    return $r;
}

sub within {
    my ($self, $period, $seconds) = @_;
    select undef, undef, undef, 0.05 while $period - time % $period < $seconds;
}

# Free ports below the range that the system gives to outgoing connections. A
# lock for each keeps tests that run side by side apart.
sub port {
    my ($self, $name) = @_;
    return $self->{port}{ $name // '' } //= free_port();
}

sub free_port {
    my $dir = cache_directory();
    for (1 .. 500) {
        my $port = 20000 + int rand 12000;
        open my $lock, '>>', "$dir/port-$port" or die "$dir: $!\n";
        flock $lock, LOCK_EX | LOCK_NB or next;
        IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 1,
            ReuseAddr => 1) or next;
        push @ports, $lock;
        return $port;
    }
    die "found no free port\n";
}

=head1 ENDING

=head2 $t->allow(qr/.../)

Lines of error.log that match are expected.

=head2 $t->finish

Stops everything, tests that the log is clean, and calls done_testing. A test that
has no finish is checked too when it exits: it then fails by its exit code.

=cut

sub allow { my $self = shift; push @{ $self->{allowed} }, @_; return $self }

sub finish {
    my ($self) = @_;
    $self->stop;
    Test::More::is(join("\n", $self->complaints), '',
        'nothing alarming in the logs');
    $self->{checked} = 1;
    Test::More::done_testing();
}

sub stop {
    my ($self) = @_;
    return if $self->{stopped}++;
    $_->stop for $self->{servers}, @{ $self->{more} || [] };
}

# Lines of the logs that no test may cause.
sub complaints {
    my ($self) = @_;
    my @bad = grep {
        /\[alert\]|\[emerg\]|Sanitizer|runtime error:|open socket .* left/
    } split /\n/, $self->log;
    for my $report (glob "$self->{dir}/sanitizer/*") {
        push @bad, split /\n/, read_file($report);
    }
    for my $allowed (@{ $self->{allowed} }) {
        @bad = grep { $_ !~ $allowed } @bad;
    }
    return splice @bad, 0, 60;
}

sub sanitizer_env {
    my ($self) = @_;
    return () if !$ENV{DEALS_ASAN};
    my @lib = map { chomp(my $f = `gcc -print-file-name=$_`); $f }
              qw(libasan.so libubsan.so);
    my $log = "log_path=$self->{dir}/sanitizer/report";
    return (LD_PRELOAD => join(' ', map { Cwd::realpath($_) } @lib),
            ASAN_OPTIONS => "detect_leaks=0:$log",
            UBSAN_OPTIONS => "print_stacktrace=1:$log");
}

# Under valgrind a worker is some ten times as slow. A report is as a
# sanitizer's.
sub patience { return $ENV{DEALS_VALGRIND} ? 10 : 1 }

sub valgrind {
    my ($self) = @_;
    return ('/usr/bin/valgrind', '-q', '--trace-children=yes',
            '--vgdb=no', '--keep-debuginfo=yes',
            "--suppressions=$root/t/lib/valgrind.supp",
            '--leak-check=full', '--show-leak-kinds=definite',
            '--errors-for-leak-kinds=definite', '--num-callers=20',
            "--log-file=$self->{dir}/sanitizer/valgrind.%p");
}

sub ending {
    my ($self) = @_;
    my @bad;
    {
        local $?;       # waitpid leaves -1 in it for a server that still runs
        eval { $self->stop; 1 } or Test::More::diag($@);
        @bad = $self->complaints if !$self->{checked};
    }
    if (@bad) {
        Test::More::diag(join "\n", 'alarming in the logs:', @bad);
        $? ||= 1;
    }
    my $failed = $? || !Test::More->builder->is_passing;
    if ($failed && !$self->{tidy} || $ENV{TEST_KEEP}) {
        unlink "$self->{dir}/owner";
        Test::More::diag("kept: $self->{dir}");
    } else {
        File::Path::remove_tree($self->{dir});
    }
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

END {
    my $status = $?;
    for my $t (grep { $_->{owner} == $$ } @running) {
        local $?;
        $? = $status;
        $t->ending;
        $status ||= $?;
    }
    $? = $status;
}

# --- the template of a data directory --------------------------------------

# Files that test files share: data directories to copy, locks of ports.
sub cache_directory {
    my $dir = short_tmp() . "/deals-test-$>";
    mkdir $dir, 0755;
    my @s = lstat $dir;
    -d _ && $s[4] == $> && !($s[2] & 022)
        or die "$dir is not a directory of ours alone.\n";
    return $dir;
}

my %SETTINGS = (
    jit => 'off', fsync => 'off', full_page_writes => 'off',
    synchronous_commit => 'off', shared_buffers => '32MB',
    max_connections => 60, max_wal_size => '256MB', autovacuum_naptime => '10s',
);

my %PASSWORDS = (owner_password => 'owner-secret',
                 worker_password => 'worker-secret');

sub own_postgresql {
    my ($self) = @_;
    $self->stop_postgresql;         # what a run that was killed has left
    $self->{servers}->create_postgresql(%PASSWORDS,
        settings => $self->{settings}) if !-d $self->{servers}{data};
}

# initdb takes half a second; a copy of what it made, a tenth.
sub copy_template {
    my ($self) = @_;
    my $cache = cache_directory();
    my $bin = Deals::Servers::postgresql_bin();
    my $key = unpack '%32C*',
        join ' ', $bin, -s "$bin/postgres", map { "$_$SETTINGS{$_}" }
                                            sort keys %SETTINGS;
    my $template = "$cache/postgresql-$key-2";
    open my $lock, '>>', "$cache/lock" or die "$cache: $!\n";
    flock $lock, LOCK_EX;
    if (!-d $template) {
        Deals::Servers->new(home => $cache)->create_postgresql(
            data => $template, fast => 1, %PASSWORDS, settings => \%SETTINGS);
    }
    flock $lock, LOCK_UN;
    system('cp', '-a', '--reflink=auto', $template,
        "$self->{dir}/postgresql") == 0 or die "cannot copy $template\n";
}

sub read_file {
    my ($file) = @_;
    open my $f, '<', $file or return '';
    local $/;
    return scalar(<$f>) // '';
}

sub write_file {
    my ($file, $text) = @_;
    open my $f, '>', $file or die "$file: $!\n";
    utf8::encode($text) if utf8::is_utf8($text);
    print {$f} $text;
    close $f or die "$file: $!\n";
}

1;
