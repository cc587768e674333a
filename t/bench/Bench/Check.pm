package Bench::Check;

# What is measured must be right: each address of the bench answers what plain
# SQL says, the same from the cache and without it, in every representation and
# for every viewer. Used before measuring, and by t/http/bench.t.

use strict;
use warnings;

use IO::Uncompress::Gunzip ();
use List::Util qw(min);

# is: called with what came, what should, and what is checked. depth: how many
# pages of the hot list are followed.
sub new {
    my ($class, $site, %o) = @_;
    return bless { site => $site, depth => 400, %o }, $class;
}

sub is { my $self = shift; return $self->{is}->(@_) }

sub all {
    my ($self) = @_;
    $self->lists;
    $self->representations($_) for '/', '/api/v1/deals',
        scalar $self->{site}->talk;
    $self->talk;
    $self->members;
    $self->pages;
    $self->references;
}

# --- lists -------------------------------------------------------------------------

# Path of the API, path of the page, and what belongs in the list, in SQL that
# knows nothing of indexes.
sub wanted {
    my ($self) = @_;
    my $site = $self->{site};
    my $now = 'live AND (starts_at IS NULL OR starts_at <= now())';
    my $active = "$now AND (expires_at IS NULL OR expires_at > now())";
    my ($tag) = $site->sql('SELECT min(tag) FROM deal_tags');
    my ($shop) = $site->sql('SELECT min(merchant_slug) FROM deals');
    return (
        ['/api/v1/deals', '/', $active, 'hot'],
        ['/api/v1/deals?sort=new', '/new', $active, 'created_at'],
        ['/api/v1/deals?sort=top&window=all', '/top?window=all', $now, 'score'],
        map({ ["/api/v1/deals?sort=top&window=$_", "/top?window=$_",
               "$now AND created_at >= now() - interval '"
               . { day => 1, week => 7, month => 30, year => 365 }->{$_}
               . " days'", 'score'] } qw(day week month year)),
        [undef, "/tags/$tag", "live AND '$tag' = ANY (tags)", 'created_at'],
        [undef, "/merchants/$shop", "live AND merchant_slug = '$shop'",
         'created_at'],
        [undef, '/users/member7', 'live AND user_id = 7', 'created_at'],
    );
}

sub lists {
    my ($self) = @_;
    my $site = $self->{site};
    for my $list ($self->wanted) {
        my ($api, $page, $where, $order) = @$list;
        my @want = $site->sql(<<"SQL");
SELECT deal_id, score, up + imported_up, down + imported_down, comment_count
  FROM deals
  JOIN (SELECT deal_id, score, hot, up, down, imported_up, imported_down,
               comment_count FROM deal_stats) s USING (deal_id)
 WHERE $where ORDER BY $order DESC, deal_id DESC LIMIT 25
SQL
        my $ids = join ' ', map { /^(\d+)/ } @want;
        for my $port (undef, 'uncached') {
            my $where = $port // 'cached';
            $self->is(ids($site->get($page, port => $port)->body), $ids,
                "$page, $where: the deals in their order");
            next if !defined $api;
            my @got = map { join '|', @$_{qw(id score up down comment_count)} }
                      @{ $site->get($api, port => $port)->json->{deals} };
            $self->is("@got", "@want", "$api, $where: with their counters");
        }
    }
}

# The ids of what a page shows, in its order.
sub ids {
    my ($html) = @_;
    my %seen;
    return join ' ', grep { !$seen{$_}++ } $html =~ /<article[^>]*data-id="(\d+)"/g;
}

# --- representations ------------------------------------------------------------------

# Bytes, tag, 304 and gzip of an address from the cache.
sub representations {
    my ($self, $path) = @_;
    my $site = $self->{site};
    my ($plain, $zip, $again, $bytes, @tagged);
    # A page that grows a minute older between them is no other page.
    for (1 .. 3) {
        $plain = $site->get($path);
        $zip = $site->get($path, headers => { 'Accept-Encoding' => 'gzip' });
        @tagged = map { $self->tagged($path, $_) } $plain, $zip;
        $again = $site->get($path);
        last if $plain->body eq $again->body;
    }
    IO::Uncompress::Gunzip::gunzip(\$zip->body, \$bytes);
    $self->is($zip->header('Content-Encoding'), 'gzip', "$path: gzip");
    $self->is($bytes, $plain->body, "$path: unpacked it is the same");
    $self->is($again->body, $plain->body, "$path: and comes again");
    for my $r (@tagged) {
        $self->is($r->[0], '304', "$path: 304 by its tag");
        $self->is($r->[1], 200, "$path: 200 for another tag");
    }
}

# What is answered to who has this already, and to who has another: status and, of
# the first, bytes.
sub tagged {
    my ($self, $path, $r) = @_;
    my %h = $r->header('Content-Encoding') ? ('Accept-Encoding' => 'gzip') : ();
    my ($same, $other) = map {
        $self->{site}->get($path, headers => { %h, 'If-None-Match' => $_ })
    } $r->header('ETag'), '"another"';
    return [$same->status . $same->body, $other->status];
}

