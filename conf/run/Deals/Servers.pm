package Deals::Servers;

# A private PostgreSQL, Redis and nginx of one directory. `make run` and the
# tests start theirs with it; no service of the system is touched.
#
#   home/postgresql   the data directory
#   home/redis        Redis' directory
#   home/nginx        nginx' working directory and temporary files
#   home/sockets      .s.PGSQL.5432 and redis.sock
#   logs/*.log        what the servers say
#
# As root PostgreSQL and Redis run as `postgres` and nginx' workers as www-data;
# as an ordinary user everything runs as that user.
#
# Which processes are ours is asked of the kernel, not of files with numbers in
# them: a server is ours if it works in one of these directories. So a runner
# that was killed, a stale pid file and a number that was given to somebody else
# make no difference.

use strict;
use warnings;

use Cwd ();
use Errno qw(ENOENT);
use File::Glob qw(bsd_glob);
use File::Path ();
use POSIX qw(WNOHANG);
use Socket;

my %SERVER = (nginx => 'nginx', 'redis-server' => 'redis-server',
              'memcheck-amd64-' => 'nginx',         # under valgrind
              postgres => 'postgres', initdb => 'postgres');

# home: absolute. logs: absolute, default home. sockets: absolute,
# default home/sockets. data: absolute, default home/postgresql.
sub new {
    my ($class, %o) = @_;
    my $self = bless {%o}, $class;
    $self->{home} = Cwd::realpath($self->{home}) // $self->{home};
    $self->{logs}    //= $self->{home};
    $self->{sockets} //= "$self->{home}/sockets";
    $self->{data}    //= "$self->{home}/postgresql";
    $self->{children} = {};
    return $self;
}

# --- who runs what --------------------------------------------------------

# The user that PostgreSQL and Redis run as: [uid, gid, name]; undef: ours.
sub service_user {
    return undef if $> != 0;
    for my $name (qw(postgres nobody)) {
        my @pw = getpwnam $name or next;
        return [$pw[2], $pw[3], $name];
    }
    die "There is no user postgres or nobody to run PostgreSQL as.\n";
}

# The user of nginx' workers, for its directive `user`: [uid, gid, name, group].
sub worker_user {
    return undef if $> != 0;
    for my $name (qw(www-data nobody)) {
        my @pw = getpwnam $name or next;
        return [$pw[2], $pw[3], $name, scalar getgrgid $pw[3]];
    }
    die "There is no user www-data or nobody for nginx' workers.\n";
}

sub become {
    my ($user) = @_;
    return if !$user;
    my ($uid, $gid) = @$user;
    $) = "$gid $gid";
    POSIX::setgid($gid) && POSIX::setuid($uid)
        or die "cannot become $user->[2]: $!\n";
    $ENV{HOME} = '/nonexistent';
}

# Can this user enter the directory? Asked by doing it: modes of parents, access
# lists and network file systems all count.
sub can_enter {
    my ($user, $dir) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{__DIE__} = 'DEFAULT';
        eval { become($user); chdir $dir or die; 1 } or POSIX::_exit(1);
        POSIX::_exit(0);
    }
    waitpid $pid, 0;
    return $? == 0;
}

