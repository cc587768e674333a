package Bench::Site;

# A community that is measured: its data, an nginx before them, and what the
# checks and the rows need to know of it.

use strict;
use warnings;

use File::Path ();
use Time::HiRes ();

# Every member's token: their number, and this secret.
my $SECRET = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';

# Pages from the cache, pages without it, and nginx' own answers.
my $CONF = <<'CONF';
%%GLOBALS%%
worker_processes 1;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
    %%HTTP%%
    access_log off;
    include /etc/nginx/mime.types;
    deals_cache zone=pages:64m;
    deals_rate_limit signin=off signup=off post=off comment=off vote=off;
    open_file_cache max=100;
    sendfile on;
    keepalive_requests 10000000;
    server {
        listen 127.0.0.1:%%PORT%% backlog=4096;
        location / { deals; }
        location /file/ { root %%DIR%%; }
        location /zip/ { root %%DIR%%; gzip_static on; }
        location = /200 { return 200; }
    }
    server {
        listen 127.0.0.1:%%PORT:uncached%% backlog=4096;
        location / { deals; deals_cache off; }
    }
}
CONF

# test: a Deals::Test with the data.
sub new {
    my ($class, $t) = @_;
    my $self = bless { test => $t }, $class;
    for my $dir (qw(file zip)) {
        File::Path::make_path($t->dir . "/$dir");
    }
    $t->nginx($CONF);
    $t->wait_until(sub { $self->get('/')->status == 200 })
        or die 'the site does not answer: ' . $self->get('/')->status . "\n";
    return $self;
}

sub test { $_[0]{test} }
sub sql  { my $self = shift; return $self->{test}->sql(@_) }

# Options: port (`uncached`), member (their number: with their cookie), headers.
sub get {
    my ($self, $path, %o) = @_;
    my @headers = %{ $o{headers} || {} };
    push @headers, Cookie => 'deals=' . $self->token($o{member}) if $o{member};
    return $self->{test}->get($path, headers => \@headers) if !$o{port};
    return $self->{test}->client(port => $self->{test}->port($o{port}))
        ->get($path, headers => \@headers);
}

sub token { return "$_[1].$SECRET" }

# --- what there is to ask for -------------------------------------------------

# The ids of the hot page, best first.
sub hot {
    my ($self) = @_;
    return @{ $self->{hot} //= [$self->sql(<<'SQL')] };
SELECT deal_id FROM deal_stats
 WHERE live AND (expires_at IS NULL OR expires_at > now())
   AND (starts_at IS NULL OR starts_at <= now())
 ORDER BY hot DESC, deal_id DESC LIMIT 25
SQL
}

# The address of the newest deal with a hundred comments, and its id.
sub talk {
    my ($self) = @_;
    $self->{talk} //= $self->sql(<<'SQL') // die "no deal has 100 comments\n";
SELECT deal_id FROM deal_stats
 WHERE live AND comment_count = 100 AND starts_at IS NULL
 ORDER BY created_at DESC LIMIT 1
SQL
    my $r = $self->get("/deals/$self->{talk}");
    $self->{talk_path} //= $r->header('Location') =~ s{^https?://[^/]+}{}r;
    return wantarray ? @$self{qw(talk_path talk)} : $self->{talk_path};
}

# Members with the most votes on the hot page: at least one each.
sub voters {
    my ($self, $limit) = @_;
    my $ids = join ',', $self->hot;
    return $self->sql(<<"SQL");
SELECT user_id FROM votes WHERE deal_id IN ($ids) AND value <> 0
 GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT $limit
SQL
}

# So many of the members vote and write under load: however large a community, not
# more are there at a time.
sub active {
    return $_[0]{active}
        //= $_[0]->sql('SELECT least(max(user_id), 20000) FROM users');
}

# That many live deals are there, with the ids from 1.
sub deals {
    return $_[0]{deals}
        //= $_[0]->sql('SELECT max(deal_id) FROM deals WHERE live');
}

# The address of a page far down a list: by `next`, as people come there.
sub page {
    my ($self, $path, $n, $port) = @_;
    my $url = $path;
    for (2 .. $n) {
        my $next = $self->get($url, port => $port)->json->{next}
            // die "$path has no page $n\n";
        $url = $path . ($path =~ /\?/ ? '&' : '?') . "cursor=$next";
    }
    return $url;
}

# --- references -----------------------------------------------------------------

# The bytes of an answer as a file of nginx' own. Gzip's: as file.gz of a file.
sub keep {
    my ($self, $bytes, $name) = @_;
    my $file = $self->{test}->dir . "/$name";
    open my $fh, '>', $file or die "$file: $!\n";
    binmode $fh;
    print {$fh} $bytes;
    close $fh or die "$file: $!\n";
    return "/$name";
}

# Runs code and returns the statements that PostgreSQL executed meanwhile, from
# its log: [{ sql, params => [...] }], an undefined parameter for NULL.
sub statements {
    my ($self, $code) = @_;
    my $t = $self->{test};
    my $log = $t->dir . '/postgresql.log';
    $self->logging('all');
    my $from = -s $log;
    $code->();
    $self->logging('none');
    my $text = substr Deals::Test::read_file($log), $from;
    my @found;
    for my $entry (split /\n(?!\t)/, $text) {
        if ($entry =~ /\bLOG:  execute [^:]+: (.*)/s) {
            push @found, { sql => $1, params => [] };
        } elsif (@found && $entry =~ /\bDETAIL:  parameters: (.*)/s) {
            my $list = $1;
            while ($list =~ /\$\d+ = (?:NULL|'((?:[^']|'')*)')/g) {
                push @{ $found[-1]{params} }, defined $1 ? $1 =~ s/''/'/gr
                                                         : undef;
            }
        }
    }
    return @found;
}

sub logging {
    my ($self, $what) = @_;
    my $t = $self->{test};
    my $file = $t->{servers}{data} . '/postgresql.conf';
    my $text = Deals::Test::read_file($file);
    $text =~ s/^log_statement.*\n//gm;
    Deals::Test::write_file($file, "${text}log_statement = '$what'\n");
    $t->signal('HUP', 'postgres');
    $t->wait_until(sub { $t->sql('SHOW log_statement') eq $what })
        or die "PostgreSQL does not read its settings\n";
    Time::HiRes::sleep(0.2);        # the other connections too
}

1;
