#!/usr/bin/perl

# PostgreSQL stopped, restarted, full, read-only, cutting connections, slow,
# silent, talking nonsense: pages that are kept go on for everybody, writes are
# refused in time, the rest of nginx notices nothing, and service is back at
# once when the database is.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Handle;
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Lock;
use Deals::Test::Proxy;
use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Table;
use Deals::Test::Watch;

my $TIMEOUT = 2;                # deals_query_timeout

my $t = Deals::Test->new;
my $proxy = Deals::Test::Proxy->new(port => $t->port('proxy'),
    to => $t->dir . '/sockets/.s.PGSQL.5432');
$t->nginx(<<"CONF");
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "host=127.0.0.1 port=%%PORT:proxy%% dbname=deals user=deals password=worker-secret sslmode=disable";
    deals_redis %%REDIS%%;
    deals_cache zone=pages:8m;
    deals_query_timeout ${TIMEOUT}s;
    deals_connect_timeout ${TIMEOUT}s;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 100000;
    add_header X-Cache \$deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /other/ { return 200 "other\\n"; }
    }
}
CONF

my ($ann, $bob) = map { $t->member($_) } qw(ann bob);
my @deals = map { $ann->post('/api/v1/deals', json => { title => "Deal $_" })
    ->json->{id} } 1 .. 5;
my $writer = Deals::Test::Steady->new(like => $bob, again => 1, timeout => 10);
my $stranger = Deals::Test::Steady->new(port => $t->port, timeout => 10);
my $votes = 0;
my $still = Deals::Test::Standstill->new;
my %total = map { $_ => 0 } qw(disasters pages failed stale refused resumed);

sub vote {
    my $id = $deals[$votes % @deals];
    return $writer->put("/api/v1/deals/$id/vote",
        json => { value => $votes++ % 2 ? 1 : -1 });
}

# Until a vote counts again, and a page that nobody has, in all workers: new
# connections come to one or the other. Seconds.
sub resumes {
    my $began = time;
    for my $ask (\&vote, sub { $stranger->get("/users/nobody$votes") },
                 (sub { $t->get('/users/nobody') }) x 8)
    {
        until ($ask->()->status =~ /^(?:200|404)$/) {
            return 99 if time - $began > 20;
            sleep 0.02;
        }
    }
    return $still->since($began);
}

# begin, end (default: the proxy is good again), seconds; settle: seconds until
# it is known; during: each time round; passes: writes may get through; hangs:
# answers may take as long as the deadline.

