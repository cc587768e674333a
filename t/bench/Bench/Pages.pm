package Bench::Pages;

# The rows of what is read: pages and feeds from the cache against files of
# nginx' own; without it against PostgreSQL alone with the same statements.

use strict;
use warnings;

my %GZIP = ('Accept-Encoding' => 'gzip');

# The bytes of an answer as a file; how it is asked for.
sub copy {
    my ($site, $path, $file, %o) = @_;
    return $site->keep($site->get($path, %o)->body, $file);
}

sub unchanged {
    my ($site, $path) = @_;
    return { 'If-None-Match' => $site->get($path)->header('ETag') };
}

# --- from the cache -------------------------------------------------------------

sub cached {
    my ($site, $load) = @_;
    my $html = copy($site, '/', 'file/hot.html');
    my $json = copy($site, '/api/v1/deals', 'file/feed.json');
    copy($site, '/', 'zip/hot.html.gz', headers => \%GZIP);
    my $http = sub {
        my @how = @_;
        return sub { $load->http(@how) };
    };
    # The tag may change with the page: it is asked for each time.
    my $again = sub {
        my ($path) = @_;
        return sub { $load->http($path, headers => unchanged($site, $path)) };
    };
    return {
        name => 'cached',
        loads => [
            ['hot page', $http->('/')],
            ['file of it', $http->($html)],
            ['hot page, gzip', $http->('/', headers => \%GZIP)],
            ['gzip_static', $http->('/zip/hot.html', headers => \%GZIP)],
            ['hot page, 304', $again->('/')],
            ['file, 304', $again->($html)],
            ['feed', $http->('/api/v1/deals')],
            ['file of the feed', $http->($json)],
            ['return 200', $http->('/200')],
        ],
        rows => [
            { name => 'hot page from the cache', of => 'hot page',
              reference => 'file of it', against => 'static file, same bytes',
              by => 'cpu', must => '1.10', aim => '1.0' },
            { name => 'the same, gzip', of => 'hot page, gzip',
              reference => 'gzip_static', against => 'gzip_static, same bytes',
              by => 'cpu', must => '1.10', aim => '1.0' },
            { name => 'feed (JSON) from the cache', of => 'feed',
              reference => 'file of the feed',
              against => 'static file, same bytes', by => 'cpu',
              must => '1.10', aim => '1.0' },
            { name => 'hot page, 304', of => 'hot page, 304',
              reference => 'file, 304', against => "nginx' 304 of the file",
              by => 'cpu', must => '1.15', aim => '1.0' },
            { name => 'static file', of => 'file of it',
              reference => 'return 200', against => '`return 200`',
              by => 'cpu' },
        ],
    };
}

# Signed in: many members in turn, each with votes on the page.
sub signed_in {
    my ($site, $load) = @_;
    my @members = $site->voters(500);
    my $file = copy($site, '/', 'file/member.html', member => $members[0]);
    my $cookies = $site->test->dir . '/cookies';
    Deals::Test::write_file($cookies, join '',
        map { 'deals=' . $site->token($_) . "\n" } @members);
    my @script = (script => ['members.lua', $cookies]);
    $load->http('/', @script);              # warm
    return {
        name => 'signed in',
        loads => [
            ['hot page', sub { $load->http('/', @script) }],
            ['file of it', sub { $load->http($file, @script) }],
        ],
        rows => [
            { name => 'hot page of ' . @members . ' members, own votes, warm',
              of => 'hot page', reference => 'file of it',
              against => 'static file, same bytes and cookies', by => 'rate',
              must => '0.5', aim => '0.7' },
            { name => 'the same', of => 'hot page', reference => 'file of it',
              against => 'static file, same bytes and cookies', by => 'cpu' },
        ],
    };
}

# --- without it ------------------------------------------------------------------

# What an address makes PostgreSQL do, for pgbench.
sub same_sql {
    my ($site, $load, $name, $path) = @_;
    my @ran = $site->statements(
        sub { $site->get($path, port => 'uncached') });
    @ran or die "$path ran no statement\n";
    return ($load->script($name, @ran), scalar @ran);
}

sub uncached {
    my ($site, $load) = @_;
    my $path = '/api/v1/deals';
    my ($feed) = same_sql($site, $load, 'feed', $path);
    my $http = sub {
        my ($url) = @_;
        return sub { $load->http($url, port => 'uncached') };
    };
    return {
        name => 'uncached',
        loads => [
            ['feed', $http->($path)],
            ['pgbench', sub { $load->pgbench($feed, 8) }],
            ['page 20', $http->($site->page($path, 20, 'uncached'))],
            ['page 400', $http->($site->page($path, 400, 'uncached'))],
        ],
        rows => [
            { name => 'hot feed (JSON), uncached', of => 'feed',
              reference => 'pgbench', by => 'cpu', must => '1.5', aim => '1.2',
              against => 'PostgreSQL alone: pgbench -c 8, same SQL' },
            { name => 'page 20 of it, from a snapshot', of => 'page 20',
              reference => 'feed', against => 'page 1', by => 'cpu' },
            { name => 'page 400 of it', of => 'page 400', reference => 'feed',
              against => 'page 1', by => 'cpu', must => '1.2', aim => '1.0' },
        ],
    };
}

sub talk {
    my ($site, $load) = @_;
    my $path = $site->talk;
    my $file = copy($site, $path, 'file/deal.html');
    my ($sql, $count) = same_sql($site, $load, 'deal', $path);
    my $clients = $load->best($sql, 2, 8, 16);
    return {
        name => 'a deal with 100 comments',
        loads => [
            ['cached', sub { $load->http($path) }],
            ['file of it', sub { $load->http($file) }],
            ['uncached', sub { $load->http($path, port => 'uncached') }],
            ['pgbench', sub { $load->pgbench($sql, $clients) }],
        ],
        rows => [
            { name => 'deal with 100 comments, from the cache',
              of => 'cached', reference => 'file of it',
              against => 'static file, same bytes', by => 'cpu',
              must => '1.15', aim => '1.0' },
            { name => 'the same, uncached', of => 'uncached',
              reference => 'pgbench', by => 'rate', must => '0.5',
              aim => '0.6', against => "pgbench -c $clients, the same $count"
              . ' statements, prepared' },
        ],
    };
}

1;
