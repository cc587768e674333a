package Deals::Test::Clock;

=head1 NAME

Deals::Test::Clock - nginx whose wall clock can be put forward and back

=head1 SYNOPSIS

    my $clock = Deals::Test::Clock->new($t);
    $clock->nginx($conf);       # in place of $t->nginx($conf)
    $clock->ahead(-3600);       # now it is an hour ago
    $clock->now;                # what nginx takes for the time

Only the time of day is moved, not the clocks that measure what has passed, as
when an operator sets the time of a running machine. PostgreSQL, Redis and the
test keep the true one. C<$clock-E<gt>env> is for other programs.

=cut

use strict;
use warnings;

sub new {
    my ($class, $t) = @_;
    my $self = bless { t => $t, file => $t->dir . '/clock',
                       library => $t->dir . '/clock.so' }, $class;
    my $made = $t->command([qw(gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra
        -Werror -fPIC -shared -o), $self->{library},
        $t->root . '/t/lib/clock.c']);
    $made->{code} == 0 or die "clock.c: $made->{err}";
    $self->ahead(0);
    chmod 0644, $self->{file};
    return $self;
}

# The file stays the same one: it is mapped.
sub ahead {
    my ($self, $seconds) = @_;
    $self->{ahead} = $seconds;
    open my $f, -e $self->{file} ? '+<' : '>', $self->{file}
        or die "$self->{file}: $!\n";
    syswrite($f, pack 'q', $seconds) == 8 or die "$self->{file}: $!\n";
    return $self;
}

sub now { return time + $_[0]{ahead} }

sub env {
    my ($self) = @_;
    my %env = $self->{t}->sanitizer_env;
    return (%env, CLOCK_FILE => $self->{file},
        LD_PRELOAD => join ' ', grep { defined } $env{LD_PRELOAD},
            $self->{library});
}

sub nginx {
    my ($self, $template) = @_;
    my $t = $self->{t};
    $t->{servers}->start_nginx($t->write_conf($template), $self->env);
    return $self;
}

1;
