# The command line itself: help, options, operands, exit codes, messages; then
# settings, members and deals as the operator handles them.

use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";
use Test::More;
use Deals::Terminal;
use Deals::Test;

my $t = Deals::Test->new;
my @commands = ('migrate', 'demo', 'import', 'verify', 'set', 'user add',
    'user passwd', 'user list', 'user role', 'deal hide', 'deal show');

# Runs a line; the exit code must be `code`, stdout match `out`, stderr `err` (a
# string is the whole text).
sub run_ok {
    my ($name, $code, $out, $err, @args) = @_;
    my $r = $t->deals(@args);
    my $good = 1;
    for (['out', $out], ['err', $err]) {
        my ($stream, $want) = @$_;
        $good &&= ref $want ? $r->{$stream} =~ $want : $r->{$stream} eq $want;
    }
    ok $good && $r->{code} == $code, $name
        or diag "exit $r->{code}\nout: $r->{out}\nerr: $r->{err}";
    return $r;
}

subtest 'help' => sub {
    my $all = run_ok 'deals --help', 0, qr/^Usage: deals COMMAND/, '', '--help';
    for my $command (@commands) {
        like $all->{out}, qr/^  \Q$command\E /m, "names $command";
        my $r = run_ok "$command --help", 0,
            qr/^Usage: deals \Q$command\E.*^Exit status/ms, '',
            split(/ /, $command), '--help';
        run_ok "help $command", 0, $r->{out}, '', 'help', split / /, $command;
        ok !(grep { length > 80 } split /\n/, $r->{out}), '80 columns';
    }
    run_ok 'a group', 0, qr/deals user add .*deals user role/s, '', 'user',
        '--help';
    run_ok 'needs no database', 0, qr/Usage/, '', 'verify', '--database=',
        '-h';
    run_ok 'only the options that it takes', 0,
        qr/\A(?!.*--admin)(?!.*--role)/s, '', 'verify', '--help';
    run_ok 'the version', 0, qr/\Adeals \d+\.\d+\.\d+\n\z/, '', '--version';
};

