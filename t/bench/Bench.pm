package Bench;

# The parts of make bench: the data set, the two sides of a comparison, CPU time
# from /proc, medians, the table.

use strict;
use warnings;

use Time::HiRes ();

my $TICK = 100;     # clock ticks a second in /proc, on every Linux

sub new {
    my ($class, %o) = @_;
    return bless { %o }, $class;
}

sub median {
    my @v = sort { $a <=> $b } @_;
    return 0 if !@v;
    return @v % 2 ? $v[$#v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

# Believable sizes, made by the database itself: a tenth ended, scores of a long
# tail, titles of 20 to 110 characters.
sub fill {
    my ($self, $n) = @_;
    $self->{test}->sql(<<"SQL");
INSERT INTO deals (deal_id, author_name, title, url, description, html,
                   html_version, merchant_slug, merchant_name, price_amount,
                   price_currency, list_price_amount, list_price_currency, tags,
                   created_at, expires_at)
SELECT i, 'author ' || i % 1000,
       'Deal ' || i || ' ' || repeat('with a title ', 1 + i % 8),
       'https://shop' || i % 300 || '.example/offers/' || i,
       repeat('Some words about the offer. ', 1 + i % 40),
       repeat('<p>Some words about the offer.</p>', 1 + i % 40), 1,
       'shop-' || i % 300, 'Shop ' || i % 300, 100 + i % 90000, 'USD',
       200 + i % 90000 + i % 7000, 'USD',
       CASE WHEN i % 50 = i % 7 THEN ARRAY['tag-' || i % 7]
            ELSE ARRAY['tag-' || i % 50, 'tag-' || i % 7] END,
       now() - i * interval '97 seconds',
       CASE WHEN i % 10 = 0 THEN now() - i * interval '1 second'
            WHEN i % 10 = 1 THEN now() + i * interval '1 hour' END
  FROM generate_series(1, $n) i;
INSERT INTO deal_tags (deal_id, tag, created_at)
SELECT deal_id, unnest(tags), created_at FROM deals;
INSERT INTO deal_stats (deal_id, imported_up, imported_down, score, hot,
                        created_at, created_day, expires_at)
SELECT d.deal_id, v.up, v.down, v.up - v.down,
       deals_hot(v.up, v.down, d.created_at, 1134028003, 45000), d.created_at,
       deals_day(d.created_at), d.expires_at
  FROM deals d, LATERAL (SELECT (1000 / (1 + d.deal_id * 7919 % 997))::int up,
                                (100 / (1 + d.deal_id * 104729 % 991))::int down) v;
ANALYZE;
SQL
}

sub start {
    my ($self) = @_;
    my $t = $self->{test};
    $t->nginx(<<'CONF');
%%GLOBALS%%
worker_processes 1;
events { worker_connections 1024; }
http {
    %%HTTP%%
    deals_cache zone=pages:32m;
    access_log off;
    include /etc/nginx/mime.types;
    open_file_cache max=100;
    sendfile on;
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:%%PORT%%;
        deals_rate_limit vote=off;
        location / { deals; }
        location /file. { root %%DIR%%; }
    }
    server {
        listen 127.0.0.1:%%PORT:uncached%%;
        location / { deals; deals_cache off; }
    }
}
CONF
    $t->wait_until(sub { $t->get('/')->status == 200 })
        or die "the site does not answer: " . $t->get('/')->status . "\n";
    $self->keep('/', 'file.html');
    $self->keep('/api/v1/deals', 'file.json');
    $self->{sql} = $self->statement('feed_hot_26');
}

# The bytes of an answer as a static file.
sub keep {
    my ($self, $path, $name) = @_;
    my $file = $self->{test}->dir . "/$name";
    open my $fh, '>', $file or die "$file: $!\n";
    binmode $fh;
    print $fh $self->{test}->get($path)->body;
    close $fh or die "$file: $!\n";
}

# The SQL of a statement as the library prepares it.
sub statement {
    my ($self, $name) = @_;
    my $file = ($ENV{BUILD} // $self->{test}->root . '/build') . '/gen/stmts.c';
    open my $fh, '<', $file or die "$file: $!\n";
    local $/;
    my $text = <$fh>;
    $text =~ /"\Q$name\E",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/
        or die "$file: no statement $name\n";
    my $sql = join '', $1 =~ /"((?:[^"\\]|\\.)*)"/g;
    $sql =~ s/\\n/ /g;
    $sql =~ s/\\(["\\])/$1/g;
    return $sql;
}

# What is measured must be right: the feed is the SQL's, in its order.
sub check {
    my ($self) = @_;
    my $t = $self->{test};
    my @ids = map { $_->{id} } @{ $t->get('/api/v1/deals')->json->{deals} };
    my @want = $t->sql(<<'SQL');
SELECT deal_id FROM deal_stats
 WHERE live AND (expires_at IS NULL OR expires_at > now())
 ORDER BY hot DESC, deal_id DESC LIMIT 25
SQL
    "@ids" eq "@want" or die "the feed is wrong:\n@ids\nnot\n@want\n";
    my $page = $t->get('/')->body;
    my @shown = $page =~ /data-id="(\d+)"/g;
    my %seen;
    @shown = grep { !$seen{$_}++ } @shown;
    "@shown" eq "@want" or die "the page is wrong:\n@shown\nnot\n@want\n";
}

# CPU seconds so far of nginx' workers and of PostgreSQL's processes, those that
# ended and were waited for included.
sub cpu {
    my ($self) = @_;
    my $t = $self->{test};
    my %sum = (nginx => 0, postgres => 0);
    for my $name (keys %sum) {
        for my $process ($t->{servers}->processes($name)) {
            open my $fh, '<', "/proc/$process->[0]/stat" or next;
            my $stat = <$fh> // next;
            my @f = split ' ', $stat =~ s/.*\) //r;
            $sum{$name} += ($f[11] + $f[12]) / $TICK;
            $sum{$name} += ($f[13] + $f[14]) / $TICK if $name eq 'postgres';
        }
    }
    return \%sum;
}

