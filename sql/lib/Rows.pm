package Rows;

# Reads sql/statements/*.row: what a row looks like to C, JSON and templates,
# and where each of its fields comes from.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use Lex;
use Types;

# An object of exactly these fields is the type that types.h has already.
my %KNOWN = (
    'amount:int8:0 currency:text:0 text:text:1' =>
        { ctype => 'deals_money', shape => 'deals_money_shape', known => 1 },
);

# Reads every row file of a directory. { name => row }; a row:
#   name, file, doc
#   fields    in order; a field: name, doc, line, page, viewer, private, sql
#             (undef: computed), and one of
#               type    of Types
#               object  { ctype, shape, fields, alias }
#               list    name of a row
#   columns   the fields with sql, those of objects too, in order
sub load {
    my ($dir, $errors) = @_;
    my %rows;

    for my $file (sort { $a cmp $b } bsd_glob("$dir/*.row")) {
        my $row = eval { parse($file) };
        if (!$row) {
            push @$errors, $@;
            next;
        }
        $rows{ $row->{name} } = $row;
    }
    for my $row (map { $rows{$_} } sort keys %rows) {
        eval { include($row, \%rows, {}); 1 } or push @$errors, $@;
    }
    my %objects;
    for my $row (map { $rows{$_} } sort keys %rows) {
        eval { finish($row, \%rows, \%objects); 1 } or push @$errors, $@;
    }
    return \%rows;
}

sub parse {
    my ($file) = @_;
    my ($name) = $file =~ m{([^/]+)\.row\z};
    my $row = { name => $name, file => $file, doc => '', raw => [] };
    my $line = 0;

    Lex::check_name($file, 1, 'row', $name);
    for my $text (split /\n/, Lex::read_file($file)) {
        $line++;
        if ($text =~ /\A\s*\z/) {
            next;
        }
        if ($text =~ /\A#\s*(.*?)\s*\z/) {
            $row->{doc} .= ($row->{doc} eq '' ? '' : ' ') . $1;
            next;
        }
        if ($text =~ /\Ainclude\s+(\S+)\s*\z/) {
            push @{ $row->{raw} }, { include => $1, line => $line };
            next;
        }
        push @{ $row->{raw} }, parse_field($file, $line, $text);
    }
    if ($row->{doc} eq '') {
        Lex::fail($file, 1, "say in a first line '# ...' what the row is");
    }
    return $row;
}

sub parse_field {
    my ($file, $line, $text) = @_;
    my ($left, $doc) = $text =~ /\A(.*?)\s--\s+(.*?)\s*\z/;

    if (!defined $doc || $doc eq '') {
        Lex::fail($file, $line,
                  "every field has a documentation: '-- what it is'");
    }
    my ($name, $type, $rest) = $left =~ /\A(\S+)\s+(\S+)\s*(.*?)\s*\z/
        or Lex::fail($file, $line, "write: name  type  where from  -- what");

    my $field = { name => $name, doc => $doc, line => $line, file => $file };
    my @parts = split /\./, $name, -1;

    if (@parts > 2) {
        Lex::fail($file, $line, "'$name': one dot at most");
    }
    Lex::check_name($file, $line, 'field', $_) for @parts;

    if ($type eq 'list') {
        $rest =~ s/\A(\S+)\s*//
            or Lex::fail($file, $line, "'list' of which row?");
        $field->{list} = $1;
    } else {
        $field->{type} = Types::parse($file, $line, $type, 'out');
    }
    my $fill = words($field, \$rest);
    if ($fill && $rest ne '') {
        Lex::fail($file, $line, "'fill' is computed: it takes no SQL");
    }
    if ($rest eq '' && !$fill && !$field->{page}) {
        Lex::fail($file, $line, "'$name': where from? An SQL expression,"
                  . " 'fill' or 'page'");
    }
    if ($field->{private} && (@parts > 1 || $field->{viewer})) {
        Lex::fail($file, $line, "'$name': what is private is a plain field of"
                  . " the row, the same for all viewers");
    }
    if ($rest ne '') {
        if ($field->{list}) {
            Lex::fail($file, $line, "a list of rows is computed: 'page' or"
                      . " 'fill', without SQL");
        }
        check_sql($file, $line, $rest);
        $field->{sql} = $rest;
    }
    return $field;
}

# What a field is, before where it comes from: 'fill' (computed, in JSON) or
# 'page' (for templates only) or 'private' (a column for C alone, which neither
# JSON nor templates know), and 'viewer' (depends on who looks). Returns whether
# it is 'fill'.
sub words {
    my ($field, $rest) = @_;
    my $fill = 0;

    if ($$rest =~ s/\A(page|fill|private)(?:\s+|\z)//) {
        $field->{$1} = 1 if $1 ne 'fill';
        $fill = $1 eq 'fill';
    }
    if ($$rest =~ s/\Aviewer(?:\s+|\z)//) {
        $field->{viewer} = 1;
    }
    return $fill;
}

