package Bench::Data;

# The data set: a community of a size, made by data.sql, in a PostgreSQL of its
# own that waits for its disk as a real one does. With a directory to keep it in
# it is made once; a second run finds it.

use strict;
use warnings;

use Cwd ();
use Fcntl qw(:flock);
use File::Basename ();
use File::Path ();
use List::Util qw(max min);

use Deals::Test;

my $HERE = File::Basename::dirname(Cwd::realpath(__FILE__)) . '/..';

# A deal with its votes, comments and indexes: the newest million, and the others.
my ($BYTES_NEW, $BYTES_OLD) = (5_500, 1_800);

my %SETTINGS = (
    jit => 'off', shared_buffers => "'512MB'", max_connections => 100,
    max_wal_size => "'4GB'", checkpoint_timeout => "'30min'",
);

# For the time while it is made: a crash then costs the work, nothing else.
my %LOADING = (
    fsync => 'off', synchronous_commit => 'off', wal_level => 'minimal',
    max_wal_senders => 0, autovacuum => 'off', full_page_writes => 'off',
    max_parallel_maintenance_workers => 2,
);

# A running PostgreSQL and Redis with so many deals, and whether they are new.
# keep: the directory for the data; undef: they go with the run.
sub open {
    my ($class, $deals, $keep) = @_;
    my ($data, $lock) = defined $keep ? place($keep, $deals) : ();
    enough_space($deals, $keep) if !defined $data || !-d $data;
    my $t = Deals::Test->new(settings => \%SETTINGS, data => $data,
                             tidy => 1);
    $t->{bench_lock} = $lock;
    return ($t, 0) if count($t);

    print STDERR "making $deals deals ...\n";
    $t->stop_postgresql;
    $t->start_postgresql(%LOADING);
    fill($t, $deals);
    $t->stop_postgresql;
    system('sync') == 0 or die "sync failed\n";
    $t->start_postgresql;
    return ($t, 1);
}

# Where the data of this size are kept, and a lock on them.
sub place {
    my ($keep, $deals) = @_;
    File::Path::make_path($keep);
    my $dir = Cwd::realpath($keep) // die "$keep: $!\n";
    CORE::open(my $lock, '>>', "$dir/$deals.lock") or die "$dir: $!\n";
    flock $lock, LOCK_EX | LOCK_NB
        or die "$dir/$deals is in use by another run.\n";
    return ("$dir/$deals", $lock);
}

sub enough_space {
    my ($deals, $keep) = @_;
    my $dir = $keep // $ENV{TMPDIR} // '/tmp';
    my @df = split ' ', (`df -Pk '$dir'`)[1] // '';
    my $free = ($df[3] // 0) * 1024;
    my $kept = min($deals, 1e6) * $BYTES_NEW + max($deals - 1e6, 0) * $BYTES_OLD;
    my $made = $kept * 1.4 + 5e9;           # and what is sorted, and the log
    die sprintf "%s has %.0f GB free; %d deals take %.0f GB, and %.0f GB while"
        . " they are made.\n", $dir, $free / 1e9, $deals, $kept / 1e9, $made / 1e9
        if $free < $made;
}

# Fills an empty database.
sub fill {
    my ($t, $deals) = @_;
    my $members = max(4_000, int $deals / 5);
    # A year is full, and there are no more than ten.
    my $spacing = min(320, int 10 * 365 * 86400 / $deals);
    my $sql = Deals::Test::read_file("$HERE/data.sql");
    length $sql or die "$HERE/data.sql is missing\n";
    $t->sql(join "\n", "\\set deals $deals", "\\set members $members",
        '\set active 1000', "\\set spacing $spacing", $sql);
}

# Are there deals?
sub count { $_[0]->sql('SELECT count(*) FROM (SELECT FROM deals LIMIT 1) d') }

# In words.
sub describe {
    my ($t) = @_;
    my %n = map { split /\|/ } $t->sql(<<'SQL');
SELECT relname, greatest(reltuples, 0)::int8 FROM pg_class
 WHERE relname IN ('deals', 'users', 'votes', 'comments') AND relkind = 'r'
UNION ALL
SELECT 'size', pg_database_size(current_database())
SQL
    return sprintf '%s deals, %s members, %s votes, %s comments, %.1f GB',
        (map { thousands($n{$_}) } qw(deals users votes comments)),
        $n{size} / 1e9;
}

sub thousands {
    my $n = reverse $_[0];
    $n =~ s/(\d{3})(?=\d)/$1,/g;
    return scalar reverse $n;
}

1;
