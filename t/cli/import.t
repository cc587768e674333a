# deals import: every kind of input, what is changed and refused, interruptions,
# and the real input.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Encode qw(decode);
use IO::Compress::Gzip qw(gzip);
use IO::Uncompress::Gunzip qw(gunzip);
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Unicode::Normalize qw(NFC);
use Deals::Terminal;
use Deals::Test;

my $t = Deals::Test->new;
my $dir = $t->dir;

sub record {
    my ($n, $more) = @_;
    return qq({"source":"test","source_id":"$n","title":"Deal $n",)
        . '"created_at":"2026-01-31T12:00:00Z"' . ($more // '') . "}\n";
}

sub records { join '', map { record($_) } $_[0] .. $_[1] }

sub gz {
    my ($text) = @_;
    gzip \$text, \my $out;
    return $out;
}

sub file {
    my ($name, $bytes) = @_;
    open my $f, '>', "$dir/$name" or die $!;
    print {$f} $bytes;
    close $f;
    return "$dir/$name";
}

sub stored { $_[0]->sql('SELECT count(*) FROM deals') }

sub empty {
    $t->sql('TRUNCATE deals, deal_stats, deal_tags, import_keys, merchants
             CASCADE');
}

# All that was stored, with the ids or without.
sub dump_of {
    my ($t, $ids) = @_;
    my $row = sub { $ids ? "to_jsonb($_[0])::text"
                         : "(to_jsonb($_[0]) - 'deal_id')::text" };
    return join "\n", map { scalar $t->sql($_) }
        "SELECT md5(string_agg(concat(" . join(',', map { $row->($_) }
            qw(d s k)) . "), '' ORDER BY k.source, k.source_id))
            FROM import_keys k
            JOIN deals d USING (deal_id) JOIN deal_stats s USING (deal_id)",
        "SELECT md5(string_agg(" . $row->('t') . ", ''
            ORDER BY k.source, k.source_id, t.tag)) FROM import_keys k
            JOIN deal_tags t USING (deal_id)",
        'SELECT count(*) FROM deals', 'SELECT count(*) FROM deal_stats',
        "SELECT md5(string_agg(slug, ' ' ORDER BY slug)) FROM merchants";
}

# Starts an import that is not waited for.
sub start {
    my ($t, $file, $log) = @_;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDIN, '<', $file;
        open STDOUT, '>', "$log.out";
        open STDERR, '>', "$log.err";
        @ENV{qw(DEALS_DATABASE DEALS_REDIS)} = ($t->database, '');
        exec "$t->{build}/deals", 'import', '-' or POSIX::_exit(127);
    }
    return $pid;
}

sub text {
    open my $f, '<', $_[0] or return '';
    local $/;
    return scalar <$f>;
}