sub check_sql {
    my ($file, $line, $sql) = @_;
    my $depth = 0;

    for my $token (Lex::tokens($sql, $file, $line)) {
        my ($kind, $text) = @$token;
        if ($kind =~ /\A(?:param|row|mark|semi|comment)\z/) {
            Lex::fail($file, $line, "'$text' has no place in a row's SQL");
        }
        if ($kind eq 'other') {
            $depth += $text eq '(' || $text eq '[' ? 1
                    : $text eq ')' || $text eq ']' ? -1 : 0;
            if ($text eq ',' && $depth == 0) {
                Lex::fail($file, $line, "one expression, without a comma");
            }
        }
    }
    if ($depth != 0) {
        Lex::fail($file, $line, "unbalanced brackets");
    }
    return;
}

# Resolves the includes of a row into its list of plain fields.
sub include {
    my ($row, $rows, $seen) = @_;
    my @plain;

    return if $row->{plain};
    $seen->{ $row->{name} } = 1;
    for my $raw (@{ $row->{raw} }) {
        if (!$raw->{include}) {
            push @plain, $raw;
            next;
        }
        my $other = $rows->{ $raw->{include} }
            or Lex::fail($row->{file}, $raw->{line},
                         "no row '$raw->{include}' to include");
        if ($seen->{ $other->{name} }) {
            Lex::fail($row->{file}, $raw->{line},
                      "'$other->{name}' includes this row in turn");
        }
        include($other, $rows, $seen);
        push @plain, @{ $other->{plain} };
    }
    delete $seen->{ $row->{name} };
    $row->{plain} = \@plain;
    return;
}

# Gathers dotted fields into objects, and names the objects' types.
sub finish {
    my ($row, $rows, $objects) = @_;
    my (%seen, %object);

    return if !$row->{plain};
    $row->{fields} = [];
    for my $plain (@{ $row->{plain} }) {
        my ($file, $line) = ($plain->{file}, $plain->{line});
        my ($name, $sub) = split /\./, $plain->{name};

        if ($seen{ $plain->{name} }++ || (!$sub && $object{$name})
            || ($sub && $seen{$name}))
        {
            Lex::fail($file, $line, "'$plain->{name}' stands twice in row"
                      . " '$row->{name}'");
        }
        if ($plain->{list} && !$rows->{ $plain->{list} }) {
            Lex::fail($file, $line, "no row '$plain->{list}'");
        }
        if (!$sub) {
            push @{ $row->{fields} }, { %$plain };
            next;
        }
        if ($plain->{list}) {
            Lex::fail($file, $line, "no list inside an object");
        }
        if (!$object{$name}) {
            $object{$name} = { name => $name, line => $line, file => $file,
                               doc => "see deals_$row->{name}_$name",
                               object => { fields => [] } };
            push @{ $row->{fields} }, $object{$name};
        } elsif ($row->{fields}[-1] != $object{$name}) {
            Lex::fail($file, $line, "the fields of '$name' stand together");
        }
        push @{ $object{$name}{object}{fields} }, { %$plain, name => $sub };
    }
    for my $field (grep { $_->{object} } @{ $row->{fields} }) {
        name_object($row, $field, $objects);
    }
    $row->{columns} = [ grep { defined $_->{sql} }
                        map { $_->{object} ? @{ $_->{object}{fields} } : $_ }
                        @{ $row->{fields} } ];
    if (!@{ $row->{columns} }) {
        Lex::fail($row->{file}, 1, "no column comes from SQL");
    }
    return;
}

# Objects with the same fields share one type, named for the first.
sub name_object {
    my ($row, $field, $objects) = @_;
    my $object = $field->{object};
    my $name = "deals_$row->{name}_$field->{name}";
    my $key = join ' ', map {
        "$_->{name}:$_->{type}{name}:" . ($_->{page} ? 1 : 0)
            . ($_->{viewer} ? ':viewer' : '')
    } @{ $object->{fields} };
    my $known = $KNOWN{$key};

    $object->{alias} = $name;
    if (!$known) {
        $key .= ' ' . join ' ', map { $_->{type}{nullable} }
            @{ $object->{fields} }[ 1 .. $#{ $object->{fields} } ];
        $known = $objects->{$key} ||= { ctype => $name,
                                        shape => "${name}_shape",
                                        owner => $name };
    }
    $object->{ctype} = $known->{ctype};
    $object->{shape} = $known->{shape};
    $object->{defined_here} = ($known->{owner} // '') eq $name;
    $field->{doc} = "see $object->{ctype}";

    # What decides whether there is an object at all.
    my ($first) = grep { defined $_->{sql} } @{ $object->{fields} };
    $object->{first} = $first;
    $field->{nullable} = !$first || $first->{type}{nullable} ? 1 : 0;
    $field->{page} = (grep { !$_->{page} } @{ $object->{fields} }) ? 0 : 1;
    return;
}

1;
