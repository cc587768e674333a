package Bench::Load;

# One load on a site: wrk or pgbench for some seconds; its rate, its latency, and
# the CPU time that a request cost nginx and PostgreSQL, from /proc.

use strict;
use warnings;

use Time::HiRes ();

my $TICK = 100;     # clock ticks a second in /proc, on every Linux

sub new {
    my ($class, $site, $seconds) = @_;
    return bless { site => $site, test => $site->test, seconds => $seconds,
                   here => $site->test->root . '/t/bench' }, $class;
}

# --- CPU time -------------------------------------------------------------------

# Seconds so far of all processes of a server, those of PostgreSQL that have
# ended included.
sub cpu {
    my ($self) = @_;
    my %sum = (nginx => 0, postgres => 0);
    for my $name (keys %sum) {
        for my $process ($self->{test}{servers}->processes($name)) {
            my $stat = first_line("/proc/$process->[0]/stat") // next;
            my @f = split ' ', $stat =~ s/.*\) //r;
            my $ran = first_line("/proc/$process->[0]/schedstat");
            # Nanoseconds if the kernel counts them, else ticks.
            $sum{$name} += $ran ? (split ' ', $ran)[0] / 1e9
                                : ($f[11] + $f[12]) / $TICK;
            $sum{$name} += ($f[13] + $f[14]) / $TICK if $name eq 'postgres';
        }
    }
    return \%sum;
}

# How many children PostgreSQL has, also those that have ended and whose time it
# has still to take over.
sub backends {
    my ($self) = @_;
    my $main = $self->{test}{servers}->main_process('postgres') // return 0;
    return scalar grep { /\) \S $main / }
           map { first_line($_) // '' } glob '/proc/[0-9]*/stat';
}

sub first_line {
    open my $fh, '<', $_[0] or return undef;
    return scalar <$fh>;
}

# Runs a load; adds what a request cost, in microseconds.
sub measured {
    my ($self, $load) = @_;
    my $before = $self->cpu;
    my $r = $load->();
    Time::HiRes::sleep(0.1);
    my $after = $self->cpu;
    $r->{$_} = ($after->{$_} - $before->{$_}) * 1e6 / $r->{count}
        for keys %$after;
    $r->{cpu} = $r->{nginx} + $r->{postgres};
    return $r;
}

sub run {
    my ($self, $seconds, @command) = @_;
    my $r = $self->{test}->command(['timeout', $seconds + 30, @command]);
    $r->{code} == 0 or die "@command: $r->{code}\n$r->{out}$r->{err}\n";
    return $r->{out};
}

# --- wrk -------------------------------------------------------------------------

# Options: clients (32), port (its name), headers, script => [file, arguments].
sub http {
    my ($self, $path, %o) = @_;
    my @script = @{ $o{script} || [] };
    my $file = shift @script;
    my @command = ('wrk', '-t', 1, '-c', $o{clients} // 32, '-d',
        "$self->{seconds}s", '--timeout', '10s', '--latency',
        (map { ('-H', "$_: $o{headers}{$_}") } sort keys %{ $o{headers} || {} }),
        $file ? ('-s', "$self->{here}/$file") : (),
        $self->{test}->url($o{port}) . $path, $file ? ('--', @script) : ());
    return $self->measured(sub {
        return wrk_result($self->run($self->{seconds}, @command));
    });
}

sub wrk_result {
    my ($text) = @_;
    my ($count) = $text =~ /(\d+) requests in/;
    my ($rate) = $text =~ m{Requests/sec:\s+([\d.]+)};
    die "wrk: $text\n" if !$count;
    die "errors under load:\n$text\n" if $text =~ /Non-2xx|Socket errors/;
    return { count => $count, rate => $rate, p50 => wrk_latency($text, 50),
             p99 => wrk_latency($text, 99) };
}

sub wrk_latency {
    my ($text, $percent) = @_;
    my ($n, $unit) = $text =~ /^\s+$percent%\s+([\d.]+)(us|ms|s)/m
        or die "wrk: $text\n";
    return $n * { us => 0.001, ms => 1, s => 1000 }->{$unit};
}

# --- pgbench -----------------------------------------------------------------------

# A script for pgbench of statements as Bench::Site::statements gives them.
# Returns its file and the options that set its variables.
sub script {
    my ($self, $name, @statements) = @_;
    my ($text, @set) = ('');
    for my $s (0 .. $#statements) {
        my ($sql, @param) = ($statements[$s]{sql}, @{ $statements[$s]{params} });
        $sql =~ s/\s+/ /g;
        $sql =~ s/\$(\d+)/defined $param[$1 - 1] ? ":p${s}_$1" : 'NULL'/ge;
        $text .= "$sql;\n";
        push @set, map { ('-D', "p${s}_" . ($_ + 1) . "=$param[$_]") }
                   grep { defined $param[$_] } 0 .. $#param;
    }
    my $file = $self->{test}->dir . "/$name.sql";
    Deals::Test::write_file($file, $text);
    return [$file, @set];
}

# Prepared statements, a transaction a request.
sub pgbench {
    my ($self, $script, $clients, $seconds) = @_;
    my ($file, @set) = @$script;
    $seconds //= $self->{seconds};
    my $log = $self->{test}->dir . '/pgbench';
    unlink glob "$log.*";
    my @command = ('pgbench', '-n', '-M', 'prepared', '-c', $clients, '-j',
        $clients > 1 ? 2 : 1, '-T', $seconds, '-l', "--log-prefix=$log",
        '--sampling-rate=' . ($clients > 1 ? 0.1 : 1), @set, '-f', $file,
        $self->{test}->database);
    my $backends = $self->backends;
    return $self->measured(sub {
        my $text = $self->run($seconds, @command);
        $self->{test}->wait_until(sub { $self->backends <= $backends });
        my ($count) = $text =~ /actually processed: (\d+)/;
        my ($rate) = $text =~ /tps = ([\d.]+)/;
        die "pgbench: $text\n" if !$count;
        # pgbench says 0 of what was answered before it looked at its clock again.
        my @ms = sort { $a <=> $b } grep { $_ > 0 } map { (split)[2] / 1000 }
                 map { split /\n/, Deals::Test::read_file($_) } glob "$log.*";
        return { count => $count, rate => $rate, p50 => $ms[@ms * 0.5] // 0,
                 p99 => $ms[@ms * 0.99] // 0 };
    });
}

# The number of pgbench's clients that does best.
sub best {
    my ($self, $script, @clients) = @_;
    my ($best, $rate) = (1, 0);
    for my $clients (@clients) {
        my $r = $self->pgbench($script, $clients, 1);
        ($best, $rate) = ($clients, $r->{rate}) if $r->{rate} > $rate;
    }
    return $best;
}

1;
