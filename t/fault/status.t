#!/usr/bin/perl

# deals_status while things fail: in a storm, with a database that goes, hangs
# and comes, a Redis that freezes, workers that are killed and reloads. It
# answers at once in each format, shows what happens while it happens, and what
# it has counted is what clients saw.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Prometheus;
use Deals::Test::Proxy;
use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Watch;

my ($TIMEOUT, $QUEUE) = (1.5, 5);
my $still = Deals::Test::Standstill->new;

my $t = Deals::Test->new;
my $proxy = Deals::Test::Proxy->new(port => $t->port('proxy'),
    to => $t->dir . '/sockets/.s.PGSQL.5432');
$t->nginx(<<"CONF");
%%GLOBALS%%
worker_processes 2;
worker_shutdown_timeout 10s;
events { worker_connections 512; }
http {
    %%BASE%%
    deals_database "host=127.0.0.1 port=%%PORT:proxy%% dbname=deals user=deals password=worker-secret sslmode=disable";
    deals_redis %%REDIS%%;
    deals_cache zone=pages:4m;
    deals_pool_size 1;
    deals_queue_size $QUEUE;
    deals_query_timeout ${\($TIMEOUT * 1000)}ms;
    deals_connect_timeout ${\($TIMEOUT * 1000)}ms;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 100000;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location = /deals_status { deals_status; }
    }
}
CONF

my $ann = $t->member('ann');
my @deals = map { $ann->post('/api/v1/deals', json => { title => "Deal $_" })
    ->json->{id} } 1 .. 4;

# --- who scrapes, all the time --------------------------------------------------

my %path = map { ($_ => "/deals_status?format=$_") } qw(text json prometheus);
my $last;