# Starts a program in a session of its own, without any descriptor of ours.
#   cmd => [...], user => [...], cwd => DIR, log => FILE, env => {...},
#   input => TEXT
# Returns its process id; what it prints is appended to the log.
sub spawn {
    my ($self, %o) = @_;
    open my $log, '>>', $o{log} or die "cannot write $o{log}: $!\n";
    pipe my $in_r, my $in_w or die "pipe: $!\n" if defined $o{input};
    my $pid = fork // die "cannot start $o{cmd}[0]: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT QUIT TERM HUP PIPE CHLD __DIE__ __WARN__);
        POSIX::setsid();
        my $in = defined $o{input} ? fileno $in_r
               : POSIX::open('/dev/null', POSIX::O_RDONLY());
        POSIX::dup2($in, 0);
        POSIX::dup2(fileno $log, 1);
        POSIX::dup2(fileno $log, 2);
        close_above(2);
        umask 022;
        eval {
            become($o{user});
            $ENV{PWD} = $o{cwd};
            chdir $o{cwd} or die "cannot enter $o{cwd}: $!\n";
            $ENV{$_} = $o{env}{$_} for keys %{ $o{env} || {} };
            exec { $o{cmd}[0] } @{ $o{cmd} };
            die "cannot run $o{cmd}[0]: $!\n";
        };
        syswrite STDERR, $@;
        POSIX::_exit(127);
    }
    $self->{children}{$pid} = 1;
    if (defined $o{input}) {
        close $in_r;
        local $SIG{PIPE} = 'IGNORE';
        print {$in_w} $o{input};
        close $in_w;
    }
    return $pid;
}

sub close_above {
    my ($last, @but) = @_;
    my %but = map { $_ => 1 } @but;
    opendir my $fds, '/proc/self/fd' or return;
    my @fds = grep { /^\d+$/ && $_ > $last && !$but{$_} } readdir $fds;
    POSIX::close($_) for @fds;
}

# Runs a program to its end. Dies with its last words if it fails.
sub run {
    my ($self, %o) = @_;
    my $from = -s $o{log} || 0;
    my $pid = $self->spawn(%o);
    waitpid $pid, 0;
    my $status = $?;
    delete $self->{children}{$pid};
    return if $status == 0;
    my ($name) = $o{cmd}[0] =~ m{([^/]+)$};
    die "$name failed: " . last_words($o{log}, $from) . "\n";
}

# The line of a log that says what went wrong.
sub last_words {
    my ($file, $from) = @_;
    open my $log, '<', $file or return "see $file";
    seek $log, $from || 0, 0;
    my @lines = grep { /\S/ } <$log>;
    chomp @lines;
    my ($line) = grep { /FATAL|PANIC|\[emerg\]|error:|No space left/i } @lines;
    $line //= $lines[-1] // 'it said nothing';
    $line =~ s/^\s+//;
    my $full = grep { /No space left|free disk space/ } @lines;
    return ($full ? 'the disk is full: ' : '') . "$line (see $file)";
}

# --- what runs ------------------------------------------------------------

