package Statements;

# Reads sql/statements/*.sql: a header that says what a statement takes and
# answers, and its SQL; makes every variant of it.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use Lex;
use Rows;
use Types;

# Reads every statement of a directory, in the order of their names:
#   name, file, doc, write, slow
#   in        parameters: { name, type, line, when } - when: in which blocks it
#             is used, a list of { block => 1|0 }; one that is empty: always
#   blocks    names, in order of appearance
#   limits    numbers, rising
#   out       the row that it answers with (Rows), or undef
#   own_row   1: `out` is not shared, its columns stand in the header
#   variants  { name, on => { block => 1 }, limit, sql, params => [in],
#               columns => [Types] }: for each combination all limits, rising
#   combos    the combinations, each a list of blocks
sub load {
    my ($dir, $rows, $errors) = @_;
    my @statements;

    for my $file (sort { $a cmp $b } bsd_glob("$dir/*.sql")) {
        my $statement = eval { parse($file, $rows) };
        if ($statement) {
            push @statements, $statement;
        } else {
            push @$errors, $@;
        }
    }
    my %seen;
    for my $s (@statements) {
        for my $variant (@{ $s->{variants} }) {
            my $other = $seen{ $variant->{name} };
            if ($other) {
                push @$errors, "$s->{file}:1: variant '$variant->{name}' is"
                    . " also one of $other->{file}\n";
            }
            if (length($variant->{name}) > 63) {
                push @$errors, "$s->{file}:1: '$variant->{name}' is longer"
                    . " than PostgreSQL's 63\n";
            }
            $seen{ $variant->{name} } = $s;
        }
    }
    return \@statements;
}

sub parse {
    my ($file, $rows) = @_;
    my ($name) = $file =~ m{([^/]+)\.sql\z};
    my $s = { name => $name, file => $file, in => [], blocks => [],
              limits => [] };

    Lex::check_name($file, 1, 'statement', $name);
    my ($header, $body, $line) = split_header($file);
    read_in($s, $header->{in});
    read_out($s, $header->{out}, $rows);
    read_limit($s, $header->{limit});
    $s->{doc} = $header->{doc};
    $s->{write} = $header->{write} ? 1 : 0;
    $s->{slow} = $header->{slow} ? 1 : 0;

    my $tokens = mark_tokens($s, $body, $line, $rows);
    check_body($s, $tokens, $header);
    read_blocks($s, $header->{blocks});
    expand($s, $tokens);
    return $s;
}

