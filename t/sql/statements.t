# Every variant of every statement, as it is compiled in: a live server sees the
# parameters and columns that the generated code sees; and on a large community
# no plan reads more than it must.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../../sql/lib";
use JSON::PP qw(decode_json);
use Test::More;

use Deals::Test;
use Rows;
use Statements;

my $t = Deals::Test->new(redis => 0);
my ($root, $dir) = ($t->root, $t->dir);

# --- types ------------------------------------------------------------------

sub describe {
    my $pg = `pg_config --includedir`;
    chomp $pg;
    my @san = $ENV{DEALS_ASAN} ? "-fsanitize=address,undefined" : ();
    my $said = `cc -std=gnu11 -Wall -Wextra @san -I$pg \\
        -I$root/libdeals/include -I$root/libdeals -o $dir/describe $root/t/sql/describe.c \\
        $t->{build}/libdeals.a -lpq -lm 2>&1`;
    is $?, 0, 'describe.c compiles' or diag $said;
    my $r = $t->command([ "$dir/describe", $t->database ]);
    is $r->{code}, 0, 'and runs' or diag $r->{err};
    return split /\n/, $r->{out};
}

my @rows_errors;
my $rows = Rows::load("$root/sql/statements", \@rows_errors);
my $statements = Statements::load("$root/sql/statements", $rows,
                                  \@rows_errors);
is "@rows_errors", '', 'the statements can be read';
my %seen;

subtest 'types' => sub {
    for my $line (describe()) {
        my ($name, $write, @types) = split /\t/, $line;
        $seen{$name} = 1;
        if (@types == 1) {
            fail "$name: $types[0]";
            next;
        }
        is $types[1], $types[0], "$name: parameters";
        is $types[3], $types[2], "$name: columns";
    }
};
is_deeply [ sort keys %seen ],
    [ sort map { $_->{name} } map { @{ $_->{variants} } } @$statements ],
    'every variant is in the library that was built';

# --- plans ------------------------------------------------------------------

$t->sql(do { local (@ARGV, $/) = "$FindBin::Bin/large.sql"; <> });

my ($deal_time, $deal_hot) = split /\|/,
    $t->sql('SELECT created_at, hot FROM deal_stats WHERE deal_id = 50000');
my $day = "(date_part('epoch', now()) / 86400)::int4";

# What parameters are, by name, or else by type.
my %NAMED = (
    now => 'now()', since => "now() - interval '365 days'",
    idle_since => "now() - interval '30 days'", first_day => "$day - 365",
    last_day => $day, after_hot => "'$deal_hot'", after_id => 50000,
    after_time => "'$deal_time'", after_score => 400, after_rank => '0.1',
    tag => "'tag-7'", slug => "'merchant-3'", name_key => "'member_7'",
    email_key => "'member_7\@example.org'", token_hash => 'md5(\'7\')',
    last_id => 51000, after => "'member_5'", user_id => 7, deal_id => 50000,
    comment_id => 1, id => 50000, name => "'tau'", role => "'member'",
    deal_ids => "ARRAY(SELECT generate_series(50000, 50024))::int8[]",
    comment_ids => "ARRAY(SELECT generate_series(1, 25))::int8[]",
);
my %TYPED = (
    int2 => 1, int4 => 1, int8 => 7, float8 => '0.5', bool => 'true',
    text => "'x'", timestamptz => 'now()', timestamptz_us => 'now()',
);