sub disaster {
    my ($what, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $from = time;
    my $logged = length $t->log;
    # Both workers know the members, and all pages are there.
    for my $who ($ann, $bob, $t) {
        $who->get('/') for 1 .. 8;
    }
    my $watch = Deals::Test::Watch->new($t,
        other     => { path => '/other/' },
        anonymous => { path => '/' },
        member    => { path => '/', like => $ann, each => sub {
            $_[0]->body =~ /\bann\b/ ? undef : 'not as ann' } },
    );
    sleep 0.3;
    $o{begin}->() if $o{begin};
    sleep $o{settle} // 0.1;
    my ($began, $slowest, %status, @bad) = (time, 0);
    do {
        $o{during}->() if $o{during};
        for my $ask (\&vote, sub { $writer->post('/api/v1/deals',
                         json => { title => 'Meanwhile' }) },
                     sub { $stranger->get("/users/nobody$votes") })
        {
            my $r = $ask->();
            for my $c (grep { defined $_->{took} } $writer, $stranger) {
                my $took = $still->without($c->{began}, delete $c->{took});
                $slowest = $took if $took > $slowest;
            }
            $status{ $r->status }++;
            my $retry = $r->header('Retry-After') // '';
            push @bad, 'status ' . $r->status . ' ' . substr $r->body, 0, 200
                if $r->status !~ /^(?:200|201|404|503)$/;
            push @bad, '503 without Retry-After'
                if $r->status == 503 && $retry !~ /^[1-9]\d*$/;
        }
        sleep 0.1;
    } while (time - $began < $o{seconds});
    my $end = time;
    ($o{end} || sub { $proxy->mode('pass') })->();
    # Without what asking takes by itself, just now.
    my ($resumed, $plain) = (resumes(), resumes());
    $resumed -= $plain if $plain < $resumed;
    my $seen = $watch->end;
    my $all = join ', ', map { "$_ x $status{$_}" } sort keys %status;

    is_deeply \@bad, [], "$what: answers in between: $all";
    ok $status{503}, '  writes are refused' if !$o{passes};
    my $limit = $o{hangs} ? $TIMEOUT + 1 : 1;
    cmp_ok $slowest, '<', $limit, "  within $limit s";
    cmp_ok $resumed, '<', 2, '  service is back at once';
    is_deeply $seen->{other}{odd}, [], '  others notice nothing';
    cmp_ok $seen->{other}{slowest}, '<', 1, '  at any time';
    is_deeply $seen->{anonymous}{odd}, [], '  pages that are kept go on';
    is_deeply $seen->{member}{odd}, [], '  for members too';
    cmp_ok $seen->{$_}{slowest}, '<', $TIMEOUT + 1, "  in time: $_"
        for qw(anonymous member);
    $total{disasters}++;
    $total{resumed} = $resumed if $resumed > $total{resumed};
    for my $s (values %$seen) {
        $total{pages} += $s->{n};
        $total{failed} += $s->{n} - ($s->{status}{200} // 0);
        $total{stale} += $s->{cache}{STALE} // 0;
    }
    $total{refused} += $status{503} // 0;
    my @words = grep { /\[(?:error|warn|crit)\]/ }
        split /\n/, substr $t->log, $logged;
    cmp_ok scalar @words, '<', 40, '  and the log says so, not each request';
    diag sprintf '%s: %.1f s, back after %.2f s, slowest %.2f; %s', $what,
        time - $from, $resumed, $slowest, join '; ', map {
            my $s = $seen->{$_};
            "$_ $s->{n} " . join(' ', map { "$_=$s->{cache}{$_}" }
                sort keys %{ $s->{cache} }) . sprintf ' %.2f %.2f',
                $s->{p99}, $s->{slowest} } sort keys %$seen
        if $ENV{TEST_VERBOSE};
    diag @words . ' lines, first ', join "\n", @words[0 .. ($#words < 4 ? $#words : 4)]
        if $ENV{TEST_VERBOSE};
}


# --- away --------------------------------------------------------------------

disaster('stopped', seconds => 9,
    begin  => sub { $t->stop_postgresql },
    settle => 1.2,                      # of these a second of patience
    end    => sub { $t->start_postgresql });

# Longer than workers keep a session without asking.
disaster('stopped for long', seconds => 15,
    begin  => sub { $t->stop_postgresql },
    settle => 1.2,
    end    => sub { $t->start_postgresql }) if $ENV{ROUNDS};

disaster('restarted', seconds => 0.1, passes => 1, settle => 0,
    begin => sub { $t->stop_postgresql; $t->start_postgresql });

disaster('refusing connections', seconds => 1,
    begin  => sub { $proxy->mode('refuse') },
    settle => 1.2,
    end    => sub { $proxy->mode('pass') });

# --- it is there, but --------------------------------------------------------

disaster('cutting connections', seconds => 1, passes => 1,
    during => sub { $t->sql_as($t->database, "SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity WHERE usename = 'deals'
        AND pid <> pg_backend_pid()") });

# A new primary is behind the same address; this one became a standby's like.
disaster('read-only', seconds => 1,
    begin => sub { read_only('on') },
    end   => sub { read_only('off') });

sub read_only {
    my ($on) = @_;
    $t->sql("SET default_transaction_read_only = off;
        ALTER DATABASE deals SET default_transaction_read_only = $on");
    all_anew();
}

# New connections for all.
sub all_anew {
    $proxy->mode('reset');
    $proxy->mode('pass');
}

# Who limits them to none needs a connection to lift that.
my $holder;
disaster('out of connections', seconds => 1, settle => 1.2,
    begin => sub {
        open $holder, '|-', 'psql', '-Xq', $t->database_admin or die "psql: $!\n";
        $holder->autoflush(1);
        print {$holder} "ALTER DATABASE deals CONNECTION LIMIT 0;\n";
        $t->wait_until(sub { !eval { $t->sql('SELECT 1') } });
        all_anew();
    },
    end => sub {
        print {$holder} "ALTER DATABASE deals CONNECTION LIMIT -1;\n";
        close $holder;
    });

# --- on the way --------------------------------------------------------------

disaster('a byte at a time', seconds => 1, passes => 1, hangs => 1,
    begin => sub { $proxy->mode('dribble', 0.2) });

disaster('far away', seconds => 1, passes => 1, hangs => 1,
    begin => sub { $proxy->mode('delay', 100) });

disaster('a cable is cut', seconds => 1, hangs => 1,
    begin => sub { $proxy->mode('hole') });

disaster('garbage', seconds => 1, passes => 1, hangs => 1,
    begin => sub { $proxy->mode('garbage') });

disaster('resets', seconds => 1, settle => 1.2,
    begin => sub { $proxy->mode('reset') });

disaster('cut off in the middle of an answer', seconds => 1, passes => 1,
    hangs => 1, begin => sub { $proxy->mode('cut', 700) });

disaster('half closed', seconds => 1, passes => 1, hangs => 1,
    begin => sub { $proxy->mode('half') });

# --- a deadline is a request's -----------------------------------------------

# The page of all members waits for one table, what is laid over it for another.
for my $path ('/new', "/deals/$deals[0]/deal-1") {
    # Each worker may have to find its way back first, also after it has made an
    # account.
    my $name;
    my $carol = $t->wait_until(sub {
        eval { $t->member($name = 'carol' . ++$votes) } });
    $t->get("/users/$name") for 1 .. 4;
    # Nobody has the page.
    $ann->post('/api/v1/deals', json => { title => 'One more' });
    $ann->patch("/api/v1/deals/$deals[0]", json => { title => 'Deal 1' });
    my ($votes, $deals) = map { Deals::Test::Lock->new($t, $_) } qw(votes deals);
    my $c = Deals::Test::Steady->new(like => $carol, timeout => 10);
    $deals->free_after($TIMEOUT - 0.5);
    my $r = $c->get($path);
    like $r->status, qr/^(?:200|503)$/, "$path waits twice: " . $r->status;
    cmp_ok $c->{took}, '>', $TIMEOUT - 1, '  it did wait';
    cmp_ok $still->without(@$c{qw(began took)}), '<', $TIMEOUT + 0.8,
        '  but no longer than its deadline';
    $_->free for $votes, $deals;
}

my $verify = $t->deals('verify')->{code};
is $verify, 0, 'all counters are right';
my %n = map { $_ => Deals::Test::Table->number($total{$_}) }
    qw(pages stale refused);
Deals::Test::Table->row("PostgreSQL away, slow or lying in $total{disasters} ways,"
    . ' once for 16 s', "$n{pages} pages ($n{stale} stale), $total{failed} failed;"
    . " $n{refused} changes refused", sprintf 'service after at most %.2f s; '
    . '`deals verify` %s', $total{resumed}, $verify == 0 ? 'clean' : 'not clean');
$t->finish;