# The header's entries, each { text, line }, the text after it and its line.
sub split_header {
    my ($file) = @_;
    my @lines = split /\n/, Lex::read_file($file);
    my ($name) = $file =~ m{([^/]+)\.sql\z};
    my %header;
    my $line = 0;
    my $last;

    if (!@lines || $lines[0] !~ /\A--\s*\Q$name\E:\s+(\S.*?)\s*\z/) {
        Lex::fail($file, 1, "begin with '-- $name: what it answers'");
    }
    $header{doc} = $1;
    while (++$line < @lines && $lines[$line] =~ /\A--\s?(.*?)\s*\z/) {
        my $text = $1;
        if ($text =~ /\A(in|out|blocks|limit):\s*(.*)\z/) {
            if ($header{$1}) {
                Lex::fail($file, $line + 1, "'$1:' a second time");
            }
            $last = $header{$1} = { text => $2, line => $line + 1 };
        } elsif ($text =~ /\A(write|slow)\z/) {
            $header{$1} = 1;
        } elsif ($last) {
            $text =~ /\A\s+\S/
                or Lex::fail($file, $line + 1, "'$text': one of in: out:"
                             . " blocks: limit: write, slow, or an indented"
                             . " line that goes on");
            $last->{text} .= $text;
        } else {
            $header{doc} .= " $text";
        }
    }
    if (!$header{out}) {
        Lex::fail($file, $line, "'-- out:' is missing (none, a row, or"
                  . " columns)");
    }
    return (\%header, join("\n", @lines[ $line .. $#lines ]), $line + 1);
}

# "name type?, name type" as a list of { name, type, line }.
sub read_list {
    my ($s, $entry, $use) = @_;
    my (@list, %seen);

    for my $item (split /\s*,\s*/, $entry->{text}, -1) {
        my ($name, $type) = $item =~ /\A\s*(\S+)\s+(\S+)\s*\z/
            or Lex::fail($s->{file}, $entry->{line},
                         "'$item': write 'name type, name type'");
        Lex::check_name($s->{file}, $entry->{line}, 'name', $name);
        if ($seen{$name}++) {
            Lex::fail($s->{file}, $entry->{line}, "'$name' stands twice");
        }
        push @list, {
            name => $name, line => $entry->{line}, file => $s->{file},
            type => Types::parse($s->{file}, $entry->{line}, $type, $use),
        };
    }
    return \@list;
}

sub read_in {
    my ($s, $entry) = @_;

    return if !$entry || $entry->{text} =~ /\A(?:none)?\z/;
    $s->{in} = read_list($s, $entry, 'in');
    for my $param (@{ $s->{in} }) {
        if ($param->{name} eq 'limit') {
            Lex::fail($s->{file}, $entry->{line}, "a limit is '-- limit:' and"
                      . " \@limit\@, not a parameter");
        }
    }
    return;
}

sub read_out {
    my ($s, $entry, $rows) = @_;
    my $text = $entry->{text};

    return if $text eq 'none';
    if ($text =~ /\A\w+\z/) {
        $s->{out} = $rows->{$text};
        if (!$s->{out} || !$s->{out}{columns}) {
            Lex::fail($s->{file}, $entry->{line}, "no row '$text'");
        }
        return;
    }
    my $fields = read_list($s, $entry, 'out');
    $s->{own_row} = 1;
    $s->{out} = { name => "$s->{name}_row", doc => "A row of $s->{name}.",
                  fields => $fields, columns => $fields };
    return;
}

sub read_limit {
    my ($s, $entry) = @_;

    return if !$entry;
    $s->{limits} = [ split ' ', $entry->{text} ];
    my $last = 0;
    for my $limit (@{ $s->{limits} }) {
        if ($limit !~ /\A[1-9][0-9]{0,5}\z/ || $limit <= $last) {
            Lex::fail($s->{file}, $entry->{line},
                      "'$limit': write rising numbers");
        }
        $last = $limit;
    }
    if (!$last) {
        Lex::fail($s->{file}, $entry->{line}, "which limits?");
    }
    return;
}

# Tokens of the body, each with the blocks that it stands in as a fourth item
# ({ block => 1|0 }); block marks and comments are gone, rows are filled in.
sub mark_tokens {
    my ($s, $body, $first_line, $rows) = @_;
    my $file = $s->{file};
    my (@open, @tokens, %known);

    for my $token (Lex::tokens($body, $file, $first_line)) {
        my ($kind, $text, $line) = @$token;

        if ($kind eq 'comment') {
            next;
        }
        if ($kind eq 'mark') {
            my ($mark) = $text =~ m{\A/\*\[(.*)\]\*/\z};
            if ($mark =~ s{\A/}{}) {
                my $block = pop @open;
                if (!$block || $block->[2] ne $mark) {
                    Lex::fail($file, $line, "/*[/$mark]*/ closes "
                              . ($block ? "/*[$block->[2]]*/ of line"
                                        . " $block->[3]" : 'nothing'));
                }
                next;
            }
            my ($not, $name) = $mark =~ /\A(!?)(.*)\z/;
            Lex::check_name($file, $line, 'block', $name);
            if (grep { $_->[0] eq $name } @open) {
                Lex::fail($file, $line, "block '$name' inside itself");
            }
            push @open, [ $name, $not ? 0 : 1, $mark, $line ];
            push @{ $s->{blocks} }, $name if !$known{$name}++;
            next;
        }
        my %when = map { $_->[0] => $_->[1] } @open;
        if ($kind eq 'row' && $text ne '@limit@') {
            push @tokens, row_token($s, $text, $line, $rows, \%when);
            next;
        }
        push @tokens, [ $kind, $text, $line, \%when ];
    }
    if (@open) {
        Lex::fail($file, $open[-1][3],
                  "/*[$open[-1][2]]*/ is never closed");
    }
    return \@tokens;
}

# "@card@": the columns of the row that the statement answers with.
sub row_token {
    my ($s, $text, $line, $rows, $when) = @_;
    my ($name) = $text =~ /\A\@(.*)\@\z/;

    if (!$s->{out} || $s->{own_row} || $s->{out}{name} ne $name) {
        Lex::fail($s->{file}, $line, "$text, but '-- out:' is not $name");
    }
    if ($s->{filled}++) {
        Lex::fail($s->{file}, $line, "$text a second time");
    }
    if (%$when) {
        Lex::fail($s->{file}, $line, "$text inside a block");
    }
    my $list = '';
    my $width = 0;
    for my $sql (map { $_->{sql} } @{ $s->{out}{columns} }) {
        $list .= $list eq '' ? '' : $width + length($sql) > 70 ? ",\n       "
                                                              : ', ';
        $width = $list =~ /\n\z|\n       \z|\A\z/ ? 7 : $width + 2;
        $list .= $sql;
        $width += length($sql);
    }
    return [ 'other', $list, $line, $when ];
}

sub check_body {
    my ($s, $tokens, $header) = @_;
    my $file = $s->{file};
    my %param = map { $_->{name} => $_ } @{ $s->{in} };
    my $limited;

    for my $token (@$tokens) {
        my ($kind, $text, $line, $when) = @$token;

        if ($kind eq 'semi') {
            Lex::fail($file, $line, "one statement, without a semicolon");
        }
        if ($kind eq 'other' && $text eq '$') {
            Lex::fail($file, $line, "write parameters as :name");
        }
        if ($kind eq 'row') {
            $limited = $line;
        }
        if ($kind eq 'param') {
            my $used = $param{ substr($text, 1) }
                or Lex::fail($file, $line, "parameter '$text' is not declared"
                             . " in '-- in:'");
            push @{ $used->{when} }, $when;
        }
    }
    my ($first) = grep { $_->[0] ne 'space' } @$tokens;
    if (!$first) {
        Lex::fail($file, 1, "there is no statement");
    }
    for my $param (@{ $s->{in} }) {
        if (!$param->{when}) {
            Lex::fail($file, $param->{line},
                      "parameter '$param->{name}' is never used");
        }
    }
    if ($limited && !@{ $s->{limits} }) {
        Lex::fail($file, $limited, "\@limit\@, but no '-- limit:'");
    }
    if (!$limited && @{ $s->{limits} }) {
        Lex::fail($file, $header->{limit}{line},
                  "'-- limit:', but \@limit\@ is not used");
    }
    if ($s->{out} && !$s->{own_row} && !$s->{filled}) {
        Lex::fail($file, $header->{out}{line}, "'-- out: $s->{out}{name}', but"
                  . " \@$s->{out}{name}\@ is not used");
    }
    my $words = join ' ', map { uc $_->[1] } grep { $_->[0] eq 'word' }
        @$tokens;
    if (!$s->{write} && $words =~ /\A(?:INSERT|UPDATE|DELETE)\b
                                   |\bINSERT\ INTO\b|\bDELETE\ FROM\b
                                   |\bUPDATE\ \w+\ (?:(?:AS\ )?\w+\ )?SET\b/x)
    {
        Lex::fail($file, $first->[2], "it writes: say '-- write'");
    }
    return;
}

# Which combinations of blocks there are: the one without any, and those listed,
# "-- blocks: after | tag | after tag"; all if none are listed.
sub read_blocks {
    my ($s, $entry) = @_;
    my @blocks = @{ $s->{blocks} };
    my %known = map { $_ => 1 } @blocks;
    my %param = map { $_->{name} => 1 } @{ $s->{in} };
    my @combos;

    for my $block (@blocks) {
        if ($param{$block} || $block eq 'limit') {
            Lex::fail($s->{file}, 1, "'$block' is a block and a parameter");
        }
    }
    if ($entry) {
        my %listed;
        @combos = map { [ split ' ' ] } split /\|/, $entry->{text};
        for my $block (map { @$_ } @combos) {
            $listed{$block} = 1;
            if (!$known{$block}) {
                Lex::fail($s->{file}, $entry->{line},
                          "there is no block '$block'");
            }
        }
        for my $block (grep { !$listed{$_} } @blocks) {
            Lex::fail($s->{file}, $entry->{line},
                      "block '$block' is in no combination");
        }
    } else {
        if (@blocks > 5) {
            Lex::fail($s->{file}, 1, "more than 5 blocks: list the"
                      . " combinations in '-- blocks:'");
        }
        @combos = map {
            my $mask = $_;
            [ @blocks[ grep { $mask & (1 << $_) } 0 .. $#blocks ] ]
        } 1 .. (1 << @blocks) - 1;
    }
    my %seen = ('' => 1);
    $s->{combos} = [ [] ];
    for my $combo (@combos) {
        my %on = map { $_ => 1 } @$combo;
        my @ordered = grep { $on{$_} } @blocks;
        push @{ $s->{combos} }, \@ordered if !$seen{"@ordered"}++;
    }
    return;
}

# Whether something that stands in the blocks `when` is there when `on` are.
sub active {
    my ($when, $on) = @_;

    for my $block (keys %$when) {
        return 0 if ($on->{$block} // 0) != $when->{$block};
    }
    return 1;
}

sub expand {
    my ($s, $tokens) = @_;

    for my $combo (@{ $s->{combos} }) {
        my %on = map { $_ => 1 } @$combo;
        for my $limit (@{ $s->{limits} } ? @{ $s->{limits} } : undef) {
            my @params = grep {
                grep { active($_, \%on) } @{ $_->{when} }
            } @{ $s->{in} };
            my %number;
            @number{ map { ":$_->{name}" } @params } = 1 .. @params;

            my $sql = join '', map {
                my ($kind, $text) = @$_;
                $kind eq 'param' ? "\$$number{$text}"
              : $kind eq 'row'   ? $limit
              :                    $text;
            } grep { active($_->[3], \%on) } @$tokens;
            $sql =~ s/ +\n/\n/g;
            $sql =~ s/\n{2,}/\n/g;
            $sql =~ s/\A\s+|\s+\z//g;

            push @{ $s->{variants} }, {
                name => join('_', $s->{name}, @$combo, $limit // ()),
                on => \%on, limit => $limit, sql => $sql,
                params => \@params,
                columns => $s->{out} ? [ map { $_->{type} }
                                         @{ $s->{out}{columns} } ] : [],
            };
        }
    }
    return;
}

1;
