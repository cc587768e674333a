package Bench::Facts;

# The rows that are counted, not timed: what a thousand requests for the same
# missing page make PostgreSQL do, and how much a browser loads.

use strict;
use warnings;

use IO::Socket::INET;

use Deals::Test;

# --- a thousand misses ---------------------------------------------------------------

# Asks a thousand times at once for what is not in the cache, while a lock keeps the
# first answer back; counts what was executed on deals.
sub misses {
    my ($site, $n) = @_;
    my $t = $site->test;
    my $path = '/api/v1/deals?sort=new&limit=17';
    my %body;
    my @ran = $site->statements(sub {
        my $free = lock_deals($t);
        my @sockets = map { ask($t, $path) } 1 .. $n;
        $t->wait_until(sub { waiting($t) });
        select undef, undef, undef, 0.3;
        $free->();
        for my $s (@sockets) {
            local $/;
            my ($head, $body) = split /\r\n\r\n/, <$s> // '', 2;
            my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
            $body{ ($status // 'none') . ($body // '') }++;
        }
    });
    my $ran = grep { $_->{sql} =~ /FROM deals\b/ && $_->{sql} !~ /pg_locks/ } @ran;
    my ($answer) = keys %body;
    die "a thousand at once got different answers\n"
        if keys %body != 1 || $answer !~ /^200\{/;
    return { name => "$n concurrent misses of one key",
             against => 'statements that read the list', target => '1 (1)',
             text => $ran, met => $ran == 1 ? 'yes, the aim too' : '**no**' };
}

sub ask {
    my ($t, $path) = @_;
    my $s = $t->connect;
    print {$s} "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    $s->flush;
    return $s;
}

sub lock_deals {
    my ($t) = @_;
    my $pid = open my $psql, '|-', 'psql', '-XAtq', '-o', '/dev/null',
        $t->database_admin or die "psql: $!\n";
    $psql->autoflush(1);
    print {$psql} "BEGIN; LOCK TABLE deals IN ACCESS EXCLUSIVE MODE;\n";
    $t->wait_until(sub { $t->sql("SELECT count(*) FROM pg_locks
        WHERE mode = 'AccessExclusiveLock' AND granted
        AND relation = 'deals'::regclass") }) or die "no lock on deals\n";
    return sub { print {$psql} "COMMIT;\n"; close $psql };
}

sub waiting {
    return $_[0]->sql("SELECT count(*) FROM pg_locks WHERE NOT granted
        AND relation = 'deals'::regclass");
}

# --- the whole page ---------------------------------------------------------------------

# Everything that a browser loads for the hot page, as it comes over the line.
sub weight {
    my ($site) = @_;
    my %zip = (headers => { 'Accept-Encoding' => 'gzip' });
    my @ahead = ('/');
    my (%size, %seen);
    while (defined(my $path = shift @ahead)) {
        next if $seen{$path}++;
        my $r = $site->get($path, %zip);
        $r->status == 200 or die "$path: " . $r->status . "\n";
        $size{$path} = length $r->body;
        my $text = $site->get($path)->body;
        push @ahead, map { absolute($path, $_) }
            $path eq '/' ? $text =~ /<(?:link\srel="(?:stylesheet|icon)"
                [^>]*\shref|script[^>]*\ssrc|img[^>]*\ssrc)="([^"]+)"/gx
            : $path =~ /\.css$/ ? $text =~ /url\(["']?([^)"']+)/g : ();
    }
    my $bytes = 0;
    $bytes += $_ for values %size;
    my $n = keys %size;
    return { name => 'whole hot page: page, stylesheet, script, icons',
             against => 'compressed bytes / requests',
             target => '<= 40 KB / <= 4 (30 KB)',
             text => sprintf('%.1f KB / %d', $bytes / 1000, $n),
             met => $n > 4 || $bytes > 40_000 ? '**no**'
                  : $bytes > 30_000 ? 'yes' : 'yes, the aim too' };
}

sub absolute {
    my ($base, $path) = @_;
    $path =~ s/#.*//;
    return $path if $path =~ m{^/};
    return $base =~ s{[^/]*$}{}r . $path;
}

1;
