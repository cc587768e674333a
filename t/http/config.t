#!/usr/bin/perl

# Every mistake in a directive is refused by `nginx -t`, without a database, with
# a message that names the place and what to write; and what is right is taken.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new(database => 0, redis => 0);
my $dir = $t->dir;
my $db = 'deals_database "host=/nowhere dbname=deals user=deals";';

mkdir "$dir/templates" or die;
mkdir "$dir/bad" or die;
write_file("$dir/bad/hot.html", "<p>\n<a href={{title}}>x</a></p>\n");
mkdir "$dir/stray" or die;
write_file("$dir/stray/hto.html", "<p>x</p>\n");
write_file("$dir/database", "host=/nowhere dbname=deals password=x\n");
write_file("$dir/database2", "host=/nowhere\ndbname=deals\n");
write_file("$dir/empty", "");
write_file("$dir/redis", "redis://:sesame\@127.0.0.1:6379\n");
chmod 0600, map { "$dir/$_" } qw(database database2 empty redis);

sub write_file {
    my ($name, $text) = @_;
    open my $f, '>', $name or die "$name: $!";
    print {$f} $text;
    close $f or die;
}

sub try {
    my (%o) = @_;
    return $t->try_nginx("%%GLOBALS%%\n" . ($o{main} // '')
        . "\nevents {}\nhttp {\n%%BASE%%\n" . ($o{http} // $db)
        . "\nserver {\nlisten 127.0.0.1:%%PORT%%;\n" . ($o{server} // '')
        . "\n" . ($o{location} // 'location / { deals; }') . "\n}\n"
        . ($o{more} // '') . "\n}\n");
}

sub refused {
    my ($what, $message, %o) = @_;
    my ($code, $said) = try(%o);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    isnt $code, 0, "$what is refused" or return;
    like $said, $message, "$what: the message says what to do";
    like $said, $o{at} // qr/ in \S+try\.conf:\d+/, "$what: and where";
    unlike $said, qr/\[alert\]/, "$what: nothing worse";
}

sub taken {
    my ($what, %o) = @_;
    my ($code, $said) = try(%o);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $code, 0, "$what is taken" or diag $said;
}

# --- the mount ---------------------------------------------------------------

taken('location /');
taken('location /deals/', location => 'location /deals/ { deals; }');
taken('location ^~ /a/b/', location => 'location ^~ /a/b/ { deals; }');
taken('two mounts', location => 'location /a/ { deals; }'
    . ' location /b/ { deals; }');
taken('a location inside a mount for something else',
    location => 'location / { deals; location /images/ { root /tmp; } }');
refused('a regex location', qr/regex location.*location \/deals\/ \{/,
    location => 'location ~ ^/deals/ { deals; }');
refused('a named location', qr/named location "\@d".*location \/deals\/ \{/,
    location => 'location @d { deals; }');
refused('an exact location', qr/exact location "= \/deals\/".*prefix/,
    location => 'location = /deals/ { deals; }');
refused('a location without its slash',
    qr/ends with "\/": instead of "\/deals" write "location \/deals\/ \{"/,
    location => 'location /deals { deals; }');
refused('a strange location', qr/letters, digits/,
    location => 'location "/a b/" { deals; }');
refused('a mount in a mount', qr/within a location that has "deals"/,
    location => 'location / { deals; location /deals/ { deals; } }');
refused('a mount in a location in a mount',
    qr/within a location that has "deals"/, location =>
    'location / { deals; location /a/ { location /a/b/ { deals; } } }');
refused('deals twice', qr/"deals" directive is duplicate/,
    location => 'location / { deals; deals; }');
refused('deals beside a proxy', qr/another handler.*location of its own/,
    location => 'location / { proxy_pass http://127.0.0.1:1; deals; }');
refused('deals with a value', qr/invalid number of arguments in "deals"/,
    location => 'location / { deals on; }');
refused('deals in a server', qr/"deals" directive is not allowed here/,
    server => 'deals;', location => '');
refused('deals in an if', qr/"deals" directive is not allowed here/,
    location => 'location / { if ($args) { deals; } }');

# --- the report ---------------------------------------------------------------

my $own = 'location = /deals_status { deals_status; }';
taken('deals_status', location => "location / { deals; } $own");
taken('a report of nothing', http => '', location => $own);
taken("a report in $_", http => '', location => "location $_ { deals_status; }")
    for '/', '/a', '^~ /a/', '~ ^/a$', '@a';
taken('a report inside of a mount', location => "location / { deals; $own }");
taken('two reports', location => "$own location /b { deals_status; }");
refused('a report with a value',
    qr/invalid number of arguments in "deals_status"/, http => '',
    location => 'location = /s { deals_status on; }');
refused('a report twice', qr/"deals_status" directive is duplicate/, http => '',
    location => 'location = /s { deals_status; deals_status; }');
refused('a report in a server', qr/"deals_status" directive is not allowed here/,
    http => '', server => 'deals_status;', location => '');
refused('a report in http', qr/"deals_status" directive is not allowed here/,
    http => 'deals_status;', location => '');
refused('a report in an if', qr/"deals_status" directive is not allowed here/,
    http => '', location => 'location /s { if ($args) { deals_status; } }');
refused('a report in a limit_except',
    qr/"deals_status" directive is not allowed here/, http => '',
    location => 'location /s { limit_except GET { deals_status; } }');
refused('a report beside deals',
    qr/"\/" has another handler.*"location = \/deals_status \{"/,
    location => 'location / { deals; deals_status; }');
refused('deals beside a report', qr/another handler beside "deals".*of its own/,
    location => 'location / { deals_status; deals; }');
refused('a report beside a proxy', qr/another handler.*location of its own/,
    location => 'location = /s { proxy_pass http://127.0.0.1:1; deals_status; }');

# --- the database --------------------------------------------------------------

refused('no database', qr/"deals" needs a database: write "deals_database /,
    http => '');
taken('a database of the server', http => '', server => $db);
taken('one for each server', http => '', server => $db,
    more => "server { listen 127.0.0.1:%%PORT:b%%; $db\n"
        . 'location / { deals; } }');
taken('an address', http => 'deals_database'
    . ' "postgresql://deals@127.0.0.1:5432/deals?sslmode=disable";');
refused('two databases', qr/"deals_database" directive is duplicate/,
    http => "$db $db");
refused('an empty database', qr/deals_database/,
    http => 'deals_database "";');
refused('no conninfo', qr/invalid value of "deals_database": \S/,
    http => 'deals_database nonsense;');
refused('an unknown option', qr/invalid value of "deals_database".*hots/,
    http => 'deals_database "hots=/tmp";');
refused('an unknown scheme', qr/invalid value of "deals_database"/,
    http => 'deals_database "mysql://127.0.0.1/deals";');
refused('sslmode=prefer', qr/deals_database".*sslmode.*(?:disable|require)/,
    http => 'deals_database "host=127.0.0.1 sslmode=prefer";');
refused('a name that is nowhere', qr/invalid value of "deals_database"/,
    http => 'deals_database "host=no-such-host.invalid dbname=x";');
refused('a socket too long', qr/invalid value of "deals_database".*socket/i,
    http => 'deals_database "host=/' . 'x' x 120 . '";');
refused('a database in a location', qr/not allowed here/,
    location => "location / { deals; $db }");
taken('a database in a file', http => "deals_database file:$dir/database;");
refused('a file that is not there', qr/file "\S+nothing" can't be opened: No such/,
    http => "deals_database file:$dir/nothing;");
my $how = 'chmod it to 0600' . ($> == 0 ? ' \(0640' : '');
for my $mode (0644, 0604, 0660, 0620, 0601, 0606, $> == 0 ? () : 0640) {
    write_file("$dir/open", "host=/nowhere dbname=deals password=sesame\n");
    chmod $mode, "$dir/open";
    my $text = sprintf '%04o', $mode;
    refused("a file of mode $text", qr/file "\S+open" has mode $text, .*$how/,
        http => "deals_database file:$dir/open;");
    refused("one for Redis of mode $text", qr/"deals_redis".* has mode $text,/,
        http => "$db deals_redis file:$dir/open;");
}
SKIP: {
    skip 'files of others need root', 6 if $> != 0;
    chmod 0640, "$dir/open";
    taken('a file of root\'s for a group',
        http => "deals_database file:$dir/open;");
    chown 65534, 65534, "$dir/open";
    chmod 0600, "$dir/open";
    refused('a file of somebody else', qr/belongs to user 65534.*root/,
        http => "deals_database file:$dir/open;");
}
taken('a link to a file', http => "deals_database file:$dir/link;")
    if symlink 'database', "$dir/link";
refused('a directory', qr/"\S+templates" is not a plain file/,
    http => "deals_database file:$dir/templates;");
POSIX::mkfifo("$dir/pipe", 0600) or die;
refused('a pipe that nobody writes to', qr/"\S+pipe" is not a plain file/,
    http => "deals_database file:$dir/pipe;");
taken('Redis in a file', http => "$db deals_redis file:$dir/redis;");
refused('a file of two lines', qr/must hold one line/,
    http => "deals_database file:$dir/database2;");
refused('an empty file', qr/must hold one line/,
    http => "deals_database file:$dir/empty;");
my ($code, $said) = try(http =>
    'deals_database "host=127.0.0.1 sslmode=prefer password=sesame";');
unlike $said, qr/sesame/, 'a password is not in the message';

# --- Redis -----------------------------------------------------------------------

taken("redis $_", http => "$db deals_redis $_;")
    for qw(off unix:/run/redis.sock 127.0.0.1:6379 redis://127.0.0.1:6379/2);
taken('redis off in a server', http => "$db deals_redis 127.0.0.1:6379;",
    server => 'deals_redis off;');
refused('redis twice', qr/"deals_redis" directive is duplicate/,
    http => "$db deals_redis off; deals_redis 127.0.0.1:1;");
refused('an unknown scheme of redis', qr/invalid value of "deals_redis": \S/,
    http => "$db deals_redis http://127.0.0.1/;");
refused('redis without a path', qr/invalid value of "deals_redis"/,
    http => "$db deals_redis unix:;");
refused('a port that is none', qr/invalid value of "deals_redis"/,
    http => "$db deals_redis 127.0.0.1:70000;");
refused('a long socket of redis', qr/invalid value of "deals_redis"/,
    http => "$db deals_redis unix:/" . 'x' x 120 . ';');

# --- numbers and times --------------------------------------------------------------

taken('all numbers', http => "$db deals_pool_size 4; deals_queue_size 100;"
    . ' deals_connect_timeout 500ms; deals_query_timeout 2s;'
    . ' deals_prepare off; deals_body_size 1m;'
    . ' deals_rate_limit signin=10/m signup=5r/m post=1/s vote=off;'
    . ' deals_rate_limit comment=20/m;', server => 'deals_pool_size 2;');
refused('a pool of none', qr/must be (?:equal to or )?(?:between|greater)/,
    http => "$db deals_pool_size 0;");
refused('a pool of 1000', qr/must be (?:equal to or )?(?:between|less)/,
    http => "$db deals_pool_size 1000;");
refused('a pool of words', qr/invalid number/,
    http => "$db deals_pool_size many;");
refused('a queue of none', qr/must be/, http => "$db deals_queue_size 0;");
refused("$_ of no time", qr/"$_" must be between 1ms and 1h, not "0"/,
    http => "$db $_ 0;") for qw(deals_connect_timeout deals_query_timeout);
refused('a time that is none', qr/invalid value/,
    http => "$db deals_query_timeout soon;");
refused('prepare maybe', qr/must be "on" or "off"/,
    http => "$db deals_prepare maybe;");
refused('bodies of nothing', qr/"deals_body_size" must be between 1k and 64m/,
    http => "$db deals_body_size 0;");
refused('endless bodies', qr/"deals_body_size" must be between 1k and 64m/,
    http => "$db deals_body_size 100m;");
refused('an unknown limit', qr/signin=, signup=, post=, comment= and vote=/,
    http => "$db deals_rate_limit sign=1/m;");
refused('a limit of none', qr/"signin=10\/m", or "signin=off"/,
    http => "$db deals_rate_limit signin=0/m;");
refused("the limit $_", qr/invalid rate "vote=\Q$_\E"/,
    http => "$db deals_rate_limit vote=$_;") for qw(10 10/h /m -1/m on 5x/m);
refused('a limit twice', qr/has already/,
    http => "$db deals_rate_limit vote=1/m vote=2/m;");
refused("a second factor of $_",
    qr/invalid value "\Q$_\E" of "deals_second_factor": write of whom/,
    http => "$db deals_second_factor $_;")
    for qw(on off ALL moderator), 'all,moderators';
refused('a second factor of nobody', qr/"moderators" or "all", or "optional"/,
    http => "$db deals_second_factor '';");
refused('a second factor without a value', qr/invalid number of arguments/,
    http => "$db deals_second_factor;");
refused('a second factor twice', qr/"deals_second_factor" directive is dup/,
    http => "$db deals_second_factor optional; deals_second_factor all;");
refused('a second factor in a location', qr/is not allowed here/,
    location => 'location / { deals; deals_second_factor all; }');
taken("a second factor of $_", http => "$db deals_second_factor all;",
    server => "deals_second_factor $_;") for qw(optional moderators all);
refused('an unknown thread pool', qr/unknown thread pool "nobody"/,
    http => "$db deals_thread_pool nobody;", at => qr/nobody/);
taken('a thread pool', main => 'thread_pool own threads=2;',
    http => "$db deals_thread_pool own;");

# --- breached passwords ------------------------------------------------------------------

my ($one, $two) = map { $_ . '123456789ABCDEF0123456789ABCDEF01234567' } 0, 1;
write_file("$dir/breached", "$one:3\r\n$two:1\r\n");
write_file("$dir/ntlm", substr($one, 0, 32) . ":3\n");
write_file("$dir/mixed", "$two:3\n$one:4\n");
write_file("$dir/words", "password\n123456\n");
taken('a file of breached passwords', http => "$db deals_breached_passwords $dir/breached;");
taken('by a path of the prefix', http => "$db deals_breached_passwords breached;");
taken('none', http => "$db deals_breached_passwords off;");
taken('none in one server', http => "$db deals_breached_passwords breached;",
    server => 'deals_breached_passwords off;');
taken('the same file twice', http => "$db deals_breached_passwords breached;",
    server => 'deals_breached_passwords breached;');
refused('no such file', qr/"deals_breached_passwords": the file "\S+none" can't be opened: No such file/,
    http => "$db deals_breached_passwords none;");
refused('a directory', qr/"\S+templates" is not a plain file/,
    http => "$db deals_breached_passwords templates;");
refused('an empty file', qr/the file "\S+empty" is empty/,
    http => "$db deals_breached_passwords empty;");
refused("a list in the words' own letters",
    qr/"\S+words" is no list of breached passwords: at byte 0 there is no line of 40 hexadecimal digits \(SHA-1\)/,
    http => "$db deals_breached_passwords words;");
refused('a list of other hashes', qr/"\S+ntlm" is no list .* 40 hexadecimal digits/,
    http => "$db deals_breached_passwords ntlm;");
refused('a list in another order', qr/"\S+mixed" is not sorted by hash: the line at byte 43/,
    http => "$db deals_breached_passwords mixed;");
refused('two of them', qr/"deals_breached_passwords" directive is duplicate/,
    http => "$db deals_breached_passwords breached; deals_breached_passwords off;");

# --- addresses, names, templates ------------------------------------------------------

taken("url $_", http => "$db deals_url $_;")
    for qw(https://example.org http://127.0.0.1:8080 https://example.org/
           http://[::1]:80);
refused("url $_", qr/deals_url/, http => "$db deals_url $_;")
    for qw(example.org ftp://example.org https:// https://Example.org
           //example.org https://a@b https://a?b);
refused('a url with a path',
    qr/takes no path.*location; write "https:\/\/example\.org"/,
    http => "$db deals_url https://example.org/deals;");
refused('no name', qr/"deals_site_name" needs a name/,
    http => "$db deals_site_name '';");
refused('a name that is not UTF-8', qr/"deals_site_name" needs a name/,
    http => "$db deals_site_name \"\xff\";");
taken('a directory of templates', http => "$db deals_templates $dir/templates;");
taken('one for a location', location =>
    "location / { deals; deals_templates $dir/templates; }");
refused('no such directory', qr/"deals_templates" needs a directory/,
    http => "$db deals_templates $dir/none;");
refused('a file for a directory', qr/is not a directory/,
    http => "$db deals_templates $dir/database;");
refused('a bad template', qr/hot\.html:2/,
    http => "$db deals_templates $dir/bad;", at => qr/hot\.html:2/);
refused('a template of no page', qr/hto\.html/,
    http => "$db deals_templates $dir/stray;", at => qr/hto\.html/);
taken('a bad directory that nobody uses', http =>
    "$db deals_templates $dir/bad;", location => '');

# --- the module at rest -----------------------------------------------------------------

taken('no deals at all', http => '', location => '');
is +($t->try_nginx("%%GLOBALS%%\nevents {}\n"))[0], 0, 'no http{} at all';

# --- the examples that come with it ---------------------------------------------------------

my %text;
for my $name (qw(nginx deals)) {
    open my $f, '<', $t->root . "/conf/$name.conf" or die;
    local $/;
    $text{$name} = <$f>;
}
$text{deals} =~ s/listen 8080;/listen 127.0.0.1:%%PORT%%;/;
$text{deals} =~ s/^(\s*)# (deals_(?!thread_pool|templates)\w+ [^;]*;)/$1$2/gm;
like $text{deals}, qr/^\s*deals_rate_limit /m, 'its comments are examples too';
$text{nginx} =~ s/^\s*include deals\.conf;/$text{deals}/m;
$text{nginx} =~ s/^load_module.*/%%GLOBALS%%/m;
$text{nginx} =~ s/^(?:user|pid|error_log|load_module) .*\n//gm;
$text{nginx} =~ s{/var/log/nginx/}{%%DIR%%/}g;
$text{nginx} =~ s/^http \{/http { %%BASE%%/m;
$text{nginx} =~ s/^\s*access_log \S+ deals;//m;
is +($t->try_nginx($text{nginx}))[0], 0, 'conf/nginx.conf and conf/deals.conf'
    or diag +($t->try_nginx($text{nginx}))[1];

$t->finish;
