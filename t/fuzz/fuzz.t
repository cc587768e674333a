#!/usr/bin/perl

# The fuzzers: t/fuzz/NAME.c, each on bytes of libFuzzer's making for T seconds
# (5), beginning with what lies in t/fuzz/seeds/NAME. What one finds stays in
# BUILD/fuzz/found; it belongs into the seeds once it is understood. FUZZ_JOBS run
# at once (as many as there are processors); t/fuzz/table shows what they did.
#
#     T=60 TARGET="json url" perl t/fuzz/fuzz.t

use strict;
use warnings;

use Cwd ();
use File::Path ();
use FindBin;
use POSIX ();
use Test::More;

chdir "$FindBin::Bin/../.." or die;

my $seconds = $ENV{T} || 5;

# Without T it is a test, which asks the same each time.
my @seed = $ENV{T} ? () : '-seed=1';
my $build = Cwd::abs_path($ENV{BUILD} // 'build') . '/fuzz';
my @all = map { m{(\w+)\.c$} } sort glob 't/fuzz/*.c';
my %known = map { $_ => 1 } @all;
my @targets = split ' ', $ENV{TARGET} // '';
@targets = @all if !@targets;
my @unknown = grep { !$known{$_} } @targets;
BAIL_OUT("No such fuzzer: @unknown. There are: @all") if @unknown;

plan skip_all => 'there is no clang with the run-time library of libFuzzer: '
    . 'make fuzz installs it' if !-e "$build/fuzz-$targets[0]";

# What a fuzzer may need beyond what all get. Arenas, and libraries with tables
# of their own, take some memory; nothing takes this much at once.
my %options = (
    json     => [qw(-max_len=8192)],
    url      => [qw(-max_len=2200)],
    markdown => [qw(-max_len=4096)],
    template => [qw(-max_len=1500)],
    redis    => [qw(-max_len=2048)],
    # libpq makes room for as much as a message says that it has.
    postgres => [qw(-max_len=1024 -malloc_limit_mb=2200 -rss_limit_mb=2600)],
    rows     => [qw(-max_len=1024)],
    loader   => [qw(-max_len=1024 -use_value_profile=0)],
    header   => [qw(-max_len=700)],
    text     => [qw(-max_len=1024)],
    cursor   => [qw(-max_len=400)],
    address  => [qw(-max_len=400)],
    # What stands in a hash is no clue to what to try.
    breached => [qw(-max_len=300 -use_value_profile=0)],
);
my @common = qw(-rss_limit_mb=1024 -malloc_limit_mb=64 -timeout=20
    -print_final_stats=1 -use_value_profile=1 -reload=0);

File::Path::make_path("$build/found", "$build/log");

my (%running, %began, %result);
my $jobs = $ENV{FUZZ_JOBS} || processors();
my @waiting = @targets;

# As many at once as there are processors, told in the order of their names.
for my $target (@targets) {
    while (!$result{$target}) {
        start(shift @waiting) while @waiting && keys(%running) < $jobs;
        my $pid = waitpid -1, 0;
        last if $pid < 0;
        my $done = delete $running{$pid} or next;
        $result{$done} = { status => $? };
    }
    tell_of($target);
}

done_testing;

sub start {
    my ($target) = @_;
    my @cmd = ("$build/fuzz-$target", @common, @seed,
        @{ $options{$target} || [] },
        "-max_total_time=$seconds", "-artifact_prefix=$build/found/$target-");
    my $dictionary = "t/fuzz/$target.dict";
    push @cmd, "-dict=$dictionary" if -e $dictionary;
    File::Path::make_path("$build/corpus/$target");
    push @cmd, "$build/corpus/$target", grep { -d } "t/fuzz/seeds/$target";

    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$build/log/$target" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT;
        exec @cmd or POSIX::_exit(127);
    }
    $running{$pid} = $target;
    $began{$target} = time;
}

sub tell_of {
    my ($target) = @_;
    my $log = read_file("$build/log/$target");
    my ($inputs) = $log =~ /stat::number_of_executed_units:\s*(\d+)/;
    my ($rate) = $log =~ /stat::average_exec_per_sec:\s*(\d+)/;
    my ($covered) = $log =~ /.*\bcov: (\d+)/s;
    my ($took) = $log =~ /^Done \d+ runs in (\d+) second/m;
    my ($corpus) = $log =~ m{.*\bcorp: (\d+)/}s;
    my $findings = () = $log =~ /Test unit written to/g;
    write_file("$build/log/$target.row", join ' ', $target, map { $_ // 0 }
        $took // time - $began{$target}, $inputs, $corpus, $findings);

    ok $result{$target}{status} == 0 && ($inputs // 0) > 0,
        sprintf '%s: %s inputs, %s a second, %s places reached', $target,
        map { $_ // 'no' } $inputs, $rate, $covered and return;

    diag $_ for grep { defined && !/^#\d+\s+(?:NEW|REDUCE|pulse|INITED|RELOAD)\b/ }
        (split /\n/, $log)[-60 .. -1];
    my ($found) = $log =~ /Test unit written to (\S+)/ or return;
    diag "again: $build/fuzz-$target $found";
}

sub processors {
    my $n = () = read_file('/proc/cpuinfo') =~ /^processor\s*:/mg;
    return $n || 1;
}

sub write_file {
    my ($path, $line) = @_;
    open my $f, '>', $path or die "$path: $!\n";
    print $f "$line\n" or die "$path: $!\n";
    close $f or die "$path: $!\n";
}

sub read_file {
    my ($path) = @_;
    open my $f, '<:raw', $path or return '';
    local $/;
    return <$f>;
}
