package Votes;

# Votes through nginx, each answered after its commit, against the same function
# called for one vote at a time by pgbench. Both on a database that waits for its
# disk, as a real one does.

use strict;
use warnings;

use Bench;

my $MEMBERS = 20_000;

sub new {
    my ($class, $bench, $deals) = @_;
    my $self = bless { bench => $bench, deals => $deals }, $class;
    $self->members;
    $self->durable;
    return $self;
}

# Members with sessions, as a sign-in makes them.
sub members {
    my ($self) = @_;
    $self->{bench}{test}->sql(<<"SQL");
INSERT INTO users (user_id, name, password_hash, created_at)
SELECT i, 'member' || i, 'none', now() FROM generate_series(1, $MEMBERS) i;
INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
SELECT i, encode(sha256('012345678901234567890123'), 'hex'), now(),
       now() + interval '1 day', now() + interval '30 days'
  FROM generate_series(1, $MEMBERS) i;
ANALYZE users, sessions;
SQL
}

# Test databases do not wait for their disk; this one does from now on.
sub durable {
    my ($self) = @_;
    my $t = $self->{bench}{test};
    my $file = $t->dir . '/postgresql/postgresql.conf';
    open my $fh, '>>', $file or die "$file: $!\n";
    print {$fh} map { "$_ = on\n" } qw(fsync full_page_writes
                                       synchronous_commit);
    print {$fh} "max_wal_size = 2GB\n";
    close $fh or die "$file: $!\n";
    $t->signal('HUP', 'postgres');
    $t->wait_until(sub {
        $t->sql("SELECT current_setting('synchronous_commit')") eq 'on'
    }) or die "PostgreSQL did not read its settings\n";
}

# Votes on the first `deals` deals, through nginx.
sub http {
    my ($self, $clients, $deals) = @_;
    my $b = $self->{bench};
    my $t = $b->{test};
    return $b->measured(sub {
        return Bench::wrk_result($t->command(['wrk', '-t', 1, '-c', $clients,
            '-d', "$b->{seconds}s", '--latency', '-s',
            $t->root . '/t/bench/vote.lua', $t->url, '--', $deals, $MEMBERS]));
    });
}

# The same, one by one, by pgbench. It takes no arrays as variables, so they are
# made of single ones.
sub pgbench {
    my ($self, $clients, $deals, $seconds) = @_;
    my $b = $self->{bench};
    my $t = $b->{test};
    my @as = ('ARRAY[:deal]::int8[]', 'ARRAY[:member]::int8[]',
              'ARRAY[:value]::int2[]', 'ARRAY[clock_timestamp()]');
    my $sql = $b->statement('vote') =~ s/\$(\d)/$as[$1 - 1]/gr;
    my $file = $t->dir . '/vote.sql';
    open my $fh, '>', $file or die "$file: $!\n";
    print {$fh} "\\set deal random(1, $deals)\n",
        "\\set member random(1, $MEMBERS)\n",
        "\\set value random(-1, 1)\n", "$sql;\n";
    close $fh or die "$file: $!\n";
    return $b->measured(sub {
        return Bench::pgbench_result($t->command(['pgbench', '-n', '-M',
            'prepared', '-c', $clients, '-j', $clients > 1 ? 2 : 1, '-T',
            $seconds // $b->{seconds}, '-f', $file, $t->database]));
    });
}

# The number of pgbench's clients that does best.
sub best {
    my ($self, $deals) = @_;
    my ($best, $rate) = (1, 0);
    for my $clients (1, 4, 8, 16, 32) {
        my $r = $self->pgbench($clients, $deals, 2);
        ($best, $rate) = ($clients, $r->{rate}) if $r->{rate} > $rate;
    }
    print STDERR "pgbench on $deals deals: $best clients do best\n";
    return $best;
}

sub pair {
    my ($self, $name, $clients, $deals, $reference) = @_;
    return $self->{bench}->pair($name,
        "pgbench one by one, $reference client" . ($reference > 1 ? 's' : ''),
        sub { $self->http($clients, $deals) },
        sub { $self->pgbench($reference, $deals) });
}

sub rows {
    my ($self) = @_;
    my $all = $self->{deals};
    return (
        $self->pair('votes, spread, 256 clients', 256, $all,
                    $self->best($all)),
        $self->pair('votes on one deal, 256 clients', 256, 1, 32),
        $self->pair('votes on one deal, 256 clients', 256, 1, $self->best(1)),
        $self->pair('votes, one client alone', 1, $all, 1));
}

# Every counter is what the votes say.
sub check {
    my ($self) = @_;
    my $r = $self->{bench}{test}->deals('verify');
    $r->{code} == 0 or die "deals verify:\n$r->{out}$r->{err}";
}

1;
