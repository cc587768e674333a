package Deals::Test::Lock;

=head1 NAME

Deals::Test::Lock - a table that nobody gets at

=head1 SYNOPSIS

    my $lock = Deals::Test::Lock->new($t, 'deals');
    ...                         # ask for deals: they wait
    $t->wait_until(sub { $lock->waiting });
    $lock->free;                # and are answered

=head1 DESCRIPTION

new returns when the table is locked, because the session that locks it has said
so: no time is measured from a start. C<free> returns when it is free again;
C<free_after($seconds)> returns at once and leaves it to the server. waiting: how
many wait for the table. An object that goes away frees its table.

=cut

use strict;
use warnings;

use IO::Handle;
use IPC::Open2 ();

sub new {
    my ($class, $t, $table) = @_;
    my $self = bless { t => $t, table => $table, owner => $$ }, $class;
    {
        local @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
        local $ENV{PGOPTIONS} = '-c client_min_messages=error';
        $self->{pid} = IPC::Open2::open2($self->{out}, $self->{in}, 'psql',
            '-XAtq', '-v', 'ON_ERROR_STOP=1', $t->database_admin);
    }
    $self->{in}->autoflush(1);
    $self->say("BEGIN; LOCK TABLE $table IN ACCESS EXCLUSIVE MODE;");
    $self->said("lock $table");
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
    my $line = readline $self->{out};
    defined $line or die "psql could not $what\n";
}

sub waiting {
    my ($self) = @_;
    return $self->{t}->sql("SELECT count(*) FROM pg_locks WHERE NOT granted
        AND relation = '$self->{table}'::regclass");
}

sub free {
    my ($self) = @_;
    return if !$self->{pid};
    if (!$self->{leaving}) {
        $self->say('COMMIT;');
        $self->said("free $self->{table}");
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