subtest 'kinds of input' => sub {
    my $plain = records(1, 250);
    my %kind = (
        'a plain file'       => [file('a', $plain)],
        'a gzip file'        => [file('a.gz', gz($plain))],
        'standard input'     => ['-', { input => $plain }],
        'gzip on it'         => ['-', { input => gz($plain) }],
        'two gzip files in one' => [file('b.gz', gz(records(1, 100))
            . gz(records(101, 250)))],
        'no last end of line' => [file('c', $plain =~ s/\n\z//r)],
        'empty lines, CR LF' => [file('d', "\n" . $plain =~ s/\n/\r\n \t\n/gr)],
        'a byte order mark'  => [file('e', "\xef\xbb\xbf$plain")],
        'a gzip file cut between its members' => [file('f.gz', gz($plain)
            . gz(''))],
    );
    for my $name (sort keys %kind) {
        empty();
        my $r = $t->deals('import', @{ $kind{$name} });
        is $r->{code}, 0, $name;
        is $r->{out}, "250 records: 250 stored, 0 there already, 0 refused; "
            . "0 had to be changed.\n", 'summary';
        is $r->{err}, '', 'nothing to say';
        is stored($t), 250, 'all there';
    }
    my $r = $t->deals('import', "$dir/a");
    is $r->{out}, "250 records: 0 stored, 250 there already, 0 refused; "
        . "0 had to be changed.\n", 'again';
    $r = $t->deals('import', '-q', "$dir/a");
    is $r->{out} . $r->{err}, '', '--quiet';
    $r = $t->deals('import', file('empty', ''));
    is $r->{code}, 0, 'nothing';
    like $r->{out}, qr/^0 records:/;
};

subtest 'what cannot be read' => sub {
    my %wrong = ("$dir/none" => qr/No such file/, $dir => qr/Is a directory/);
    for my $name (sort keys %wrong) {
        my $r = $t->deals('import', $name);
        is $r->{code}, 3, $name;
        like $r->{err}, qr/^deals: \Q$name\E: $wrong{$name}/;
    }

    # Lines that do not compress: what is cut off is known well enough.
    srand 1;
    my $text = join '', map { my $n = $_; record($n, sprintf
        ',"description":"%s"', join '', map { chr 97 + rand 26 } 1 .. 200) }
        1 .. 500;
    my $whole = gz($text);
    for my $part (0.001, 0.3, 0.8) {
        empty();
        my $n = int length($whole) * $part;
        my $cut = substr $whole, 0, $n;
        gunzip \$cut, \my $readable;
        my $lines = ($readable // '') =~ tr/\n//;
        my $r = $t->deals('import', file("cut.gz", $cut));
        is $r->{code}, 3, "cut off after $part of it";
        like $r->{err}, qr/\Adeals:\ \Q$dir\E\/cut\.gz:(\d+):\ cannot\ be\ read
            \ further:\ it\ ends\ in\ the\ middle/x, 'said with the line';
        unlike $r->{err}, qr/refused/, 'no half record is read';
        my $stored = stored($t);
        cmp_ok $stored, '>=', $lines, "what was read is stored: $stored";
        $r->{err} =~ /gz:(\d+):/;
        is $stored, $1 - 1, 'up to that line';
        like $r->{out}, qr/^$stored records?: $stored stored/, 'summary';
    }
    my $damaged = $whole;
    substr($damaged, length($damaged) / 2, 8) ^= "\x55" x 8;
    empty();
    my $r = $t->deals('import', file('bad.gz', $damaged));
    is $r->{code}, 3, 'damaged';
    like $r->{err}, qr/cannot be read further: the compressed data is damaged/,
        'said';
};

subtest 'refused records' => sub {
    empty();
    my @line = (
        [record(1), ''],
        ['{"source":"test","source_id":"2","title":"No end"' . "\n",
            qr/^The JSON cannot be read: /],
        [record(3) =~ s/"title":"Deal 3",//r, qr/^title: is required$/],
        [record(4, ',"url":"javascript:alert(1)"'), qr/^url: must begin/],
        [record(5, ',"up":-1'), qr/^up: must be from 0 /],
        [record(6, ',"down":1000000001'), qr/^down: must be from 0 /],
        [record(7, ',"votes":1'), qr/^votes: is not a known field$/],
        [record(8, ',"title":"Another"'), qr/^title: is given twice$/],
        ["\n", ''],
        [record(10, ',"url":"http://x/' . 'y' x (1 << 20) . '"'),
            qr/^the line is longer than 1 MiB$/],
        [record(11, ',"up":1.5'), qr/^up: must be a whole number/],
        [record(12, ',"price":{"amount":-1,"currency":"USD"}'),
            qr/^price\.amount: /],
        [record(13, ',"price":{"amount":1,"currency":"dollar"}'),
            qr/^price\.currency: /],
        [record(14) =~ s/2026-01-31T12:00:00Z/yesterday/r, qr/^created_at: /],
        [record(15, ',"starts_at":"2026-02-02T00:00:00Z"'
            . ',"expires_at":"2026-02-01T00:00:00Z"'), qr/^expires_at: /],
        ["[1,2]\n", qr/^a record must be a JSON object$/],
        ["\0\0\n", qr/^a record must be a JSON object$/],
        [record(18) =~ s/Deal 18/\xff\xfe/r, qr/not valid UTF-8/],
        [record(19) =~ s/Deal 19/'x' x 301/er, qr/^title: /],
        [record(20, ',"description":"' . 'x' x 20001 . '"'),
            qr/^description: /],
        [record(21, ',"url":"http://x.org/' . 'x' x 2048 . '"'), qr/^url: /],
        [record(22) =~ s/"test"/"Test"/r, qr/^source: /],
        [record(23) =~ s/"23"/""/r, qr/^source_id: /],
        [record(24, ',"author":"' . 'x' x 81 . '"'), qr/^author: /],
        [record(25), ''],
        [record(26) =~ s/2026-01-31/2999-01-31/r, qr/^created_at: .*future/],
        [record(1) =~ s/Deal 1/Another under the key of the first/r, ''],
    );
    my $file = file('refused', join '', map { $_->[0] } @line);
    my $r = $t->deals('import', $file);
    is $r->{code}, 1, 'exit 1';
    my %said;
    for (split /\n/, $r->{err}) {
        /^\Q$file\E:(\d+): refused: (.*)/ ? push @{ $said{$1} }, $2
                                          : fail "also said: $_";
    }
    for my $n (1 .. @line) {
        my $want = $line[$n - 1][1];
        my $got = join ' | ', @{ $said{$n} || [] };
        ref $want ? like($got, $want, "line $n") : is($got, $want, "line $n");
    }
    like $r->{out}, qr/^26 records: 2 stored, 1 there already, 23 refused/,
        'summary';
    is join(',', $t->sql('SELECT source_id FROM deals ORDER BY 1')), '1,25',
        'the others are stored';
    is $t->sql("SELECT title FROM deals WHERE source_id = '1'"), 'Deal 1',
        'the first of two with a key stays';
    $r = $t->deals('import', file('many', record(30) =~ s/"test"/"!"/r
        =~ s/Deal 30//r =~ s/}$/,"up":-1,"down":"x"}/r));
    is scalar(grep { /many:1: refused: / } split /\n/, $r->{err}), 1,
        'a wrong type, first of all';
    $r = $t->deals('import', file('many', record(30) =~ s/"test"/"!"/r
        =~ s/Deal 30//r =~ s/}$/,"up":-1}/r));
    is scalar(grep { /many:1: refused: (source|title|up): / } split /\n/,
        $r->{err}), 3, 'each bad field on a line';
};

subtest 'changed records' => sub {
    empty();
    my @line = (
        [record(1) =~ s/Deal 1/A\\u0007B\\u0085C/r,
            qr/^title: stray control characters/],
        [record(2, ',"url":"https://shop.example/a b?c=d e"'),
            qr/^url: spaces or other characters .* percent-encoded/],
        [record(3, ',"description":"a\\u001bb\\r\\nc"'),
            qr/^description: stray control characters/],
        [record(4, ',"url":"HTTPS://Shop.Example:443/x"'
            . ',"description":"a\\r\\nb"'),
            ''],
    );
    my $file = file('changed', join '', map { $_->[0] } @line);
    my $r = $t->deals('import', $file);
    is $r->{code}, 0, 'exit 0';
    my %said = map { /^\Q$file\E:(\d+): changed: (.*)/ ? ($1 => $2) : () }
        split /\n/, $r->{err};
    for my $n (1 .. @line) {
        my $want = $line[$n - 1][1];
        my $got = $said{$n} // '';
        ref $want ? like($got, $want, "line $n") : is($got, $want, "line $n");
    }
    like $r->{out}, qr/4 stored, .* 3 had to be changed/, 'summary';
    is $t->sql("SELECT url FROM deals WHERE source_id = '2'"),
        'https://shop.example/a%20b?c=d%20e', 'a space in an address';
    is $t->sql("SELECT merchant_slug FROM deals WHERE source_id = '2'"),
        'shop-example', 'the merchant is the host';
    is $t->sql("SELECT convert_to(title, 'UTF8') FROM deals
        WHERE source_id = '1'"), '\\x' . unpack('H*', "A B\xe2\x80\xa6C"),
        'a control character; what Windows means by another';
};

subtest 'what all fields become' => sub {
    empty();
    my $r = $t->deals('import', '-', { input => record('x', ','
        . '"url":"https://www.shop.example/p/1","description":"**Now**",'
        . '"author":"J\u00fcrgen","merchant":"The Shop",'
        . '"price":{"amount":1999,"currency":"EUR"},'
        . '"list_price":{"amount":2999,"currency":"EUR"},'
        . '"starts_at":"2026-02-01T00:00:00Z",'
        . '"expires_at":"2026-02-02T02:00:00+02:00",'
        . '"tags":["tv","4k"],"up":77,"down":28') });
    is $r->{code}, 0 or diag $r->{err};
    my $row = $t->sql("SELECT concat_ws('|', user_id IS NULL, author_name,
        source, source_id, title, url, description, rtrim(html, E'\\n'),
        merchant_slug, merchant_name, price_amount, price_currency,
        list_price_amount, list_price_currency, tags,
        extract(epoch FROM d.created_at)::int8,
        extract(epoch FROM d.starts_at)::int8,
        extract(epoch FROM d.expires_at)::int8, up, down, imported_up,
        imported_down, score) FROM deals d JOIN deal_stats USING (deal_id)");
    is $row, "t|J\xc3\xbcrgen|test|x|Deal x|https://www.shop.example/p/1|"
        . '**Now**|<p><strong>Now</strong></p>|the-shop|The Shop|1999|EUR|'
        . '2999|EUR|{tv,4k}|1769860800|1769904000|1769990400|0|0|77|28|49';
};

subtest 'a record that the database does not take' => sub {
    empty();
    $t->sql("ALTER TABLE deals ADD CONSTRAINT t
        CHECK (title NOT IN ('Deal 57', 'Deal 173', 'Deal 250'))");
    my $file = file('constraint', records(1, 250));
    my $r = $t->deals('import', $file);
    is $r->{code}, 1, 'exit 1';
    is join(' ', $r->{err} =~ /^\Q$file\E:(\d+): refused: the database/mg),
        '57 173 250', 'said with their lines';
    is stored($t), 247, 'the others of their batches are stored';
    like $r->{out}, qr/^250 records: 247 stored, 0 there already, 3 refused/,
        'summary';
    $t->sql('ALTER TABLE deals DROP CONSTRAINT t');
    $r = $t->deals('import', $file);
    like $r->{out}, qr/: 3 stored, 247 there already, 0 refused/, 'and then';

    empty();
    $t->sql('CREATE UNIQUE INDEX t ON deals (title)');
    $r = $t->deals('import', file('unique', records(1, 150) . record(151)
        =~ s/Deal 151/Deal 20/r));
    is $r->{code}, 1, 'unique twice';
    # They are in batches that go at the same time: either may come second.
    like $r->{err}, qr/\Q$dir\E\/unique:(20|151): refused: .*23505/, 'refused';
    is stored($t), 150, 'the others are stored';
    $t->sql('DROP INDEX t');
};

subtest 'the database goes away' => sub {
    empty();
    my $fifo = "$dir/fifo";
    POSIX::mkfifo($fifo, 0600) or die $!;
    my $pid = start($t, $fifo, "$dir/away");
    open my $to, '>', $fifo or die $!;
    $to->autoflush(1);
    print {$to} records(1, 1500);
    $t->wait_until(sub { stored($t) >= 400 }) or fail 'slow';
    $t->stop_postgresql;
    local $SIG{PIPE} = 'IGNORE';
    print {$to} records(1501, 3000);
    close $to;
    waitpid $pid, 0;
    is $? >> 8, 3, 'exit 3';
    like text("$dir/away.err"),
        qr/lines \d+ to \d+ may not be stored; run the import again/,
        'says how to go on';
    $t->start_postgresql;
    my $r = $t->deals('import', file('away', records(1, 3000)));
    is $r->{code}, 0, 'again';
    is stored($t), 3000, 'all there';
    $r = $t->deals('verify');
    is $r->{code}, 0, 'and verified' or diag $r->{out};
};

subtest 'a progress bar' => sub {
    empty();
    my %env = (env => { DEALS_DATABASE => $t->database, DEALS_REDIS => '' });
    my $run = sub { (Deals::Terminal->run(["$t->{build}/deals", 'import', @_],
        %env)->end)[1] };
    my $file = file('bar', records(1, 1000));
    like $run->($file), qr/\rimport \[#+\.*\] +\d+ %.*\r\e\[K1000 records: /s,
        'on a terminal';
    unlike $run->('-q', $file), qr/[\r%#]/, 'not with --quiet';
    like $run->($file), qr/\[##############################\] 100 %/,
        'to its end';
};

my $shared = $ENV{DEALS_SHARED} // $t->root . '/../shared';
my $real = "$shared/data/deals_2013.ndjson.gz";

subtest 'the real input' => sub {
    plan skip_all => "there is no $real (DEALS_SHARED says where)"
        if !-e $real;
    empty();
    my $then = time;
    my $r = $t->deals('import', $real);
    diag sprintf '%.1f s', time - $then;
    is $r->{code}, 0, 'exit 0';
    is $r->{out}, "13613 records: 13613 stored, 0 there already, 0 refused; "
        . "98 had to be changed.\n", 'all of it';
    my @said = split /\n/, $r->{err};
    is scalar(grep { /ndjson\.gz:\d+: changed: title: stray control/ } @said),
        94, 'titles with control characters, each with its line';
    is scalar(grep { /ndjson\.gz:\d+: changed: url: spaces/ } @said), 4,
        'addresses with spaces and the like, too';
    is scalar(@said), 98, 'nothing else';
    like $t->deals('verify')->{out}, qr/^13613 deals: every counter/, 'verify';

    my $dump = dump_of($t, 1);
    $r = $t->deals('import', $real);
    is $r->{code}, 0, 'again';
    like $r->{out}, qr/^13613 records: 0 stored, 13613 there already/,
        'nothing new';
    is dump_of($t, 1), $dump, 'nothing changed';

    subtest 'nothing lost or cut' => sub { whole($t, $real) };

    # Killed, and then two at once, in another database.
    my $other = Deals::Test->new(redis => 0);
    my $pid = start($other, $real, "$dir/kill");
    $other->wait_until(sub { stored($other) >= 2000 });
    kill 'KILL', $pid;
    waitpid $pid, 0;
    # What was on its way the server does all the same.
    ok $other->wait_until(sub { !$other->sql("SELECT count(*)
        FROM pg_stat_activity WHERE backend_type = 'client backend'
        AND pid <> pg_backend_pid()") }), 'its sessions are over';
    my $before = stored($other);
    cmp_ok $before, '<', 13613, "killed with $before stored";
    my @pids = map { start($other, $real, "$dir/two.$_") } 1, 2;
    waitpid($_, 0), is($?, 0, 'one of two at once') for @pids;
    my ($one, $two) = map { text("$dir/two.$_.out") =~ /(\d+) stored/ } 1, 2;
    is $before + $one + $two, 13613, "which store what is missing: "
        . "$one and $two" or diag map { text("$dir/two.$_.err") } 1, 2;
    is dump_of($other), dump_of($t), 'as if it had not been interrupted';
    like $other->deals('verify', { env => { DEALS_REDIS => '' } })->{out},
        qr/^13613 deals/, 'verify';
    $other->stop;
};

# A text as it should be stored: NFC, no white space at its ends, lines that end
# in LF; control characters (in a title newline and tab too) are spaces, or what
# Windows-1252 means by them.
sub plain {
    my ($s, $is_title) = @_;
    return '' if !defined $s;
    $s =~ s/\r\n?/\n/g;
    $s =~ s/([\x80-\x9f])/decode('cp1252', $1)/ge;
    my $control = $is_title ? qr/[\x00-\x1f\x7f-\x9f]/
                            : qr/[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
    $s =~ s/ *$control(?:$control| )*/ /g;
    $s =~ s/\A\s+|\s+\z//g;
    return NFC($s);
}

# Holds every stored text against the file's own.
sub whole {
    my ($t, $real) = @_;
    gunzip $real, \my $text or die 'gunzip';
    my $json = JSON::PP->new->utf8;
    my %stored;
    for ($t->sql("SELECT source_id || ' ' || translate(encode(convert_to(
            jsonb_build_object('title', title, 'url', url, 'description',
            description, 'created', to_char(created_at AT TIME ZONE 'UTC',
            'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'tags', tags)::text, 'UTF8'),
            'base64'), E'\\n', '') FROM deals"))
    {
        my ($id, $data) = split / /;
        $stored{$id} = $json->decode(decode_base64($data));
    }
    my ($n, %differ) = 0;
    for my $line (split /\n/, $text) {
        my $in = $json->decode($line);
        my $out = delete $stored{ $in->{source_id} } or $differ{lost}++, next;
        $n++;
        $differ{created}++ if $in->{created_at} ne $out->{created};
        $differ{tags}++ if "@{ $in->{tags} }" ne "@{ $out->{tags} }";
        $differ{url}++ if defined $in->{url} != defined $out->{url};
        for my $field (qw(title description)) {
            my ($want, $got) = (plain($in->{$field}, $field eq 'title'),
                $out->{$field} // '');
            next if $want eq $got;
            diag explain "$want | $got" if !$differ{$field}++;
        }
    }
    is $n, 13613, 'every record is there';
    is scalar(keys %stored), 0, 'nothing else is';
    is_deeply \%differ, {}, 'and nothing differs' or diag explain \%differ;
}

$t->finish;
