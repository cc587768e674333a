package Deals::Test::Standby;

=head1 NAME

Deals::Test::Standby - a second PostgreSQL that follows the first one

=head1 SYNOPSIS

    my $standby = Deals::Test::Standby->new($t);
    $standby->socket;           # it can be read there
    $standby->crash($t);        # the first one is gone from one moment to the next
    $standby->promote($t);      # it is the database of $t now

=head1 DESCRIPTION

A base backup of the database of $t that streams from it. What is committed there
from now on is committed when it is here too: the replication is synchronous. After
C<promote> all that asks C<$t> for its database (sql, deals) gets this one, and
another standby may follow it.

=cut

use strict;
use warnings;

use File::Path ();

my $serial = 0;

sub new {
    my ($class, $t) = @_;
    my $from = $t->database_servers;
    my $user = Deals::Servers::service_user();
    my $home = $t->dir . '/standby' . ++$serial;
    my $self = bless { from => $from, servers => Deals::Servers->new(
        home => $from->directory($home, $user, 0755)) }, $class;
    $t->also_stop($self->{servers});

    # The superuser, who has no password, and who may follow.
    $self->let_in;
    $self->{servers}->run(user => $user, cwd => $home,
        log => "$home/postgresql.log", cmd => [
            Deals::Servers::postgresql_bin() . '/pg_basebackup', '-R',
            '-D', $self->{servers}{data}, '-c', 'fast', '-X', 'stream',
            '-d', $self->superuser($from) . ' application_name=standby']);
    $self->{servers}->start_postgresql(log_connections => 'on');
    $self->follow($t);
    return $self;
}

sub superuser {
    my ($self, $servers) = @_;
    return "host=$servers->{sockets} port=5432 dbname=postgres user=postgres";
}

sub settle {
    my ($servers) = @_;
    kill 'HUP', $servers->main_process('postgres');
}

sub let_in {
    my ($self) = @_;
    my $file = "$self->{from}{data}/pg_hba.conf";
    my $rules = Deals::Test::read_file($file);
    return if $rules =~ /replication/;
    Deals::Test::write_file($file, "local all postgres trust\n"
        . "local replication postgres trust\n$rules");
    settle($self->{from});
}

# From when on a commit is one on both.
sub follow {
    my ($self, $t) = @_;
    Deals::Servers::append("$self->{from}{data}/postgresql.auto.conf", '>>',
        "synchronous_standby_names = 'standby'\n");
    settle($self->{from});
    $t->wait_until(sub { ($t->sql_as($self->superuser($self->{from}),
        "SELECT count(*) FROM pg_stat_replication
         WHERE state = 'streaming' AND sync_state = 'sync'"))[0] }, 60)
        or die "the standby does not follow\n";
}

sub socket { return "$_[0]{servers}{sockets}/.s.PGSQL.5432" }

# All processes at once, as when a machine is gone.
sub crash {
    my ($self, $t) = @_;
    kill 'KILL', map { $_->[0] } $self->{from}->processes('postgres');
    $self->{from}->stop('postgres');
}

# Nobody follows it, so it waits for nobody.
sub promote {
    my ($self, $t) = @_;
    Deals::Servers::append("$self->{servers}{data}/postgresql.auto.conf", '>>',
        "synchronous_standby_names = ''\n");
    settle($self->{servers});
    $t->sql_as($self->superuser($self->{servers}), 'SELECT pg_promote()');
    File::Path::remove_tree($self->{from}{data});
    $t->database_servers($self->{servers});
}

# How often somebody connected.
sub connections {
    my ($self) = @_;
    return scalar(() = Deals::Test::read_file(
        "$self->{servers}{home}/postgresql.log") =~ /connection received/g);
}

1;
