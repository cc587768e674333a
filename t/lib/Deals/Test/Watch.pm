package Deals::Test::Watch;

=head1 NAME

Deals::Test::Watch - asks again and again, and says how it was

=head1 SYNOPSIS

    my $watch = Deals::Test::Watch->new($t, other => { path => '/other/' },
        ann => { path => '/', like => $ann });
    ...                         # disasters
    my $seen = $watch->end;     # { other => { n, status, cache, slowest, ... } }

Each name is a process with one kept connection that asks about a hundred times
a second. Seen are: n, how many; status{CODE} and cache{X-Cache}, how many of
each (0: no answer); slowest and p99 in seconds; wrong: how many were not 200;
odd: the first few of those. Options: path, port, like (a client), json (then it
is a PUT), pause (seconds), timeout, and each (a function of the response that
returns what is odd about it). A judge is such a function, and decides alone
whether a response is wrong; it gets also what another, state, said before the
request and after it.

=cut

use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Deals::Test::Standstill;
use Deals::Test::Steady;

my $serial = 0;

sub new {
    my ($class, $t, %watched) = @_;
    my $self = bless { t => $t, owner => $$, pids => {},
                       still => Deals::Test::Standstill->new,
                       stop => $t->dir . '/watch.' . ++$serial }, $class;
    for my $name (sort keys %watched) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            my $seen = eval { $self->watch(%{ $watched{$name} }) }
                // { odd => ["died: $@"] };
            open my $f, '>', "$self->{stop}.$name" or POSIX::_exit(1);
            print {$f} JSON::PP::encode_json($seen);
            close $f;
            POSIX::_exit(0);
        }
        $self->{pids}{$name} = $pid;
    }
    return $self;
}

sub watch {
    my ($self, %o) = @_;
    my $c = Deals::Test::Steady->new(port => $o{port} // $self->{t}->port,
        again => 1, timeout => $o{timeout} // 10,
        $o{like} ? (like => $o{like}) : ());
    my $seen = { n => 0, status => {}, cache => {}, odd => [], wrong => 0,
                 took => [] };
    my $state = $o{state} // sub { };
    my $judge = $o{judge} // sub {
        return $_[0]->status == 200 ? $o{each} && $o{each}->($_[0])
                                    : $_[0]->status . " $c->{why}";
    };
    my $began = time;
    until (-e $self->{stop}) {
        my $before = $state->();
        my $r = $o{json} ? $c->put($o{path}, json => $o{json})
                         : $c->get($o{path});
        $seen->{n}++;
        $seen->{status}{ $r->status }++;
        $seen->{cache}{ $r->header('X-Cache') // '' }++;
        push @{ $seen->{took} }, [$c->{began}, $c->{took}];
        my $odd = $judge->($r, $before, $state->());
        $seen->{wrong}++ if $odd;
        push @{ $seen->{odd} }, sprintf 'after %.2f s, %.2f s: %s',
            time - $began, $c->{took}, $odd
            if $odd && @{ $seen->{odd} } < 5;
        sleep $o{pause} // 0.01;
    }
    return $seen;
}

sub end {
    my ($self) = @_;
    open my $f, '>', $self->{stop} or die "$self->{stop}: $!\n";
    close $f;
    my %seen;
    for my $name (sort keys %{ $self->{pids} }) {
        waitpid delete $self->{pids}{$name}, 0;
        open my $in, '<', "$self->{stop}.$name" or die "$name left nothing\n";
        local $/;
        my $s = $seen{$name} = JSON::PP::decode_json(<$in>);
        my @took = sort { $a <=> $b } map { $self->{still}->without(@$_) }
            @{ delete $s->{took} || [] };
        $s->{slowest} = $took[-1] // 0;
        $s->{p99} = $took[int 0.99 * $#took] // 0;
    }
    return \%seen;
}

# A test that dies leaves nobody asking.
sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    kill 'KILL', values %{ $self->{pids} };
    waitpid $_, 0 for values %{ $self->{pids} };
}

1;
