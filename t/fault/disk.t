#!/usr/bin/perl

# A full disk: PostgreSQL's, that of nginx' logs and temporary files, and one
# for all. Pages that are kept go on, writes go through or are refused in time,
# nothing that was acknowledged is lost, and service is back by itself when
# there is space.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use Time::HiRes qw(time sleep);
use Deals::Test;
use Deals::Test::Disk;
use Deals::Test::Standstill;
use Deals::Test::Steady;
use Deals::Test::Storm;
use Deals::Test::Watch;

Deals::Test::Disk->needed;

# A commit is one when it is with the kernel: this is about disks that are full.
my %SETTINGS = (jit => 'off', fsync => 'off', synchronous_commit => 'on',
    shared_buffers => '16MB', max_connections => 40, wal_recycle => 'off',
    min_wal_size => '32MB', max_wal_size => '64MB');

my ($t, @members, @deals);
my $still = Deals::Test::Standstill->new;

sub start {
    $t->allow(qr/No space left on device|access\.log" was incomplete/);
    $t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 2;
events { worker_connections 512; }
http {
    %%HTTP%%
    access_log %%DIR%%/nginx/access.log;
    deals_cache zone=pages:8m;
    deals_query_timeout 3s;
    deals_body_size 64k;
    client_body_buffer_size 1k;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    keepalive_requests 100000;
    add_header X-Cache $deals_cache_status always;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { deals; }
        location /file/ { deals; client_body_in_file_only clean; }
        location /other/ { return 200 "other\n"; }
    }
}
CONF
    @members = map {
        my $who = $t->member("member$_");
        $who->{member} = "member$_";
        $who;
    } 1 .. 3;
    @deals = map { $members[0]->post('/api/v1/deals',
        json => { title => "Deal $_" })->json->{id} } 1 .. 5;
}

# Until all have what they need for a full disk: pages and sessions kept, each
# worker connected.
sub warm {
    my $ann = $members[0];
    for (1 .. 10) {
        $ann->get('/');
        $t->get('/');
        $ann->put("/api/v1/deals/$deals[0]/vote", json => { value => 1 });
    }
}