# Our servers' processes: [pid, name], of this home.
sub processes {
    my ($self, $name) = @_;
    for my $pid (keys %{ $self->{children} }) {
        delete $self->{children}{$pid} if waitpid($pid, WNOHANG) != 0;
    }
    my @found;
    opendir my $proc, '/proc' or die "cannot read /proc: $!\n";
    for my $pid (grep { /^\d+$/ } readdir $proc) {
        # That of a removed directory ends in " (deleted)".
        my $cwd = readlink "/proc/$pid/cwd" // next;
        next if $cwd !~ m{^(?:\Q$self->{home}\E/(?:redis|nginx)
                           |\Q$self->{data}\E)\b}x;
        open my $comm, '<', "/proc/$pid/comm" or next;
        chomp(my $what = <$comm> // next);
        my $server = $SERVER{$what} // next;
        push @found, [$pid, $server] if !defined $name || $server eq $name;
    }
    return @found;
}

# The process that the others of its kind descend from: undef if none runs.
sub main_process {
    my ($self, $name) = @_;
    my %ours = map { $_->[0] => 1 } $self->processes($name);
    for my $pid (sort { $a <=> $b } keys %ours) {
        open my $stat, '<', "/proc/$pid/stat" or next;
        my ($parent) = (<$stat> // '') =~ /\) \S (\d+)/ or next;
        return $pid if !$ours{$parent};
    }
    return undef;
}

# Stops one server (or all: nginx first) and returns when nothing of it is left.
sub stop {
    my ($self, @names) = @_;
    @names = qw(nginx redis-server postgres) if !@names;
    for my $name (@names) {
        # PostgreSQL's "fast" shutdown is INT.
        $self->end($name, $name eq 'postgres' ? 'INT' : 'TERM', 30)
            or $self->end($name, 'KILL', 10)
            or die "$name does not end.\n";
    }
    $self->forget_stopped(@names);
}

# Stops those that this object has started, whatever became of their directory.
sub stop_children {
    my ($self) = @_;
    my @pids = keys %{ $self->{children} };
    kill INT => @pids;      # a quick end for each of the three
    waitpid $_, 0 for @pids;
    $self->{children} = {};
}

# Sends the signal until no process of that name is left; 0: some are.
sub end {
    my ($self, $name, $signal, $seconds) = @_;
    my $until = time + $seconds;
    my ($told, $orphans) = (0, 0);
    while (my @left = $self->processes($name)) {
        my $main = $self->main_process($name);
        if ($signal eq 'KILL') {
            kill KILL => map { $_->[0] } @left;
        } elsif ($main && $main != $told) {
            kill $signal, $main;
            $told = $main;
        } elsif (++$orphans % 25 == 0) {
            # Workers whose master was killed have nobody to tell them.
            kill TERM => map { $_->[0] } @left;
        }
        return 0 if time > $until;
        select undef, undef, undef, 0.02;
    }
    return 1;
}

# What a server that was killed leaves behind would stop the next one.
sub forget_stopped {
    my ($self, @names) = @_;
    my %file = (
        'postgres'     => ["$self->{data}/postmaster.pid",
                           "$self->{sockets}/.s.PGSQL.5432",
                           "$self->{sockets}/.s.PGSQL.5432.lock"],
        'redis-server' => ["$self->{logs}/redis.pid",
                           "$self->{sockets}/redis.sock"],
        'nginx'        => ["$self->{logs}/nginx.pid"],
    );
    unlink map { @{ $file{$_} } } @names;
}

# --- directories ----------------------------------------------------------

# Makes a directory, owned by the user that works in it.
sub directory {
    my ($self, $dir, $user, $mode) = @_;
    if (!-d $dir) {
        mkdir $dir or die "cannot make $dir: $!\n";
    }
    chmod $mode, $dir;
    if ($user) {
        chown $user->[0], $user->[1], $dir or die "cannot chown $dir: $!\n";
    }
    return $dir;
}

sub socket_directory {
    my ($self) = @_;
    # Any local user may enter; PostgreSQL wants a password, and the mode of
    # Redis' socket keeps them out.
    $self->directory($self->{sockets}, service_user(), 0755);
}

# --- PostgreSQL -----------------------------------------------------------

# The programs of the version that made the data, or of the newest.
sub postgresql_bin {
    my ($data) = @_;
    my @bin = sort { version($b) <=> version($a) }
              grep { -x "$_/postgres" } glob '/usr/lib/postgresql/*/bin';
    if ($data && open my $v, '<', "$data/PG_VERSION") {
        chomp(my $made_by = <$v>);
        my ($bin) = grep { version($_) == $made_by } @bin;
        return $bin // die "$data was made by PostgreSQL $made_by,"
            . " which is not installed.\n";
    }
    return $bin[0] // die "PostgreSQL is not installed.\n";
}

sub version { $_[0] =~ m{/(\d+)/bin$} ? $1 : 0 }

# Makes a data directory: role deals_admin owns database deals, role deals is
# the workers'. It appears under its name when it is complete.
#   owner_password, worker_password, settings => {...}, fast => 1: no fsync
sub create_postgresql {
    my ($self, %o) = @_;
    my $data = $o{data} // $self->{data};
    my $new  = "$data.new.$$";
    my $user = service_user();
    my $bin  = postgresql_bin();
    my $log  = "$self->{logs}/postgresql.log";

    File::Path::remove_tree($_) for bsd_glob("$data.new.*");
    $self->directory($new, $user, 0700);
    my %as = (user => $user, cwd => $new, log => $log,
              env => { LC_ALL => 'C.UTF-8', TZ => 'UTC' });
    $self->run(%as, cmd => ["$bin/initdb", '-D', $new, '-U', 'postgres',
        '-A', 'trust', '--encoding=UTF8', '--locale=C.UTF-8',
        '--no-instructions', $o{fast} ? ('-N', '--wal-segsize=1') : ()]);

    # Nobody gets in without a password; the superuser has none, so never.
    append("$new/pg_hba.conf", '>', "local all all scram-sha-256\n");
    append("$new/postgresql.conf", '>>', join '',
        map { "$_ = $o{settings}{$_}\n" } sort keys %{ $o{settings} });

    $self->single_user($new, 'CREATE ROLE deals_admin LOGIN',
        'CREATE ROLE deals LOGIN',
        'CREATE DATABASE deals OWNER deals_admin',
        'REVOKE ALL ON DATABASE deals FROM PUBLIC',
        'GRANT CONNECT ON DATABASE deals TO deals',
        passwords(@o{qw(owner_password worker_password)}));
    rename $new, $data or die "cannot rename $new: $!\n";
}

# New passwords for a database that does not run.
sub set_passwords {
    my ($self, $owner, $worker) = @_;
    $self->single_user($self->{data}, passwords($owner, $worker));
}

sub passwords {
    my ($owner, $worker) = map { (my $s = $_) =~ s/'/''/g; $s } @_;
    return ("ALTER ROLE deals_admin PASSWORD '$owner'",
            "ALTER ROLE deals PASSWORD '$worker'");
}

# Statements without a server, and so without anybody having to get in. An error
# in one does not end the program: its word for it is looked for.
sub single_user {
    my ($self, $data, @statements) = @_;
    my $log  = "$self->{logs}/postgresql.log";
    my $from = -s $log || 0;
    unlink "$data/postmaster.pid";
    $self->run(
        cmd => [postgresql_bin($data) . '/postgres', '--single', '-j', '-D',
                $data, '-c', 'log_min_messages=error',
                '-c', 'log_min_error_statement=panic', 'postgres'],
        user => service_user(), cwd => $data, log => $log,
        env => { LC_ALL => 'C.UTF-8', TZ => 'UTC' },
        input => join '', map { "$_;\n\n" } @statements);
    open my $said, '<', $log or die "cannot read $log: $!\n";
    seek $said, $from, 0;
    my ($error) = grep { /ERROR|FATAL|PANIC/ } <$said>;
    die $error if defined $error;
}

sub append {
    my ($file, $mode, $text) = @_;
    open my $f, $mode, $file or die "cannot write $file: $!\n";
    print {$f} $text or die "cannot write $file: $!\n";
    close $f or die "cannot write $file: $!\n";
}

# Starts PostgreSQL, with other settings than its files have, and returns when it
# takes connections.
sub start_postgresql {
    my ($self, %settings) = @_;
    my $data = $self->{data};
    my $bin  = postgresql_bin($data);
    my $log  = "$self->{logs}/postgresql.log";
    my $from = -s $log || 0;
    $self->socket_directory;
    $self->forget_stopped('postgres');
    my $pid = $self->spawn(
        cmd  => ["$bin/postgres", '-D', $data, '-c', 'listen_addresses=',
                 '-c', 'port=5432',
                 '-c', qq{unix_socket_directories="$self->{sockets}"},
                 map { ('-c', "$_=$settings{$_}") } sort keys %settings],
        user => service_user(), cwd => $data, log => $log,
        env  => { LC_ALL => 'C.UTF-8', TZ => 'UTC' });
    $self->wait_for($pid, 60, $log, $from, sub {
        open my $f, '<', "$data/postmaster.pid" or return 0;
        my @line = <$f>;
        return ($line[7] // '') =~ /^(?:ready|standby)/;
    });
    return $pid;
}

# Waits until `done` says so; dies if the server ends before.
sub wait_for {
    my ($self, $pid, $seconds, $log, $from, $done) = @_;
    my $until = time + $seconds;
    until ($done->()) {
        if (waitpid($pid, WNOHANG) != 0) {
            delete $self->{children}{$pid};
            die 'It does not start: ' . last_words($log, $from) . "\n";
        }
        die "It does not start within $seconds seconds: "
            . last_words($log, $from) . "\n" if time > $until;
        select undef, undef, undef, 0.02;
    }
}

# A libpq conninfo string.
sub conninfo {
    my ($self, $role, $password) = @_;
    (my $host = $self->{sockets}) =~ s/(\s)/\\$1/g;
    return "host=$host port=5432 dbname=deals user=$role password=$password";
}

# --- Redis ----------------------------------------------------------------

# Starts Redis and returns when it answers.
sub start_redis {
    my ($self) = @_;
    my ($user, $worker) = (service_user(), worker_user());
    my $dir  = $self->directory("$self->{home}/redis", $user, 0700);
    my $log  = "$self->{logs}/redis.log";
    my $sock = $self->redis_socket;
    my $from = -s $log || 0;
    $self->socket_directory;
    $self->forget_stopped('redis-server');
    # It has no password: its socket is for nginx' workers (and root) alone.
    $user = [$user->[0], $worker->[1], $user->[2]] if $user;
    my $pid = $self->spawn(
        cmd  => ['/usr/bin/redis-server', '-'],
        input => join("\n", 'port 0', qq{unixsocket "$sock"},
            'unixsocketperm 770', 'save ""', 'appendonly no',
            qq{dir "$dir"}, 'daemonize no', 'logfile ""', ''),
        user => $user, cwd => $dir, log => $log);
    $self->wait_for($pid, 30, $log, $from, sub { redis_answers($sock) });
    append("$self->{logs}/redis.pid", '>', "$pid\n");
    return $pid;
}

sub redis_socket { "$_[0]{sockets}/redis.sock" }

sub redis_answers {
    my ($path) = @_;
    socket my $s, PF_UNIX, SOCK_STREAM, 0 or return 0;
    connect $s, pack_sockaddr_un($path) or return 0;
    syswrite $s, "PING\r\n" or return 0;
    sysread $s, my $answer, 64;
    return ($answer // "") =~ /^[+]PONG/;
}

# --- nginx ----------------------------------------------------------------

sub nginx_binary {
    my $path = $ENV{TEST_NGINX};
    return $path if defined $path && length $path;
    for ('/usr/sbin/nginx', '/usr/local/sbin/nginx') {
        return $_ if -x;
    }
    die "nginx is not installed.\n";
}

# nginx' working directory with its temporary files.
sub nginx_directory {
    my ($self) = @_;
    return $self->directory("$self->{home}/nginx", worker_user(), 0755);
}

# Starts nginx with a configuration file, which has no `daemon` and the pid file
# logs/nginx.pid; returns when it listens. By its absolute path: an upgrade in
# place (USR2) needs that.
sub start_nginx {
    my ($self, $conf, %env) = @_;
    my $log  = "$self->{logs}/nginx.log";
    my $from = -s $log || 0;
    $self->forget_stopped('nginx');
    my $pid = $self->spawn(
        cmd => [@{ $self->{under} || [] }, nginx_binary(),
                '-p', "$self->{logs}/", '-c', $conf,
                '-e', "$self->{logs}/error.log", '-g', 'daemon off;'],
        cwd => $self->nginx_directory, log => $log, env => \%env);
    # It writes its number once its sockets listen.
    $self->wait_for($pid, 60, $log, $from, sub {
        open my $f, '<', "$self->{logs}/nginx.pid" or return 0;
        return (<$f> // '') =~ /^$pid$/;
    });
    return $pid;
}

1;
