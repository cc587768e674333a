package Deals::Test::Certificates;

=head1 NAME

Deals::Test::Certificates - makes certificates for a test, with openssl(1)

=head1 SYNOPSIS

    my $certs = Deals::Test::Certificates->new($t);     # and its authority
    $certs->make('redis', names => ['DNS:localhost', 'IP:127.0.0.1']);
    $certs->file('redis.pem');      # redis.key, ca.pem
    $certs->redis('redis');         # Redis takes TLS on port redis-tls

=head1 DESCRIPTION

make($name, %options): C<names> of a server, none for a client's; C<days> that it
is good for (default 2; -1: it has expired); C<from>, another authority, which
C<authority($name)> makes. Keys belong to who runs the test; C<redis> makes a
copy that Redis can read.

redis($name, %options): the private Redis presents that certificate from now on,
until it is started again; C<ask =E<gt> 1>: it wants one of its clients', too;
other options go into its C<CONFIG SET>. Returns the port.

=cut

use strict;
use warnings;

use Deals::Servers;

my @KEY = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);

sub new {
    my ($class, $t) = @_;
    my $self = bless { t => $t, dir => $t->dir . '/certificates', n => 1 },
        $class;
    mkdir $self->{dir} or die "$self->{dir}: $!\n";
    chmod 0755, $self->{dir};
    $self->authority('ca');
    return $self;
}

sub file { return "$_[0]{dir}/$_[1]" }

sub openssl {
    my ($self, @args) = @_;
    my $r = $self->{t}->command(['openssl', @args]);
    $r->{code} == 0 or die "openssl @args: $r->{err}\n";
}

sub authority {
    my ($self, $name) = @_;
    $self->openssl('req', '-x509', @KEY, '-days', 2, '-subj',
        "/CN=authority $name", '-keyout', $self->file("$name.key"),
        '-out', $self->file("$name.pem"));
    return $self;
}

sub make {
    my ($self, $name, %o) = @_;
    my $from = $o{from} // 'ca';
    my %file = map { $_ => $self->file("$name.$_") } qw(key csr ext pem);
    Deals::Test::write_file($file{ext}, 'basicConstraints=CA:FALSE' . "\n"
        . ($o{names} ? 'subjectAltName=' . join(',', @{ $o{names} }) : '')
        . "\n");
    $self->openssl('req', @KEY, '-subj', "/CN=$name", '-keyout', $file{key},
        '-out', $file{csr});
    $self->openssl('x509', '-req', '-in', $file{csr},
        '-CA', $self->file("$from.pem"), '-CAkey', $self->file("$from.key"),
        '-set_serial', $self->{n}++, '-days', $o{days} // 2,
        '-extfile', $file{ext}, '-out', $file{pem});
    chmod 0600, $file{key};
    return $self;
}

sub redis {
    my ($self, $name, %o) = @_;
    my $user = Deals::Servers::service_user();
    my $port = $self->{t}->port('redis-tls');
    my $key = $self->file("$name.redis.key");
    Deals::Test::write_file($key, Deals::Test::read_file(
        $self->file("$name.key")));
    chmod 0600, $key;
    chown $user->[0], $user->[1], $key if $user;
    my $ask = delete $o{ask};
    my %set = ('tls-cert-file' => $self->file("$name.pem"),
        'tls-key-file' => $key, 'tls-ca-cert-file' => $self->file('ca.pem'),
        'tls-auth-clients' => $ask ? 'yes' : 'no', bind => '127.0.0.1', %o);
    $self->cli('CONFIG', 'SET', %set);
    $self->cli('CONFIG', 'SET', 'tls-port', $port);
    return $port;
}

# What Redis says on its socket.
sub cli {
    my ($self, @command) = @_;
    my $r = $self->{t}->command(['redis-cli', '-s',
        $self->{t}{servers}->redis_socket, @command]);
    $r->{code} == 0 && $r->{out} !~ /^(?:ERR|NOAUTH)/
        or die "redis-cli @command: $r->{out}$r->{err}\n";
    return $r->{out};
}

1;
