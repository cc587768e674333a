package Deals::Test::Lock;

=head1 NAME

Deals::Test::Lock - a transaction of somebody else, which others wait for

=head1 SYNOPSIS

    my $lock = Deals::Test::Lock->new($t, 'deals');
    ...                         # ask for deals: they wait
    $t->wait_until(sub { $lock->waiting });
    $lock->free;                # and are answered

    my $tx = Deals::Test::Lock->transaction($t, "UPDATE users SET ...");

=head1 DESCRIPTION

new returns when the table is locked, because the session that locks it has said
so: no time is measured from a start. C<free> returns when it is free again;
C<free_after($seconds)> returns at once and leaves it to the server. waiting: how
many wait for the table. An object that goes away frees its table.

transaction: any statements, done when it returns and committed by free; waiting:
how many wait for whatever it is. holds_up($client, @request) asks, frees when that
waits, and returns whether it did, and the response.

=cut

use strict;
use warnings;

use IO::Handle;
use IPC::Open2 ();

sub new {
    my ($class, $t, $table) = @_;
    return $class->begin("LOCK TABLE $table IN ACCESS EXCLUSIVE MODE",
        t => $t, table => $table);
}

sub transaction {
    my ($class, $t, $sql) = @_;
    return $class->begin($sql, t => $t);
}

sub begin {
    my ($class, $sql, %o) = @_;
    my $t = $o{t};
    my $self = bless { %o, owner => $$ }, $class;
    {
        local @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
        local $ENV{PGOPTIONS} = '-c client_min_messages=error';
        $self->{pid} = IPC::Open2::open2($self->{out}, $self->{in}, 'psql',
            '-XAtq', '-v', 'ON_ERROR_STOP=1', $t->database_admin);
    }
    $self->{in}->autoflush(1);
    $self->say("BEGIN; $sql;");
    $self->said($sql);
    return $self;
}

sub say {
    my ($self, $sql) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{in} } "$sql\n";
}

# Returns when all that was said is done.
sub said {
    my ($self, $what) = @_;
    $self->say('\\echo done');
    my $line;
    do {
        $line = readline($self->{out}) // die "psql could not $what\n";
    } until $line eq "done\n";
}

sub waiting {
    my ($self) = @_;
    return $self->{t}->sql('SELECT count(*) FROM pg_locks WHERE NOT granted'
        . ($self->{table} ? " AND relation = '$self->{table}'::regclass" : ''));
}

sub holds_up {
    my ($self, $client, @request) = @_;
    my $answer = $client->begin(@request);
    my $waits = $self->{t}->wait_until(sub { $self->waiting });
    $self->free;
    return ($waits, $answer->());
}

sub free {
    my ($self) = @_;
    return if !$self->{pid};
    if (!$self->{leaving}) {
        $self->say('COMMIT;');
        $self->said('commit');
    }
    $self->leave;
}

sub free_after {
    my ($self, $seconds) = @_;
    $self->say("SELECT FROM pg_sleep($seconds); COMMIT;");
    $self->{leaving} = 1;
}

# psql ends with its input.
sub leave {
    my ($self) = @_;
    close $self->{in};
    close $self->{out};
    local ($?, $!);
    waitpid delete $self->{pid}, 0;
}

sub DESTROY {
    my ($self) = @_;
    $self->leave if $self->{pid} && $self->{owner} == $$;
}

1;