# Runs a load; returns its rate and the CPU it cost per request (microseconds).
sub measured {
    my ($self, $load) = @_;
    my $before = $self->cpu;
    my $r = $load->();
    Time::HiRes::sleep(0.2);                # pgbench's backends have ended
    my $after = $self->cpu;
    for my $name (keys %$after) {
        $r->{$name} = $r->{count}
            ? ($after->{$name} - $before->{$name}) * 1e6 / $r->{count} : 0;
    }
    return $r;
}

# Options: port (its name), headers.
sub http {
    my ($self, $path, %o) = @_;
    my @headers = map { ('-H', "$_: $o{headers}{$_}") } keys %{ $o{headers} };
    my $url = $self->{test}->url($o{port}) . $path;
    return $self->measured(sub {
        return wrk_result($self->{test}->command(['wrk', '-t', 1, '-c', 32,
            '-d', "$self->{seconds}s", '--latency', @headers, $url]));
    });
}

sub wrk_result {
    my ($r) = @_;
    my ($count) = $r->{out} =~ /(\d+) requests in/;
    my ($rate) = $r->{out} =~ m{Requests/sec:\s+([\d.]+)};
    my %p = map { $_ => latency($r->{out}, $_) } 50, 99;
    die "wrk: $r->{out}$r->{err}\n" if !$count;
    die "errors under load:\n$r->{out}\n"
        if $r->{out} =~ /Non-2xx|Socket errors/;
    return { count => $count, rate => $rate, p50 => $p{50}, p99 => $p{99} };
}

# The same for what a client has already.
sub unchanged {
    my ($self, $path) = @_;
    my $t = $self->{test};
    my $tag = $t->get($path)->header('ETag');
    my %h = ('If-None-Match' => $tag);
    $t->get($path, headers => \%h)->status == 304 or die "$path: no 304\n";
    return $self->http($path, headers => \%h);
}

sub latency {
    my ($text, $percent) = @_;
    my ($n, $unit) = $text =~ /^\s+$percent%\s+([\d.]+)(us|ms|s)/m or return 0;
    return $n * { us => 0.001, ms => 1, s => 1000 }->{$unit};
}

sub pgbench {
    my ($self) = @_;
    my $t = $self->{test};
    my $file = $t->dir . '/feed.sql';
    my $now = $t->sql("SELECT now()");
    open my $fh, '>', $file or die "$file: $!\n";
    print $fh $self->{sql} =~ s/\$1\b/:now/gr, ";\n";
    close $fh;
    my @conninfo = $t->database =~ /(\w+)='?([^' ]+)'?/g;
    my %c = @conninfo;
    return $self->measured(sub {
        return pgbench_result($t->command(['pgbench', '-n', '-M', 'prepared',
            '-c', 8, '-j', 2, '-T', $self->{seconds}, '-D', "now='$now'", '-f',
            $file, $t->database], env => {}));
    });
}

sub pgbench_result {
    my ($r) = @_;
    my ($count) = $r->{out} =~ /actually processed: (\d+)/;
    my ($rate) = $r->{out} =~ /tps = ([\d.]+)/;
    my ($ms) = $r->{out} =~ /latency average = ([\d.]+)/;
    die "pgbench: $r->{out}$r->{err}\n" if !$count;
    return { count => $count, rate => $rate, p50 => $ms, p99 => 0 };
}

# Alternating rounds of both sides; the first of each warms up and is dropped.
sub pair {
    my ($self, $name, $reference, $a, $b) = @_;
    my (@a, @b);
    for my $round (0 .. $self->{rounds}) {
        print STDERR "$name: round $round of $self->{rounds}\n";
        my ($x, $y) = ($a->(), $b->());
        next if !$round;
        push @a, $x;
        push @b, $y;
    }
    return { name => $name, reference => $reference,
             a => summary(@a), b => summary(@b) };
}

sub summary {
    my (@runs) = @_;
    return { map { my $k = $_; $k => median(map { $_->{$k} } @runs) }
             qw(rate p50 p99 nginx postgres) };
}

sub table {
    my ($self, @rows) = @_;
    print "| measure | reference | requests/s: ratio | CPU a request: ratio | "
        . "requests/s | p50 / p99 ms | CPU us a request: nginx + PostgreSQL |\n";
    print "| --- | --- | --- | --- | --- | --- | --- |\n";
    for my $r (@rows) {
        my ($a, $b) = ($r->{a}, $r->{b});
        my $ca = $a->{nginx} + $a->{postgres};
        my $cb = $b->{nginx} + $b->{postgres};
        printf "| %s | %s | %.2f | %.2f | %.0f : %.0f | %.2f / %.2f | "
            . "%.0f + %.0f : %.0f + %.0f |\n", $r->{name}, $r->{reference},
            $a->{rate} / $b->{rate}, $cb ? $ca / $cb : 0, $a->{rate},
            $b->{rate}, $a->{p50}, $a->{p99}, $a->{nginx}, $a->{postgres},
            $b->{nginx}, $b->{postgres};
    }
}

1;