subtest 'a wrong command line' => sub {
    my @wrong = (
        [qr/say what to do/],
        [qr/unknown command "frobnicate"/, 'frobnicate'],
        [qr/unknown command "frobnicate"/, 'frobnicate', '--help'],
        [qr/what about the user\?.*deals user add/s, 'user'],
        [qr/unknown command "user frob"; .*deals user add/s, 'user', 'frob'],
        [qr/unknown command "deal frob"; .*deals deal hide/s, 'deal', 'frob'],
        [qr/^deals: unrecognized option '--frob'/, 'verify', '--frob'],
        [qr/^deals: invalid option -- 'x'/, 'verify', '-x'],
        [qr/option '--database' requires an argument/, 'verify', '--database'],
        [qr/verify takes no --role/, 'verify', '--role', 'x'],
        [qr/import takes no --password-stdin/, 'import', '-',
            '--password-stdin'],
        [qr/usage: deals verify\n/, 'verify', 'x'],
        [qr/usage: deals import FILE\|-\n/, 'import'],
        [qr/usage: deals import/, 'import', 'a', 'b'],
        [qr/usage: deals migrate\n/, 'migrate', 'now'],
        [qr/usage: deals user add NAME\n/, 'user', 'add'],
        [qr/usage: deals user role NAME ROLE\n/, 'user', 'role', 'ann'],
        [qr/usage: deals deal hide ID\.\.\.\n/, 'deal', 'hide'],
        [qr/usage: deals set \[NAME/, 'set', 'a', 'b', 'c'],
        [qr/--role must be member, .*"king"/, 'user', 'add', 'ann', '--role',
            'king'],
        [qr/ROLE must be member, .*"king"/, 'user', 'role', 'ann', 'king'],
        map { [qr/"\Q$_\E" is not an id/, 'deal', 'hide', '--', '1', $_] }
            qw(0 -1 12x 9007199254740992 99999999999999999999), '', ' ',
            "1\n",
    );
    run_ok "deals @$_[1 .. $#$_]", 2, '', @$_ for @wrong;
};

subtest 'which database' => sub {
    my %none = (env => { DEALS_DATABASE => '', DEALS_DATABASE_ADMIN => '',
                         DEALS_REDIS => '' });
    for my $command (['verify'], ['import', '-'], ['demo'], ['set'],
                     ['user', 'list'], ['user', 'add', 'ann'],
                     ['deal', 'hide', 1]) {
        run_ok "@$command without one", 2, '',
            qr/which database\? Set DEALS_DATABASE or use --database/,
            @$command, \%none;
    }
    run_ok 'migrate without one', 2, '', qr/which database\? .*--admin/,
        'migrate', \%none;
    run_ok 'by option', 0, qr/^tau 45000$/m, '', 'set', '--database',
        $t->database, \%none;
    run_ok 'not a conninfo', 2, '', qr/database: /, 'set', '--database', 'foo';
    run_ok 'not a Redis', 2, '', qr/redis: /, 'set', '--redis', 'foo:bar:1';
    run_ok 'no Redis', 0, qr/^tau/m, '', 'set', '--redis',
        "unix:" . $t->dir . '/none';
    my $away = 'host=' . $t->dir . '/none dbname=deals user=deals';
    for my $command (['verify'], ['import', '-'], ['demo'], ['set'],
                     ['user', 'list'], ['deal', 'show', 1]) {
        run_ok "@$command, and it is away", 3,
            qr/\A(?:1 record: 0 stored.*)?\Z/,
            qr/cannot be reached/, @$command, '--database', $away,
            { input => record(1) };
    }
    run_ok 'migrate, and it is away', 3, '', qr/can't be reached/, 'migrate',
        '--admin', $away;
};

sub record {
    my ($n, $more) = @_;
    return sprintf '{"source":"test","source_id":"%s","title":"Deal %s",'
        . "\"created_at\":\"2026-01-31T12:00:00Z\"%s}\n", $n, $n, $more // '';
}

subtest 'another schema' => sub {
    my $empty = Deals::Test->new(database => 'empty', redis => 0);
    my $r = $empty->deals('verify', { env => { DEALS_REDIS => '' } });
    is $r->{code}, 3, 'no schema';
    like $r->{err}, qr/run `deals migrate`/, 'says what to do';
    $empty->migrate;
    $r = $empty->deals('migrate');
    is $r->{code}, 0, 'migrate again';
    like $r->{out}, qr/at version \d+, as it was/;
    $r = $empty->deals('verify');
    is $r->{out}, "0 deals: every counter and rank is what the votes say.\n",
        'verify of nothing';
};

subtest 'members' => sub {
    my @stdin = ('--password-stdin');
    run_ok 'user add', 0, '', '', 'user', 'add', 'ann', @stdin,
        { input => "correct horse\n" };
    run_ok 'with a role', 0, '', '', 'user', 'add', 'Bob', @stdin, '--role',
        'admin', { input => "correct horse\r\n" };
    run_ok 'without an end of line', 0, '', '', 'user', 'add', 'cat', @stdin,
        { input => 'correct horse' };
    is join(',', $t->sql('SELECT count(*) FROM sessions')), 0,
        'no session is left behind';

    run_ok 'taken', 1, '', qr/^deals: name: /, 'user', 'add', 'ANN', @stdin,
        { input => "correct horse\n" };
    run_ok 'no name', 1, '', qr/^deals: name: /, 'user', 'add', 'a b', @stdin,
        { input => "correct horse\n" };
    run_ok 'too short', 1, '', qr/^deals: password: /, 'user', 'add', 'dan',
        @stdin, { input => "1234567\n" };
    run_ok 'too common', 1, '', qr/^deals: password: /, 'user', 'add', 'dan',
        @stdin, { input => "password1\n" };
    run_ok 'too long', 1, '', qr/too long/, 'user', 'add', 'dan',
        @stdin, { input => 'x' x 5000 };
    run_ok 'a zero byte', 1, '', qr/zero bytes/, 'user', 'add', 'dan',
        @stdin, { input => "correct\0horse\n" };
    run_ok 'no password', 2, '', qr/no password was given/, 'user', 'add',
        'dan', @stdin;
    run_ok 'no terminal', 2, '', qr/no terminal: .*--password-stdin/, 'user',
        'add', 'dan', { input => "correct horse\n" };
    is $t->sql('SELECT count(*) FROM users'), 3, 'none of these was made';

    my $list = run_ok 'user list', 0, qr/^ann /, '', 'user', 'list';
    is join(',', map { join ' ', (split)[0, 1] } split /\n/, $list->{out}),
        'ann member,Bob admin,cat member', 'by name, with roles';
    like $list->{out}, qr/^ann +member +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m,
        'since when';

    run_ok 'user role', 0, '', '', 'user', 'role', 'bob', 'moderator';
    is $t->sql("SELECT role FROM users WHERE name = 'Bob'"), 'moderator',
        'changed';
    run_ok 'nobody', 1, '', qr/no member of that name/, 'user', 'role',
        'nobody', 'admin';

    $t->sql("INSERT INTO sessions (user_id, token_hash, created_at, seen_at,
        expires_at) SELECT user_id, sha256('x'), now(), now(), now() + '1 day'
        FROM users WHERE name = 'ann'");
    my $hash = $t->sql("SELECT password_hash FROM users WHERE name = 'ann'");
    run_ok 'a bad password', 1, '', qr/password: /, 'user', 'passwd', 'ann',
        @stdin, { input => "short\n" };
    run_ok 'for nobody', 1, '', qr/no member of that name/, 'user', 'passwd',
        'nobody', @stdin, { input => "battery staple\n" };
    is $t->sql("SELECT count(*) FROM sessions"), 1, 'nothing changed';
    run_ok 'user passwd', 0, '', '', 'user', 'passwd', 'Ann', @stdin,
        { input => "battery staple\n" };
    isnt $t->sql("SELECT password_hash FROM users WHERE name = 'ann'"), $hash,
        'changed';
    is $t->sql("SELECT count(*) FROM sessions"), 0, 'the sessions are over';
};

subtest 'breached passwords' => sub {
    my $file = $t->dir . '/breached';
    my %in = map { $_ => uc sha1_hex($_) } 'known to all', 'to many others';
    open my $f, '>', $file or die;
    print {$f} map { "$_\n" } sort values %in;
    close $f or die;
    my @add = ('user', 'add', 'kim', '--password-stdin');
    my @asked = ('--breached-passwords', $file);
    my $why = qr/\Adeals: password: is known from breaches of other sites; choose another\n\z/;
    my %env = (env => { DEALS_BREACHED_PASSWORDS => $file });
    run_ok 'user add', 1, '', $why, @add, @asked, { input => 'known to all' };
    run_ok 'by the environment', 1, '', $why, @add,
        { input => 'to many others', %env };
    run_ok 'which an option replaces', 2, '',
        qr{breached_passwords: the file "/nowhere" can't be opened: No such},
        @add, '--breached-passwords', '/nowhere', { input => 'fine one', %env };
    is $t->sql("SELECT count(*) FROM users WHERE name = 'kim'"), 0, 'nobody';
    run_ok 'another', 0, '', '', @add, @asked, { input => 'known to none' };
    my @passwd = ('user', 'passwd', 'kim', '--password-stdin');
    run_ok 'user passwd', 1, '', $why, @passwd, { input => 'to many others', %env };
    run_ok 'another', 0, '', '', @passwd, @asked, { input => 'to a few of us' };
    run_ok 'no list', 2, '', qr/no list of breached passwords: at byte 0/,
        @passwd, '--breached-passwords', $0, { input => 'fine one' };
    run_ok 'not asked', 0, '', '', @passwd, { input => 'to many others' };
    run_ok 'others do not open it', 0, qr/^kim /m, '', 'user', 'list',
        { env => { DEALS_BREACHED_PASSWORDS => '/nowhere' } };
    $t->sql("DELETE FROM users WHERE name = 'kim';
        DELETE FROM user_names WHERE name = 'kim'");
};

subtest 'more members than a page' => sub {
    $t->sql("INSERT INTO users (user_id, name, password_hash, created_at)
        SELECT n, 'mem' || n, 'x', now() FROM generate_series(1, 2003) n;
        INSERT INTO user_names (name_key, user_id, name)
        SELECT 'mem' || n, n, 'mem' || n FROM generate_series(1, 2003) n");
    my $r = $t->deals('user', 'list');
    my %seen;
    $seen{ (split)[0] }++ for split /\n/, $r->{out};
    is scalar(keys %seen), 2006, 'all of them';
    is scalar(grep { $_ != 1 } values %seen), 0, 'once';
};

subtest 'a password on the terminal' => sub {
    my %env = (env => { DEALS_DATABASE => $t->database, DEALS_REDIS => '' });
    my $ask = sub { Deals::Terminal->run(["$t->{build}/deals", 'user', 'add',
        @_], %env) };

    my $p = $ask->('eve');
    ok $p->expect(qr/Password for eve: /), 'asks';
    ok !$p->echoes, 'shows nothing of it';
    $p->type("correct horse\n");
    ok $p->expect(qr/Once more: /), 'asks again';
    $p->type("correct horse\n");
    my ($code, $seen) = $p->end;
    is $code, 0, 'made';
    unlike $seen, qr/horse/, 'was not shown';
    is $t->sql("SELECT count(*) FROM users WHERE name = 'eve'"), 1, 'is there';

    $p = $ask->('fay');
    $p->expect(qr/Password/) and $p->type("correct horse\n");
    $p->expect(qr/Once more/) and $p->type("correct hearse\n");
    ($code, $seen) = $p->end;
    is $code, 1, 'two different ones';
    like $seen, qr/not the same/, 'said';

    $p = $ask->('fay');
    $p->expect(qr/Password/) and $p->type("\cC");
    ($code) = $p->end;
    is $code, 130, 'Ctrl-C';

    $p = $ask->('fay');
    $p->expect(qr/Password/) and $p->type("\cD");
    ($code, $seen) = $p->end;
    is $code, 2, 'Ctrl-D';
    is $t->sql("SELECT count(*) FROM users WHERE name = 'fay'"), 0, 'no fay';
};

subtest 'deals' => sub {
    run_ok 'three to hide', 0, qr/3 stored/, '', 'import', '-',
        { input => join '', map { record($_) } 1 .. 3 };
    my @id = $t->sql("SELECT deal_id FROM deals ORDER BY source_id");
    my $live = sub { join ' ', $t->sql('SELECT s.live::int FROM deal_stats s
        JOIN deals USING (deal_id) ORDER BY source_id') };

    run_ok 'hide two', 0, '', '', 'deal', 'hide', @id[0, 2];
    is $live->(), '0 1 0', 'hidden';
    run_ok 'again', 0, '', '', 'deal', 'hide', $id[0];
    run_ok 'show', 0, '', '', 'deal', 'show', $id[0];
    is $live->(), '1 1 0', 'shown';
    run_ok 'one that is not there, among others', 1, '',
        qr/no such deal.*\n.*deal 17 was not hidden/, 'deal', 'hide', $id[0],
        17, $id[1];
    is $live->(), '0 0 0', 'the others are hidden';
    run_ok 'a bad id among others', 2, '', qr/"x" is not an id/, 'deal',
        'show', @id, 'x';
    is $live->(), '0 0 0', 'then nothing is done';
    run_ok 'verify', 0, qr/^3 deals/, '', 'verify';
};

subtest 'settings' => sub {
    run_ok 'all', 0, "epoch 1134028003\ntau 45000\n", '', 'set';
    run_ok 'one', 0, "tau 45000\n", '', 'set', 'tau';
    run_ok 'none such', 1, '', qr/there is no setting "foo"/, 'set', 'foo';
    run_ok 'none such to set', 1, '', qr/no such setting/, 'set', 'foo', 1;
    run_ok "tau '$_'", 1, '', qr/value: /, 'set', 'tau', $_
        for '0', '', 'abc', '1e9', '45000 ', '9999999999', '45000.5';
    run_ok 'what it is', 0, "tau 45000\n", '', 'set', 'tau', 45000;
    run_ok 'quiet', 0, '', '', '-q', 'set', 'tau', 45000;
    run_ok 'another', 0, qr/\A3 ranks changed\.\ntau 90000\n\z/, '', 'set',
        'tau', 90000;
    run_ok 'verify', 0, qr/^3 deals/, '', 'verify';
};

subtest 'what cannot be written' => sub {
    SKIP: {
        skip 'no /dev/full', 2 if !-c '/dev/full';
        my $r = $t->command(['sh', '-c', '"$0" user list >/dev/full',
            "$t->{build}/deals"], env => { DEALS_DATABASE => $t->database,
                                           DEALS_REDIS => '' });
        is $r->{code}, 3, 'a full disk';
        like $r->{err}, qr/standard output: No space/, 'said';
    }
};

$t->finish;
