package Deals::Test::Storm;

=head1 NAME

Deals::Test::Storm - members who vote, comment and post, and remember each
answer

=head1 SYNOPSIS

    my $storm = Deals::Test::Storm->new($t, members => \@clients,
        deals => \@ids);
    $storm->begin;
    ...                         # disasters
    $storm->end;                # all have the answer to their last request
    is_deeply [$storm->wrong], [], 'what was acknowledged is there, and once';

Each member is a process with one kept connection. Who gets no answer or one of
500 and more asks again: for votes the same vote, for what is made with the
same Idempotency-Key, until there is an answer. Every fourth thing is made without
a key and never asked for again: it must not be there twice either.

C<deadline>: seconds after which no answer is one too late (default 5);
C<patience>: seconds for which a member asks again (default 30).

=cut

use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Table;

my $serial = 0;

sub new {
    my ($class, $t, %o) = @_;
    return bless { t => $t, deadline => 5, patience => 30, asked => 0, again => 0,
                   acknowledged => 0, lost => 0, twice => 0, known => [], late => [], odd => [], %o },
        $class;
}

sub begin {
    my ($self) = @_;
    $self->{stop} = $self->{t}->dir . '/storm.stop';
    unlink $self->{stop};
    $self->{pids} = [];
    $self->{still} = Deals::Test::Standstill->new;
    $serial++;
    for my $n (0 .. $#{ $self->{members} }) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            my $said = eval { $self->member($n) } // { odd => ["died: $@"] };
            open my $f, '>', $self->file($n) or POSIX::_exit(1);
            print {$f} JSON::PP::encode_json($said);
            close $f;
            POSIX::_exit(0);
        }
        push @{ $self->{pids} }, $pid;
    }
    return $self;
}

# Waits for the members' last answers, and takes down what they know.
sub end {
    my ($self) = @_;
    open my $f, '>', $self->{stop} or die "$self->{stop}: $!\n";
    close $f;
    waitpid $_, 0 for @{ $self->{pids} };
    for my $n (0 .. $#{ $self->{members} }) {
        open my $in, '<', $self->file($n) or die "member $n left nothing\n";
        local $/;
        my $said = JSON::PP::decode_json(<$in>);
        unlink $self->file($n);
        $self->{$_} += $said->{$_} // 0 for qw(asked again acknowledged);
        push @{ $self->{$_} }, @{ $said->{$_} || [] } for qw(known odd);
        push @{ $self->{late} }, map { $_->[2] } grep {
            $self->{still}->without(@$_[0, 1]) > $self->{deadline}
        } @{ $said->{late} || [] };
        $self->{vote}{$n}{$_} = $said->{vote}{$_}
            for keys %{ $said->{vote} || {} };
    }
    delete $self->{still};
    return $self;
}

sub file { return "$_[0]{t}{dir}/storm.$_[1]" }

sub member {
    my ($self, $n) = @_;
    my $who = Deals::Test::Steady->new(like => $self->{members}[$n],
        timeout => $self->{deadline} + 2);
    my $said = { asked => 0, again => 0, acknowledged => 0, known => [],
                 vote => {}, late => [], odd => [] };
    srand($$ ^ $serial);
    my $i = 0;
    until (-e $self->{stop}) {
        my $word = join '-', 'storm', $$, $serial, $n, $i++;
        my $id = $self->{deals}[rand @{ $self->{deals} }];
        my $kind = (qw(vote vote comment deal))[rand 4];
        if ($kind eq 'vote') {
            my $value = int(rand 3) - 1;
            my $r = $self->ask($who, $said, 1, 'PUT', "/api/v1/deals/$id/vote",
                json => { value => $value }) or next;
            $said->{vote}{$id} = $value;
            push @{ $said->{odd} }, "$word: " . $r->body
                if $r->status != 200 || $r->json->{my_vote} != $value;
            next;
        }
        my $key = int rand 4;
        my @what = $kind eq 'deal' ? ('/api/v1/deals', json => { title => $word })
            : ("/api/v1/deals/$id/comments", json => { body => $word });
        my $r = $self->ask($who, $said, $key, 'POST', @what,
            headers => { 'Idempotency-Key' => $key ? $word : undef }) or next;
        if ($r->status != 201) {
            push @{ $said->{odd} }, "$word: " . $r->status . ' ' . $r->body;
            next;
        }
        push @{ $said->{known} }, [$kind, $r->json->{id}, $word];
    }
    return $said;
}