my $texts = 0;
sub text {
    my ($at) = @_;
    return Deals::Test::Steady->new(like => $members[2], timeout => 10)
        ->post(($at // '') . "/api/v1/deals/$deals[1]/comments",
            json => { body => ++$texts . ' ' . 'long text ' x 1900 });
}

# during: what must come to pass while it is full, at most in so many seconds.
sub disaster {
    my ($what, $disk, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    warm();
    my @workers = sort $t->workers;
    my $watch = Deals::Test::Watch->new($t,
        other     => { path => '/other/' },
        anonymous => { path => '/' },
        member    => { path => '/', like => $members[0], each => sub {
            $_[0]->body =~ /\bmember1\b/ ? undef : 'not as a member' } },
    );
    my $storm = Deals::Test::Storm->new($t, members => \@members,
        deals => \@deals);
    $storm->begin;
    sleep 0.3;
    $disk->fill;
    my $full = time;
    my ($seen, %status, @bad) = (0);
    until (time - $full > 60) {
        my $r = text();
        $status{ $r->status }++;
        push @bad, $r->status . ' ' . substr $r->body, 0, 200
            if $r->status !~ /^(?:201|503)$/;
        push @bad, '503 without Retry-After'
            if $r->status == 503 && !$r->header('Retry-After');
        $seen++ if $o{during}->($r);
        last if $seen >= 10;
    }
    sleep 0.5;
    $disk->free;
    # A server that ended for want of space is started again by its manager. What
    # it needs itself until it answers is not ours.
    my ($freed, $restarted) = (undef, 0);
    my $back = $t->wait_until(sub {
        if (!$t->{servers}->main_process('postgres')) {
            $t->start_postgresql;
            $freed = undef;
            $restarted = 1;
        }
        $freed //= time if eval { $t->sql('SELECT 1') };
        text()->status == 201;
    }, 20);
    my $took = $still->since($freed // time);
    $storm->end;
    my $saw = $watch->end;
    my $all = join ', ', map { "$_ x $status{$_}" } sort keys %status;

    ok $seen >= 10, "$what is full: $all";
    is_deeply \@bad, [], '  answers in between';
    ok $back, '  it is back when there is space';
    cmp_ok $took, '<', $o{back} // 2, sprintf '  at once: %.2f s%s', $took,
        $restarted ? ' after PostgreSQL was started' : '';
    is_deeply $saw->{$_}{odd}, [], "  goes on: $_"
        for qw(other anonymous member);
    is_deeply [$storm->wrong], [], '  what was acknowledged is there, once: '
        . $storm->{acknowledged};
    is_deeply $storm->{odd}, [], '  no other answers than these';
    is_deeply $storm->{late}, [], '  none came late';
    # A server that was started again may end connections once more.
    my $verify;
    $t->wait_until(sub { ($verify = $t->deals('verify'))->{code} != 3 }, 10);
    is $verify->{code}, 0, '  all counters are right' or diag
        "exit status $verify->{code}: $verify->{out}$verify->{err}";
    is_deeply [sort $t->workers], \@workers, '  no worker died';
    unlike $t->log, qr/exited on signal|exited with code [^0]/, '  in the log';
}

# --- PostgreSQL's ----------------------------------------------------------------

my $place = File::Temp::tempdir('deals-disk.XXXXXX', DIR => '/tmp',
    CLEANUP => 1);
chmod 0755, $place;
my $disk = Deals::Test::Disk->new("$place/data", '140m');
$t = Deals::Test->new(settings => \%SETTINGS, data => "$place/data/postgresql");
start();
disaster('the disk of PostgreSQL', $disk,
    during => sub { $_[0]->status == 503 });
like $t->log, qr/No space left on device/, '  which the log says';
my $lines = () = $t->log =~ /No space left on device/g;
cmp_ok $lines, '<', 60, "  not for each request: $lines lines";

# Where not even its log of changes fits, PostgreSQL stops, and starts when it
# can.
sub postgresql_said {
    open my $f, '<', $t->dir . '/postgresql.log' or return '';
    local $/;
    return scalar <$f>;
}
disaster('even for its log of changes, the disk of PostgreSQL', $disk,
    during => sub {
        eval { $t->sql(q{SELECT pg_logical_emit_message(false, 'x',
            repeat('x', 4000000))}) };
        postgresql_said() =~ /PANIC/ && $_[0]->status == 503 });

# --- that of nginx' temporary files and logs ---------------------------------------

my $nginx = $t->dir . '/nginx';
$t->stop_nginx;
my $small = Deals::Test::Disk->new($nginx, '1m');
start_again();
sub start_again {
    system("chown --reference=$place $nginx");
    $t->{servers}->start_nginx($t->dir . '/nginx.conf', $t->sanitizer_env);
}
my $written = -s "$nginx/access.log";
my %by_file;
disaster('the disk of nginx', $small, during => sub {
    $by_file{ text('/file')->status }++;
    $_[0]->status == 201 });
diag 'bodies in files: ', join ', ', map { "$_ x $by_file{$_}" }
    sort keys %by_file if $ENV{TEST_VERBOSE};
is text('/file')->status, 201, '  bodies go into files again';
$t->stop;
$small->remove;
$disk->remove;

# --- one for all -----------------------------------------------------------------

my $all = Deals::Test::Disk->new("$place/all", '260m');
{
    my $first = $t;
    local $ENV{TMPDIR} = "$place/all";
    $t = Deals::Test->new(settings => \%SETTINGS);
    start();
    disaster('one disk for all', $all, during => sub { $_[0]->status == 503 });
    is scalar($first->complaints), undef, 'nothing else alarming before';
}
$t->stop;
END { $all->remove if $all && $$ == $all->{owner} }
$t->finish;
