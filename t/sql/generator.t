# The statement generator: what it makes of good files, and what it says of bad
# ones.

use strict;
use warnings;

use Cwd ();
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../../sql/lib";
use Test::More;

my $root = Cwd::realpath("$FindBin::Bin/../..");
my $dir = tempdir('deals-gen.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $tree = 0;

sub spew {
    my ($file, $text) = @_;

    make_path($file =~ s{/[^/]+\z}{}r);
    open(my $out, '>:raw', $file) or die "$file: $!";
    print {$out} $text;
    close($out) or die;
    return;
}

sub slurp {
    my ($file) = @_;

    open(my $in, '<:raw', $file) or die "$file: $!";
    local $/;
    return <$in>;
}

# Runs the generator on a tree of these files: (exit code, stderr, its OUTDIR).
sub generate {
    my (%files) = @_;
    my $sql = "$dir/" . ++$tree;

    make_path("$sql/statements", "$sql/migrations");
    spew("$sql/$_", $files{$_}) for keys %files;
    my $out = `cd $sql && $^X $root/sql/generate out . 2>&1`;
    return ($? >> 8, $out, "$sql/out");
}

my $ROW = "# A thing.\nid  int8  t.id  -- its number\n";
my $SELECT = "-- s: a thing\n-- in: id int8\n-- out: thing\n"
    . "SELECT \@thing\@ FROM t WHERE t.id = :id\n";

# Expects the generator to refuse `files` with a message that matches.
sub refused {
    my ($what, $like, %files) = @_;
    my ($code, $err, $out) = generate(%files);

    is $code, 1, "$what: refused";
    like $err, $like, "$what: says so";
    ok !-e "$out/stmts.c", "$what: writes nothing";
    return;
}

sub bad_statement {
    my ($what, $like, $text) = @_;

    refused($what, qr{\A\./statements/s\.sql:$like}m,
            'statements/s.sql' => $text, 'statements/thing.row' => $ROW);
    return;
}

sub bad_row {
    my ($what, $like, $text) = @_;

    refused($what, qr{\A\./statements/thing\.row:$like}m,
            'statements/thing.row' => $text);
    return;
}

sub bad_migration {
    my ($what, $like, $text, $name) = @_;

    $name //= '0001_a.sql';
    refused($what, qr{\A\./migrations/\Q$name\E:$like}m,
            "migrations/$name" => $text);
    return;
}

subtest 'statements that are wrong' => sub {
    bad_statement('unknown type', qr/2: unknown type 'int9'.* int8 /,
                  "-- s: x\n-- in: id int9\n-- out: none\nSELECT :id\n");
    bad_statement('undeclared parameter', qr/5: parameter ':b' is not/,
                  "-- s: x\n-- in: a int8\n-- out: n int8\n"
                  . "SELECT 1 WHERE 1 = :a\nAND 2 = :b\n");
    bad_statement('unused parameter', qr/2: parameter 'b' is never used/,
                  "-- s: x\n-- in: a int8, b int8\n-- out: n int8\n"
                  . "SELECT :a\n");
    bad_statement('a parameter only in a string', qr/2: parameter 'a' is never/,
                  "-- s: x\n-- in: a int8\n-- out: n text\nSELECT ':a'\n");
    bad_statement('a parameter only in a comment', qr/2: parameter 'a' is/,
                  "-- s: x\n-- in: a int8\n-- out: n int8\n"
                  . "SELECT 1 /* :a */ -- :a\n");
    bad_statement('unclosed block', qr{4: /\*\[x\]\*/ is never closed},
                  "-- s: x\n-- out: n int8\nSELECT 1\n/*[x]*/ WHERE true\n");
    bad_statement('closing what is not open', qr{4: /\*\[/x\]\*/ closes noth},
                  "-- s: x\n-- out: n int8\nSELECT 1\n/*[/x]*/\n");
    bad_statement('crossing blocks', qr{3: /\*\[/x\]\*/ closes /\*\[y\]\*/ of},
                  "-- s: x\n-- out: n int8\n"
                  . "SELECT 1 /*[x]*/ /*[y]*/ /*[/x]*/ /*[/y]*/\n");
    bad_statement('a block in itself', qr/3: block 'x' inside itself/,
                  "-- s: x\n-- out: n int8\n"
                  . "SELECT 1 /*[x]*/ /*[!x]*/ /*[/!x]*/ /*[/x]*/\n");
    bad_statement('unknown block listed', qr/3: there is no block 'y'/,
                  "-- s: x\n-- out: n int8\n-- blocks: x | y\n"
                  . "SELECT 1 /*[x]*/ + 1 /*[/x]*/\n");
    bad_statement('block in no combination', qr/3: block 'y' is in no comb/,
                  "-- s: x\n-- out: n int8\n-- blocks: x\n"
                  . "SELECT 1 /*[x]*/ + 1 /*[/x]*/ /*[y]*/ + 2 /*[/y]*/\n");
    bad_statement('block named as a parameter', qr/1: 'a' is a block and a/,
                  "-- s: x\n-- in: a int8\n-- out: n int8\n"
                  . "SELECT 1 /*[a]*/ + :a /*[/a]*/\n");
    bad_statement('limit without @limit@', qr/3: '-- limit:', but/,
                  "-- s: x\n-- out: n int8\n-- limit: 5\nSELECT 1\n");
    bad_statement('@limit@ without limit', qr/4: \@limit\@, but no/,
                  "-- s: x\n-- out: n int8\nSELECT 1\nLIMIT \@limit\@\n");
    bad_statement('falling limits', qr/3: '2': write rising numbers/,
                  "-- s: x\n-- out: n int8\n-- limit: 5 2\n"
                  . "SELECT 1 LIMIT \@limit\@\n");
    bad_statement('no such row', qr/2: no row 'other'/,
                  "-- s: x\n-- out: other\nSELECT \@other\@\n");
    bad_statement('row not used', qr/2: '-- out: thing', but \@thing\@/,
                  "-- s: x\n-- out: thing\nSELECT 1\n");
    bad_statement('another row used', qr/3: \@other\@, but '-- out:' is not/,
                  "-- s: x\n-- out: thing\nSELECT \@other\@\n");
    bad_statement('two statements', qr/3: one statement, without a semicolon/,
                  "-- s: x\n-- out: none\nSELECT 1; SELECT 2\n");
    bad_statement('a number for a parameter', qr/3: write parameters as :name/,
                  "-- s: x\n-- out: none\nSELECT \$1\n");
    bad_statement('open string', qr/4: a quote or comment that is never closed/,
                  "-- s: x\n-- out: none\nSELECT 1,\n 'abc\n");
    bad_statement('open comment', qr/3: a quote or comment that is never/,
                  "-- s: x\n-- out: none\nSELECT /* /* */ 1\n");
    bad_statement('wrong name', qr/1: begin with '-- s: what it answers'/,
                  "-- t: x\n-- out: none\nSELECT 1\n");
    bad_statement('no out', qr/\d+: '-- out:' is missing/,
                  "-- s: x\nSELECT 1\n");
    bad_statement('unknown entry', qr/3: 'outt: none': one of in: out:/,
                  "-- s: x\n-- out: none\n-- outt: none\nSELECT 1\n");
    bad_statement('an entry twice', qr/3: 'out:' a second time/,
                  "-- s: x\n-- out: none\n-- out: none\nSELECT 1\n");
    bad_statement('no statement', qr/1: there is no statement/,
                  "-- s: x\n-- out: none\n");
    bad_statement('unmarked write', qr/3: it writes: say '-- write'/,
                  "-- s: x\n-- out: none\nINSERT INTO t VALUES (1)\n");
    bad_statement('unmarked write in WITH', qr/3: it writes: say '-- write'/,
                  "-- s: x\n-- out: none\n"
                  . "WITH a AS (UPDATE t SET x = 1) SELECT 1\n");
    bad_statement('a word of C', qr/2: name 'int' is a word of C/,
                  "-- s: x\n-- in: int int8\n-- out: none\nSELECT :int\n");
    bad_statement('a name twice', qr/2: 'a' stands twice/,
                  "-- s: x\n-- in: a int8, a int8\n-- out: none\nSELECT :a\n");
    bad_statement('a list without types', qr/2: 'a': write 'name type/,
                  "-- s: x\n-- in: a\n-- out: none\nSELECT :a\n");
    bad_statement('an array to answer with',
                  qr/2: unknown type 'int8\[\]' of a/,
                  "-- s: x\n-- out: a int8[]\nSELECT '{}'::int8[]\n");
    bad_statement('a tab', qr/3: no tabs/,
                  "-- s: x\n-- out: none\nSELECT\t1\n");
    refused('variants of the same name', qr/variant 's_a' is also one of/,
            'statements/s.sql' => "-- s: x\n-- out: n int8\n"
                . "SELECT 1 /*[a]*/ + 1 /*[/a]*/\n",
            'statements/s_a.sql' => "-- s_a: x\n-- out: n int8\nSELECT 1\n");
    my ($code, $err) = generate(
        'statements/a.sql' => "-- a: x\n-- out: zzz\nSELECT 1\n",
        'statements/b.sql' => "-- b: x\n-- out: none\nSELECT :x\n");
    like $err, qr/a\.sql:2:.*b\.sql:3:/s, 'every file is told at once';
};

subtest 'rows that are wrong' => sub {
    bad_row('no documentation', qr/2: every field has a documentation/,
            "# A thing.\nid int8 t.id\n");
    bad_row('nothing about itself', qr/1: say in a first line/,
            "id int8 t.id -- number\n");
    bad_row('unknown type', qr/2: unknown type 'bigint' of a column/,
            "# A thing.\nid bigint t.id -- number\n");
    bad_row('from nowhere', qr/2: 'id': where from\?/,
            "# A thing.\nid int8 -- number\n");
    bad_row('fill with SQL', qr/2: 'fill' is computed/,
            "# A thing.\nid int8 fill t.id -- number\n");
    bad_row('a name twice', qr/3: 'id' stands twice/,
            "# A thing.\nid int8 t.id -- number\nid int8 t.id -- number\n");
    bad_row('an object and a field', qr/3: 'a\.b' stands twice/,
            "# A thing.\na int8 t.a -- number\na.b int8 t.b -- number\n");
    bad_row('two dots', qr/2: 'a\.b\.c': one dot at most/,
            "# A thing.\na.b.c int8 t.a -- number\n");
    bad_row('an object in two pieces', qr/4: the fields of 'a' stand together/,
            "# A thing.\na.b int8 t.b -- x\nc int8 t.c -- x\n"
            . "a.d int8 t.d -- x\n");
    bad_row('two columns in one', qr/2: one expression, without a comma/,
            "# A thing.\na int8 t.a, t.b -- x\n");
    bad_row('a parameter', qr/2: ':x' has no place/,
            "# A thing.\na int8 t.a + :x -- x\n");
    bad_row('brackets', qr/2: unbalanced brackets/,
            "# A thing.\na int8 coalesce(t.a -- x\n");
    bad_row('a list of nothing known', qr/3: no row 'other'/,
            "# A thing.\na int8 t.a -- x\nb list other page -- x\n");
    bad_row('private without SQL', qr/3: 'b': where from\?/,
            "# A thing.\na int8 t.a -- x\nb int8 private -- x\n");
    bad_row('private in an object', qr/3: 'b\.c': what is private is a plain/,
            "# A thing.\na int8 t.a -- x\nb.c int8 private t.c -- x\n");
    bad_row('private and of the viewer', qr/3: 'b': what is private is a plain/,
            "# A thing.\na int8 t.a -- x\nb int8 private viewer t.c -- x\n");
    bad_row('nothing from SQL', qr/1: no column comes from SQL/,
            "# A thing.\na int8 fill -- x\n");
    bad_row('including what is not there', qr/2: no row 'other' to include/,
            "# A thing.\ninclude other\n");
    refused('rows that include each other', qr/'a' includes this row in turn/,
            'statements/a.row' => "# A.\ninclude b\n",
            'statements/b.row' => "# B.\ninclude a\n");
};

subtest 'migrations that are wrong' => sub {
    bad_migration('no command', qr/1: there is no command/, "-- nothing\n");
    bad_migration('no semicolon', qr/2: a command without its semicolon/,
                  "SELECT 1;\nSELECT 2\n");
    bad_migration('a transaction', qr/1: BEGIN: every migration is a/,
                  "BEGIN; SELECT 1; COMMIT;\n");
    bad_migration('a semicolon alone', qr/2: a semicolon without a command/,
                  "SELECT 1;\n;\n");
    bad_migration('an open dollar quote', qr/2: a quote or comment that/,
                  "SELECT 1;\nSELECT \$\$ abc;\n");
    bad_migration('a wrong name', qr/1: name it NNNN_name\.sql/,
                  "SELECT 1;\n", 'first.sql');
    bad_migration('a gap', qr/1: number 1 is expected/,
                  "SELECT 1;\n", '0002_b.sql');
};

subtest 'migrations are split into commands' => sub {
    require Lex;
    require Migrations;
    my $text = <<'SQL';
-- a comment; with a semicolon
CREATE TABLE a (t text DEFAULT 'it''s; fine' /* ; /* ; */ ; */);
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN  -- ; kept
    PERFORM 1; PERFORM $x$;$x$;
END
$$;
CREATE TABLE "a;b" (c text DEFAULT E'\';'); SELECT $q$ $$ ; $q$;
SQL
    is_deeply [ map { $_->[0] }
                Migrations::split_commands($text, 'test') ],
        [ "CREATE TABLE a (t text DEFAULT 'it''s; fine' )",
          "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS \$\$\n"
          . "BEGIN  -- ; kept\n    PERFORM 1; PERFORM \$x\$;\$x\$;\nEND\n\$\$",
          "CREATE TABLE \"a;b\" (c text DEFAULT E'\\';')",
          "SELECT \$q\$ \$\$ ; \$q\$" ];
};

subtest 'variants' => sub {
    require Rows;
    require Statements;
    my $make = sub {
        my ($text) = @_;
        spew("$dir/v/s.sql", $text);
        spew("$dir/v/thing.row", $ROW);
        my @errors;
        my $rows = Rows::load("$dir/v", \@errors);
        my ($s) = @{ Statements::load("$dir/v", $rows, \@errors) };
        is "@errors", '', 'no errors';
        return { map { ($_->{name} => [ $_->{sql},
                        map { $_->{name} } @{ $_->{params} } ]) }
                 @{ $s->{variants} } };
    };

    is_deeply $make->("-- s: x\n-- in: a int8, b int8\n-- out: thing\n"
                      . "-- limit: 5 10\n"
                      . "SELECT \@thing\@ FROM t WHERE a::int8 = ':b'\n"
                      . "/*[x]*/\n  AND b = :b\n/*[/x]*/\n"
                      . "/*[!x]*/\n  AND a = :a\n/*[/!x]*/\n"
                      . " LIMIT \@limit\@\n"), {
        s_5    => [ "SELECT t.id FROM t WHERE a::int8 = ':b'\n"
                    . "  AND a = \$1\n LIMIT 5", 'a' ],
        s_10   => [ "SELECT t.id FROM t WHERE a::int8 = ':b'\n"
                    . "  AND a = \$1\n LIMIT 10", 'a' ],
        s_x_5  => [ "SELECT t.id FROM t WHERE a::int8 = ':b'\n"
                    . "  AND b = \$1\n LIMIT 5", 'b' ],
        s_x_10 => [ "SELECT t.id FROM t WHERE a::int8 = ':b'\n"
                    . "  AND b = \$1\n LIMIT 10", 'b' ],
    };
    is_deeply [ sort keys %{ $make->(
        "-- s: x\n-- out: n int8\n-- blocks: a | b c\n"
        . "SELECT 1 /*[a]*/ + 1 /*[/a]*/ /*[b]*/ + 2 /*[/b]*/"
        . " /*[c]*/ + 3 /*[/c]*/\n") } ], [qw(s s_a s_b_c)],
        'only the combinations that are listed, and none at all';
    is_deeply $make->("-- s: x\n-- in: b int8, a int8\n-- out: n int8\n"
                      . "SELECT :a + :b + :a\n"),
        { s => [ "SELECT \$2 + \$1 + \$2", 'b', 'a' ] },
        'numbers follow the declaration';
};

subtest 'what JSON and templates know of a row' => sub {
    my ($code, $err, $out) = generate(
        'statements/thing.row' =>
            "# A thing.\nid int8 t.id -- x\nvote int8 fill viewer -- x\n"
            . "up bool page viewer -- x\nseen int8 viewer t.seen -- x\n"
            . "at int8 page t.at -- x\nowner int8? private t.owner -- x\n",
        'statements/s.sql' => "-- s: a thing\n-- out: thing\n"
            . "SELECT \@thing\@ FROM t\n",
        'migrations/0001_a.sql' => "CREATE TABLE a (t text);\n");
    is $err, '', 'no errors';

    my $c = slurp("$out/stmts.c");
    my %flags = $c =~ /\{ "(\w+)", DEALS_(?:INT|BOOL), ([\w|]+),/g;
    is_deeply \%flags, {
        id => '0', vote => 'DEALS_VIEWER',
        up => 'DEALS_PAGE_ONLY|DEALS_VIEWER', seen => 'DEALS_VIEWER',
        at => 'DEALS_PAGE_ONLY',
    }, 'flags, and nothing of what is private';
    like $c, qr/SELECT t\.id, t\.seen, t\.at, t\.owner FROM/,
        'it is a column all the same';
    like slurp("$out/deals/rows.h"), qr/int64_t  owner;/, 'that C can see';
};

subtest 'C that compiles, and is left alone' => sub {
    my ($code, $err, $out) = generate(
        'statements/thing.row' =>
            "# A thing: \"quoted\" \\ and a long text that goes on and on until"
            . " it is wrapped somewhere */ here.\n"
            . "id int8 t.id -- its number\n"
            . "o.a text? t.a -- x\no.b int8? t.b -- x\no.c float8? page -- x\n"
            . "p.amount int8? t.p -- x\np.currency text? t.c -- x\n"
            . "p.text text? page -- x\nq.a text? t.a -- x\nq.b int8? t.b -- x\n"
            . "q.c float8? page -- x\ntags text[] t.tags -- x\n"
            . "more list thing page -- x\nat timestamptz? fill -- x\n",
        'statements/s.sql' =>
            "-- s: a \"thing\"\n-- in: id int8, tags text[], at timestamptz?,\n"
            . "--       us timestamptz_us[], ok bool?\n-- out: thing\n"
            . "-- limit: 1 9\nSELECT \@thing\@ FROM t WHERE t.id = :id\n"
            . "/*[x]*/ AND t.tags = :tags AND t.at = :at /*[/x]*/\n"
            . "/*[y]*/ AND t.at = ANY (:us) /*[/y]*/ AND :ok\n"
            . "LIMIT \@limit\@\n",
        'statements/none.sql' =>
            "-- none: nothing\n-- out: none\n-- write\n-- slow\nDELETE FROM t\n",
        'migrations/0001_a.sql' =>
            "CREATE TABLE a (t text DEFAULT '\"\\??/');\n");
    is $err, '', 'no errors';

    my @flags = qw(-std=gnu11 -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes
                   -Wmissing-prototypes -Wpointer-arith -Wvla -Werror
                   -D_GNU_SOURCE);
    for my $file (qw(stmts.c migrations.c)) {
        my $said = `cc @flags -I$root/libdeals/include -I$root/libdeals \\
            -I$out -c -o $dir/object.o $out/$file 2>&1`;
        is $?, 0, "$file compiles without a warning" or diag $said;
    }
    my $stmts = slurp("$out/stmts.c");
    like $stmts, qr/"DELETE FROM t",\s+0, NULL, 0, NULL, 1, 1 \}/,
        'write and slow';
    like $stmts, qr/"s_x_y_9",.*?, 0, 0 \}/s, 'neither';
    my $rows = slurp("$out/deals/rows.h");
    like $rows, qr/const deals_money  \*p;/, 'money is the known type';
    like $rows, qr/typedef deals_thing_o  deals_thing_q;/,
        'objects that are alike share a type';

    my %was = map { $_ => (stat "$out/$_")[9] } qw(stmts.c stmts.h migrations.c
                                                   deals/rows.h);
    utime 1000, 1000, map { "$out/$_" } keys %was;
    my $sql = "$dir/$tree";
    spew("$sql/migrations/0002_b.sql", "SELECT 1;\n");
    is system("cd $sql && $^X $root/sql/generate out ."), 0, 'run again';
    is +(stat "$out/stmts.h")[9], 1000, 'the same content keeps its time';
    is +(stat "$out/deals/rows.h")[9], 1000, 'so do the rows';
    isnt +(stat "$out/migrations.c")[9], 1000, 'another content does not';
    like slurp("$out/stmts.c"), qr/deals_schema_version = 2;/,
        'and the version is known';
};

subtest 'the house itself' => sub {
    my $out = "$dir/house";
    my $said = `$^X $root/sql/generate $out 2>&1`;
    is $said, '', 'no errors';
    my $long = grep { length > 100 && !/^ +"/ } split /\n/,
        slurp("$out/stmts.c");
    is $long, 0, 'readable lines';
};

is system("$^X $root/sql/generate >$dir/usage 2>&1") >> 8, 2,
    'usage without a directory';

done_testing;