# What is odd about a report; what only grows must not be less than before.
sub looks_odd {
    my ($format, $body) = @_;
    if ($format eq 'json') {
        return eval { @{ JSON::PP::decode_json($body)->{sites} } == 1 }
            ? undef : "not JSON: $@";
    }
    return $body =~ /\Adeals .*^worker /ms ? undef : 'not a report'
        if $format eq 'text';
    my $m = Deals::Test::Prometheus->parse($body);
    my @bad = $m->mistakes;
    my $now = $m->counters;
    push @bad, map { "$_ was $last->{$_}, is " . ($now->{$_} // 'gone') }
        grep { !defined $now->{$_} || $now->{$_} < $last->{$_} }
        sort keys %{ $last || {} };
    $last = $now;
    return @bad ? join '; ', @bad[0 .. ($#bad < 2 ? $#bad : 2)] : undef;
}

my $scraper = Deals::Test::Watch->new($t, map { my $format = $_;
    ($format => { path => $path{$format}, pause => 0.02,
                  each => sub { looks_odd($format, $_[0]->body) } })
    } keys %path);

# --- and who asks, and counts -----------------------------------------------------

my $serial = 0;
my $crowd;

# So many at once, each with a connection; end() returns how many answers of
# each status there were.
sub crowd {
    my ($n) = @_;
    my $stop = $t->dir . '/crowd.' . ++$serial;
    my @pids;
    for my $i (1 .. $n) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            srand $$;
            my $c = Deals::Test::Steady->new(like => $ann, timeout => 10);
            my (%seen, @late);
            until (-e $stop) {
                my $id = $deals[rand @deals];
                my $r = $i % 4 == 0
                    ? $c->put("/api/v1/deals/$id/vote", json => { value => 1 })
                    : $c->get("/api/v1/users/nobody$i-" . int rand 1e9);
                $seen{ $r->status }++;
                push @late, "@$c{qw(began took)}\n"
                    if $c->{took} > $TIMEOUT + 1;
                sleep 0.01;
            }
            open my $f, '>', "$stop.$i" or POSIX::_exit(1);
            print {$f} map({ "$_ $seen{$_}\n" } keys %seen), @late;
            close $f;
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    return { stop => $stop, pids => \@pids };
}

sub end {
    my ($who) = @_;
    open my $f, '>', $who->{stop} or die "$who->{stop}: $!\n";
    close $f;
    waitpid $_, 0 for @{ delete $who->{pids} };
    my %seen;
    for my $file (glob "$who->{stop}.*") {
        open my $in, '<', $file or die "$file: $!\n";
        while (my $line = <$in>) {
            $seen{$1} += $2 if $line =~ /^(\d+) (\d+)$/;
            $seen{late}++ if $line =~ /^(\d+\.\S+) (\S+)$/
                && $still->without($1, $2) > $TIMEOUT + 1;
        }
    }
    return \%seen;
}

sub site { return $t->get($path{json})->json->{sites}[0] }
sub all  { return site()->{all} }
sub each_worker {
    return map { $_->{database} } grep { $_->{database}{since} }
        @{ site()->{workers} };
}

# How counters moved, by how clients call it.
sub moved {
    my ($before, $after) = @_;
    my %n = map { ($_ => $after->{requests}{$_} - $before->{requests}{$_}) }
        keys %{ $after->{requests} };
    return { 200 => $n{ok}, 404 => $n{'not-found'},
             503 => $n{unavailable} + $n{timeout} };
}

sub states {
    my ($from) = @_;
    my %by;
    for (split /\n/, substr $t->log, $from) {
        $by{"$1 $2"}++ if /\d+#(\d+): .*?deals: (database: (?:not )?available)/;
    }
    return %by;
}

# --- one after the other ------------------------------------------------------------

sub disaster {
    my ($what, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $ann->get('/users/ann') for 1 .. 8;
    $t->wait_until(sub { !all()->{in_flight} });
    my ($before, $logged) = (all(), length $t->log);
    my $who = crowd(60);
    sleep 0.3;
    $o{begin}->();
    ok $t->wait_until($o{shows}), "$what: it shows";
    my $max = 0;
    my $until = time + ($o{seconds} // 2);
    while (time < $until) {
        for my $w (@{ site()->{workers} }) {
            $max = $w->{waiting} if $w->{waiting} > $max;
        }
        sleep 0.02;
    }
    # What was on its way when a connection was lost waits again, beside others.
    cmp_ok $max, '<=', 2 * $QUEUE, "  no more wait than may: $max";
    $o{end}->();
    ok $t->wait_until(sub { !grep { $_->{breaker} ne 'closed' || !$_->{up} }
        each_worker() }), '  and that it is over';
    my $seen = end($who);
    my $late = delete $seen->{late};
    is $late, undef, '  no answer came late';
    my $said = join ', ', map { "$_ x $seen->{$_}" } sort keys %$seen;
    my $counted = {};
    ok $t->wait_until(sub {
        $counted = moved($before, all());
        !grep { ($seen->{$_} // 0) != $counted->{$_} } keys %$counted;
    }), "  what clients saw is what was counted: $said"
        or diag explain $counted;
    is_deeply [grep { !/^(?:200|404|503)$/ } keys %$seen], [],
        '  no other answer';
    my %states;
    ok $t->wait_until(sub { %states = states($logged);
        keys %states == ($o{said} // keys %states) }),
        '  the log says it: ' . keys %states;
    is_deeply [grep { $states{$_} > 1 } sort keys %states], [],
        '  each worker says once what became of the database';
    my $lines = () = substr($t->log, $logged) =~ /\[(?:warn|error|crit)\]/g;
    cmp_ok $lines, '<', 30, "  $lines lines for $seen->{503} refusals"
        if $seen->{503};
    return $seen;
}

my $timeouts = all()->{timeouts};
my $refused = all()->{refused};
my $seen = disaster('PostgreSQL goes', said => 4,
    begin => sub { $t->stop_postgresql },
    shows => sub { my @w = each_worker();
        @w == 2 && !grep { $_->{up} || $_->{breaker} ne 'open' } @w },
    end   => sub { $t->start_postgresql });
cmp_ok $seen->{503}, '>', 50, '  many were refused';
cmp_ok all()->{refused} - $refused, '>', 50, '  which is counted too';
my $reconnects = all()->{reconnects};
cmp_ok $reconnects, '>=', 2, '  connections were made anew';

$timeouts = all()->{timeouts};
$refused = all()->{refused};
disaster('PostgreSQL hangs', seconds => 3,
    begin => sub { $proxy->mode('hole') },
    shows => sub { my $all = all(); $all->{in_flight} > 0
        && $all->{timeouts} > $timeouts },
    end   => sub { $proxy->mode('reset'); $proxy->mode('pass') });
cmp_ok all()->{timeouts}, '>', $timeouts,
    '  deadlines passed, which is counted';
cmp_ok all()->{refused}, '>', $refused, '  queues were full, which is counted';

disaster('Redis freezes',
    begin => sub { $t->signal('STOP', 'redis-server') },
    shows => sub { my $n = grep { $_->{redis}{up} } @{ site()->{workers} };
        $n == 0 },
    end   => sub { $t->signal('CONT', 'redis-server') });
ok $t->wait_until(sub { 2 == grep { $_->{redis}{up} } @{ site()->{workers} } }),
    '  and comes again';

# --- workers that go ---------------------------------------------------------------

my $who = crowd(8);
for my $round (1 .. 4) {
    my @old = $t->workers;
    if ($round % 2) {
        kill 'KILL', $old[rand @old];
        $t->allow(qr/worker process \d+ exited on signal 9/);
    } else {
        $proxy->mode('reset');
        $proxy->mode('pass');
        $t->reload;
    }
    my %old = map { $_ => 1 } @old;
    ok $t->wait_until(sub {
        my @w = eval { @{ $t->get($path{json})->json->{workers} } };
        @w == 2 && grep { !$old{ $_->{pid} } } @w;
    }), $round % 2 ? 'a worker is killed' : 'a reload';
}
end($who);

my $scraped = $scraper->end;
for my $format (sort keys %path) {
    my $s = $scraped->{$format};
    # Who was killed answers nobody.
    my @odd = grep { !/: 0 closed$/ } @{ $s->{odd} };
    is_deeply \@odd, [], "$format: $s->{n} reports, all of them good";
    cmp_ok $s->{slowest}, '<', 1, sprintf '  at once: p99 %.3f, slowest %.3f s',
        $s->{p99}, $s->{slowest};
    cmp_ok $s->{n}, '>', 50, '  all the time';
}
$t->finish;
