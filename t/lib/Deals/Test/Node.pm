package Deals::Test::Node;

=head1 NAME

Deals::Test::Node - another nginx beside that of a test, on the same servers

=head1 SYNOPSIS

    my $two = Deals::Test::Node->new($t, $conf =~ s/%%PORT%%/%%PORT:two%%/r);
    $t->client(port => $t->port('two'));
    $two->quit;                     # else it ends with the test

What C<$conf> calls by the same names as the first one's belongs to both, but for
its pid and its logs: C<$two-E<gt>log> is its error log.

=cut

use strict;
use warnings;

use Deals::Servers;
use Deals::Test;

my %running;
END { kill 'TERM', keys %running if %running }

sub new {
    my ($class, $t, $template) = @_;
    my $dir = $t->dir;
    my $conf = $t->fill($template);
    $conf =~ s{(pid|error_log|access_log) "[^"]*/(\w+\.\w+)"}{$1 "$dir/two.$2"}g;
    Deals::Test::write_file("$dir/two.conf", $conf);
    my $r = $t->command([Deals::Servers::nginx_binary(), '-p', "$dir/", '-c',
        "$dir/two.conf", '-e', "$dir/two.log"], env => { $t->sanitizer_env });
    die "no second node: $r->{err}\n" if $r->{code};
    my $pid;
    $t->wait_until(sub {
        ($pid) = Deals::Test::read_file("$dir/two.nginx.pid") =~ /(\d+)/;
    }) or die "no pid\n";
    $running{$pid} = 1;
    return bless { t => $t, pid => $pid }, $class;
}

sub log { return Deals::Test::read_file($_[0]{t}->dir . '/two.error.log') }

# True once it is gone.
sub quit {
    my ($self) = @_;
    delete $running{ $self->{pid} };
    kill 'QUIT', $self->{pid};
    return $self->{t}->wait_until(sub { !kill 0, $self->{pid} });
}

1;