# The answer; undef: there was none, and nobody asked again.
sub ask {
    my ($self, $who, $said, $again, @request) = @_;
    my $until = time + $self->{patience};
    while (1) {
        $said->{asked}++;
        my $r = $who->request(@request);
        push @{ $said->{late} }, [@$who{qw(began took)},
            "$request[1]: $who->{took} s, " . $r->status]
            if $who->{took} > $self->{deadline};
        if ($r->status != 0 && $r->status < 500) {
            $said->{acknowledged}++;
            return $r;
        }
        push @{ $said->{odd} }, "$request[1]: " . $r->status . ' ' . $r->body
            if $r->status != 0 && $r->status != 503;
        push @{ $said->{odd} }, "$request[1]: 503 without Retry-After"
            if $r->status == 503 && !$r->header('Retry-After');
        return if !$again;
        if (time > $until) {
            push @{ $said->{odd} }, "$request[1]: never answered, last "
                . $r->status . " $who->{why}";
            return;
        }
        $said->{again}++;
        sleep 0.05;
    }
}

=head2 wrong

What is not as it was acknowledged, a line each: what is missing, what is there
twice, and votes that are others than the last that was acknowledged. How many are
lost and twice is added up in C<lost> and C<twice>.

=cut

sub wrong {
    my ($self) = @_;
    my $t = $self->{t};
    my (%deal, %comment, %vote, @wrong);
    for ($t->sql("SELECT title, deal_id FROM deals WHERE title ~ '^storm-'")) {
        my ($word, $id) = split /\|/;
        push @{ $deal{$word} }, $id;
    }
    for ($t->sql("SELECT body, comment_id FROM comments WHERE body ~ '^storm-'")) {
        my ($word, $id) = split /\|/;
        push @{ $comment{$word} }, $id;
    }
    $vote{ $_->[0] }{ $_->[1] } = $_->[2] for map { [split /\|/] }
        $t->sql('SELECT u.name, v.deal_id, v.value FROM votes v
                 JOIN users u USING (user_id)');
    for (@{ $self->{known} }) {
        my ($kind, $id, $word) = @$_;
        my $there = ($kind eq 'deal' ? \%deal : \%comment)->{$word} || [];
        next if grep { $_ == $id } @$there;
        push @wrong, "$kind $word was acknowledged as $id, there is: @$there";
        $self->{lost}++;
    }
    for my $there (\%deal, \%comment) {
        for my $word (grep { @{ $there->{$_} } > 1 } sort keys %$there) {
            push @wrong, "$word is there as @{ $there->{$word} }";
            $self->{twice}++;
        }
    }
    for my $n (sort keys %{ $self->{vote} }) {
        my $name = $self->{members}[$n]{member};
        for my $id (sort keys %{ $self->{vote}{$n} }) {
            my ($is, $was) = ($vote{$name}{$id} // 0, $self->{vote}{$n}{$id});
            next if $is == $was;
            push @wrong, "$name voted $was on $id, there is $is";
            $self->{lost}++;
        }
    }
    return splice @wrong, 0, 20;
}

=head2 requests, found

For the table of a long run: what was asked, and what C<wrong> has found.

=cut

sub requests {
    my ($self) = @_;
    my ($asked, $acknowledged, $again) = map {
        Deals::Test::Table->number($self->{$_}) } qw(asked acknowledged again);
    return "$asked requests, $acknowledged acknowledged, $again asked again";
}

sub found {
    my ($self) = @_;
    return sprintf 'lost %d, twice %d, other answers %d, late %d',
        $self->{lost}, $self->{twice}, map { scalar @{ $self->{$_} } } qw(odd late);
}

1;