sub sql_type { return $_[0]{name} =~ s/_us//r }

sub argument {
    my ($param) = @_;
    my $type = sql_type($param->{type});
    my $value = $NAMED{ $param->{name} } // $TYPED{ $param->{type}{name} }
        // "'{}'";

    # EXECUTE takes no subqueries.
    if ($value =~ /\AARRAY\(SELECT generate_series\((\d+), (\d+)\)/) {
        $value = 'ARRAY[' . join(',', $1 .. $2) . ']';
    }
    return "($value)::$type";
}

# Every node of a plan, with its depth-first path of types.
sub nodes {
    my ($plan) = @_;

    return ($plan, map { nodes($_) } @{ $plan->{Plans} || [] });
}

my %small = map { $_ => 1 } qw(settings merchants schema_version pg_class);
# Rows that a statement may look at, if more than 60 for each that it answers
# with (100 where it has no limit).
my %looks = (feed_top => 12_000, feed_top_ids => 18_000, feed_hot_ids => 2_000,
             feed_top_all_ids => 2_000, verify_deals => 30_000,
             verify_comments => 30_000, verify_range => 2_000,
             verify_members => 2_000,
             member_list => 4_000, comment_replies => 2_000,
             comment_replies_of => 200, comment_root_ids => 2_000);

# What is wrong with a plan.
sub faults {
    my ($s, $v, $json) = @_;
    my ($looked, @bad) = 0;

    for my $node (nodes(decode_json($json)->[0]{Plan})) {
        my $table = $node->{'Relation Name'};
        my $rows = $node->{'Actual Rows'} // $node->{'Plan Rows'};
        if ($table && !$small{$table} && $node->{'Node Type'} eq 'Seq Scan'
            && ($json !~ /"Actual Rows"/ || $rows > 1))    # EXISTS stops at 1
        {
            push @bad, "Seq Scan on $table";
        }
        if ($node->{'Node Type'} =~ /Sort/) {
            my $below = $node->{Plans}[0];
            my $n = $below->{'Actual Rows'} // $below->{'Plan Rows'};
            push @bad, "Sort of $n rows" if $n > 20_000;
        }
        if ($table) {
            my $removed = ($node->{'Rows Removed by Filter'} // 0)
                + ($node->{'Rows Removed by Index Recheck'} // 0);
            $looked += ($rows + $removed) * ($node->{'Actual Loops'} // 1);
        }
    }
    my $may = $looks{ $s->{name} } // ($v->{limit} ? $v->{limit} * 60 : 100);
    if (!$s->{write} && $looked > $may) {
        push @bad, "looks at $looked rows, not at most $may";
    }
    return @bad;
}

# The command that prepares a variant, and what it is executed with.
sub prepared {
    my ($v) = @_;
    my @params = @{ $v->{params} };
    my $types = join ', ', map { sql_type($_->{type}) } @params;
    my $values = join ', ', map { argument($_) } @params;
    $types = "($types)" if @params;
    $values = "($values)" if @params;
    return ("PREPARE $v->{name} $types AS $v->{sql};\n", $values);
}

# What the library's connections have set.
my $SESSION = "SET jit = off;\nSET enable_bitmapscan = off;\n"
    . "SET random_page_cost = 1.1;\n";

# [statement, variant, plan] of each variant.
sub plans {
    my ($mode, @of) = @_;
    my $script = "${SESSION}SET plan_cache_mode = $mode;\n";
    my @asked;

    for my $s (@of) {
        for my $v (@{ $s->{variants} }) {
            my ($prepare, $values) = prepared($v);
            my $options = $s->{write} ? '' : 'ANALYZE, TIMING OFF, ';
            $script .= $prepare . "EXPLAIN (${options}FORMAT JSON) EXECUTE $v->{name}$values"
                . ";\nSELECT 'end';\n";
            push @asked, [ $s, $v ];
        }
    }
    my @plans = split /^end$/m, join "\n", $t->sql($script);
    is scalar @plans, scalar @asked, 'every variant has a plan';
    return map { [ @{ $asked[$_] }, $plans[$_] ] } 0 .. $#plans;
}

for my $mode (qw(force_custom_plan force_generic_plan)) {
    subtest $mode => sub {
        for my $plan (plans($mode, @$statements)) {
            my ($s, $v, $json) = @$plan;
            my @bad = faults($s, $v, $json);
            is "@bad", '', $v->{name} or diag $v->{sql}, $json;
        }
    };
}

# Planning costs more than most statements do. PostgreSQL goes on with it for
# those whose plan without the parameters looks dearer than those with them. That
# of a window's order does, which is asked for once by all who leaf through it.
my $rare = qr/\Afeed_top_ids_/;
subtest 'a plan is made once' => sub {
    my $script = $SESSION;
    my %mode;
    for my $v (map { @{ $_->{variants} } } @$statements) {
        my ($prepare, $values) = prepared($v);
        $script .= $prepare
            . "EXPLAIN EXECUTE $v->{name}$values \\g /dev/null\n" x 7;
    }
    for my $row ($t->sql($script . 'SELECT name, generic_plans'
                         . ' FROM pg_prepared_statements;')) {
        my ($name, $generic) = split /\|/, $row;
        cmp_ok $generic, ">=", 2, $name if $name !~ $rare;
        $mode{$name} = 1;
    }
    is scalar keys %mode, scalar keys %seen, 'all were looked at';
};

subtest 'the check itself sees an index that is missing' => sub {
    $t->sql("DROP INDEX deal_stats_hot, deals_by_user, deal_stats_top_of_day");
    for my $plan (plans('force_custom_plan',
                        grep { $_->{name} =~ /\Afeed_(?:hot|user|top)\z/ }
                            @$statements)) {
        my ($s, $v, $json) = @$plan;
        isnt scalar(faults($s, $v, $json)), 0, $v->{name};
    }
};

$t->finish;