# --- a deal's page ----------------------------------------------------------------------

# A hundred comments: roots by rank, replies below what they answer.
sub talk {
    my ($self) = @_;
    my $site = $self->{site};
    my ($path, $id) = $site->talk;
    my %below;
    for my $row ($site->sql(<<"SQL")) {
SELECT comment_id, coalesce(parent_id, 0) FROM comments WHERE deal_id = $id
 ORDER BY wilson DESC, comment_id DESC
SQL
        my ($comment, $parent) = split /\|/, $row;
        push @{ $below{$parent} }, $comment;
    }
    my $tree;
    $tree = sub { map { ($_, $tree->($_)) } @{ $below{ $_[0] } || [] } };
    my $want = join ' ', $id, $tree->(0);
    for my $port (undef, 'uncached') {
        $self->is(ids($site->get($path, port => $port)->body), $want,
            "$path, " . ($port // 'cached') . ': its hundred comments');
    }
}

# --- members ------------------------------------------------------------------------------

# What a member voted on the hot page is what its buttons say; nobody else's.
sub members {
    my ($self) = @_;
    my $site = $self->{site};
    my @hot = $site->hot;
    my $list = join ',', @hot;
    my %page;
    for my $member ($site->voters(5)) {
        my %voted = map { split /\|/ } $site->sql("SELECT deal_id, value"
            . " FROM votes WHERE user_id = $member AND deal_id IN ($list)");
        my $want = join ' ', map { $voted{$_} // 0 } @hot;
        for (1 .. 2) {
            my $body = $site->get('/', member => $member)->body;
            $self->is(join(' ', map { pressed($body, $_) } @hot), $want,
                "/ of member $member: own votes");
            $self->is($body =~ /Signed in as <b>(\w+)/ ? $1 : '',
                "member$member", '  and name');
            $page{$body =~ s/(datetime="[^"]*">)[^<]*/$1/gr}++;
        }
        my $json = $site->get('/api/v1/deals', member => $member)->json;
        $self->is(join(' ', map { $_->{my_vote} } @{ $json->{deals} }), $want,
            '  the feed says so too');
    }
    $self->is(scalar keys %page, 5, 'each member has a page of their own');
    $self->is($site->get('/')->body =~ /aria-pressed|Signed in/ ? 1 : 0, 0,
        'and who is not signed in none of theirs');
}

sub pressed {
    my ($body, $id) = @_;
    my ($card) = $body =~ m{data-id="$id">(.*?)</article>}s or return 'none';
    my @on = $card =~ /class="(up|down)"[^>]*aria-pressed="true"/g;
    return @on ? join ' ', map { $_ eq 'up' ? 1 : -1 } @on : 0;
}

# --- paging ---------------------------------------------------------------------------------

# All pages down to the depth together are the list, without a repeat or a gap.
sub pages {
    my ($self) = @_;
    my $site = $self->{site};
    my (@got, $n, $next);
    for ($n = 0; $n < $self->{depth}; $n++) {
        my $json = $site->get('/api/v1/deals'
            . (defined $next ? "?cursor=$next" : ''))->json;
        push @got, map { $_->{id} } @{ $json->{deals} };
        $next = $json->{next} // last;
    }
    my $limit = @got;
    my @want = $site->sql(<<"SQL");
SELECT deal_id FROM deal_stats
 WHERE live AND (expires_at IS NULL OR expires_at > now())
   AND (starts_at IS NULL OR starts_at <= now())
 ORDER BY hot DESC, deal_id DESC LIMIT $limit
SQL
    my $same = min(grep { $_ == @got || $got[$_] != $want[$_] } 0 .. @got);
    $self->is($same, scalar @want, "$n pages of the hot list, $limit deals");
}

# --- the references ----------------------------------------------------------------------------

# What stands against our pages has the same bytes.
sub references {
    my ($self) = @_;
    my $site = $self->{site};
    my $page = $site->get('/');
    my $zip = $site->get('/', headers => { 'Accept-Encoding' => 'gzip' });
    my $file = $site->keep($page->body, 'file/check.html');
    $site->keep($zip->body, 'zip/check.html.gz');
    my $other = $site->get($file);
    $self->is($other->body, $page->body, 'the static file is the page');
    $self->is($site->get($file, headers =>
        { 'If-None-Match' => $other->header('ETag') })->status, 304,
        '  and has its 304');
    my $packed = $site->get('/zip/check.html',
        headers => { 'Accept-Encoding' => 'gzip' });
    $self->is($packed->body, $zip->body, 'so is the packed one');
    $self->is($packed->header('Content-Encoding'), 'gzip', '  sent as gzip');
}

1;
