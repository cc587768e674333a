package Bench::Votes;

# The rows of votes: through nginx, each answered after its commit, against the
# same function called for one vote at a time by pgbench. Each run is counted in
# the database afterwards.

use strict;
use warnings;

use Time::HiRes ();

sub new {
    my ($class, $site, $load) = @_;
    my $self = bless { site => $site, load => $load, start => 0 }, $class;
    my ($deals, $members) = ($site->deals, $site->active);
    $self->{script} = {
        spread => $self->one_by_one('votes', "random(1, $deals)", 1000),
        alone  => $self->one_by_one('votes_alone', "random(1, $deals)", 1),
        one    => $self->one_by_one('votes_on_one', 1, $members),
    };
    return $self;
}

# The statement of a vote that is alone, for pgbench. It has no arrays: where the
# statement wants one, it is made of a single value.
sub one_by_one {
    my ($self, $name, $deal, $members) = @_;
    my $site = $self->{site};
    my @ran = $site->statements(sub { $self->vote(1, 1, 1) });
    my ($vote) = grep { $_->{sql} =~ /\bdeals_vote\w*\(/ } @ran;
    my @as = ([':deal', 'int8'], [':member', 'int8'], [':value', 'int2'],
              ['clock_timestamp()', 'timestamptz']);
    $vote && @{ $vote->{params} } == @as
        or die "a vote is not the statement that this bench knows\n";
    my $sql = $vote->{sql} =~ s/\s+/ /gr;
    $sql =~ s{\$(\d)}{
        my ($value, $type) = @{ $as[$1 - 1] };
        $vote->{params}[$1 - 1] =~ /^\{/ ? "ARRAY[$value]::${type}[]"
                                         : "$value\::$type"
    }ge;
    my $file = $site->test->dir . "/$name.sql";
    Deals::Test::write_file($file, "\\set deal $deal\n"
        . "\\set member random(1, $members)\n\\set value random(-1, 1)\n$sql;\n");
    return [$file];
}

# One vote; dies if it is not counted.
sub vote {
    my ($self, $member, $deal, $value) = @_;
    my $r = $self->{site}->test->put("/api/v1/deals/$deal/vote",
        json => { value => $value },
        headers => { Authorization => 'Bearer ' . $self->{site}->token($member) });
    $r->status == 200 && $r->json->{my_vote} == $value
        or die 'a vote: ' . $r->status . ' ' . $r->body . "\n";
    return $r->json;
}

# Votes through nginx by so many clients and members, on so many deals from the
# first one on. No two are of one member on one deal, as long as there are pairs, so
# that each answered one is a row that is new.
sub http {
    my ($self, $clients, $members, $deals, $first) = @_;
    my ($site, $load) = @$self{qw(site load)};
    my $since = $site->sql('SELECT clock_timestamp()');
    my $r = $load->http('', clients => $clients,
        script => ['votes.lua', $first // 1, $deals, $members,
                   $self->{start}]);
    $self->{start} += $r->{count} + $clients;
    my $rows = $site->sql(
        "SELECT count(*) FROM votes WHERE voted_at >= '$since'");
    # Those of the last moment were counted, and their answers not read.
    my $most = $r->{count} + 2 * $clients;
    die "$r->{count} votes were answered, $rows are there\n"
        if $deals * $members > $most && ($rows < $r->{count} || $rows > $most);
    return $r;
}

sub pgbench {
    my ($self, $what, $clients) = @_;
    return $self->{load}->pgbench($self->{script}{$what}, $clients);
}

sub group {
    my ($self) = @_;
    my $all = $self->{site}->deals;
    my $best = $self->{load}->best($self->{script}{spread}, 4, 8, 16, 32);
    my $many = "pgbench one by one, best of 4 to 32 clients: $best";
    my @spread = (reference => 'pgbench', against => $many, by => 'rate',
                  must => '2.5', aim => '5');
    return {
        name => 'votes',
        loads => [
            # A client is a member; on one deal they take turns.
            ['256 clients', sub { $self->http(256, 1000, $all) }],
            ['1000 clients', sub { $self->http(1000, 1000, $all) }],
            ['pgbench', sub { $self->pgbench('spread', $best) }],
            ['one deal', sub { $self->http(256, $self->{site}->active, 1) }],
            ['pgbench, one deal', sub { $self->pgbench('one', 32) }],
            ['one client', sub { $self->http(1, 1, $all) }],
            ['pgbench, one client', sub { $self->pgbench('alone', 1) }],
        ],
        rows => [
            { name => 'votes spread over all deals, 256 clients', @spread,
              of => '256 clients' },
            { name => 'the same, 1,000 clients', @spread,
              of => '1000 clients' },
            { name => 'votes on one deal, 256 clients', of => 'one deal',
              reference => 'pgbench, one deal', by => 'rate', must => '20',
              aim => '40', against => 'pgbench one by one, 32 clients' },
            { name => 'votes of one client alone', of => 'one client',
              reference => 'pgbench, one client', by => 'p50', must => '1.5',
              aim => '1.2', against => 'pgbench -c 1' },
        ],
    };
}

1;
