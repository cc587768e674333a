package EmitRows;

# Rows as C: deals/rows.h, the shapes, and the functions that decode them.

use strict;
use warnings;

use Lex;

# { name => ctype, shape } of a field's C type, ready to be followed by a name.
sub ctype {
    my ($field) = @_;

    return 'deals_list  ' if $field->{list};
    return "const $field->{object}{ctype}  *" if $field->{object};
    return "$field->{type}{c}  ";
}

sub struct_fields {
    my ($fields) = @_;
    my $out = '';

    for my $field (@$fields) {
        my $doc = $field->{doc} // '';
        my $type = $field->{type};
        if ($field->{list}) {
            $doc .= "; of deals_$field->{list}";
        } elsif ($type && $type->{name} eq 'text[]') {
            $doc .= '; of deals_str';
        } elsif ($type && $type->{about}) {
            $doc .= ($doc eq '' ? '' : '; ') . "$type->{about} since 1970";
        }
        if ($field->{object} ? $field->{nullable} : $type && $type->{nullable})
        {
            $doc .= ($doc eq '' ? '' : '; ') . 'may be absent';
        }
        $doc =~ s/\A; //;
        $out .= Lex::comment('    ', $doc) if $doc ne '';
        $out .= '    ' . ctype($field) . "$field->{name};\n";
    }
    return $out;
}

sub struct {
    my ($name, $doc, $fields) = @_;

    return Lex::comment('', $doc)
        . "typedef struct $name {\n" . struct_fields($fields) . "} $name;\n\n";
}

sub objects {
    my ($row) = @_;

    return map { $_->{object} } grep { $_->{object} } @{ $row->{fields} };
}

# deals/rows.h
sub header {
    my ($rows) = @_;
    my $out = <<'END';
/*
 * deals/rows.h - the rows that calls answer with. Generated from the row files
 * in sql/statements; a change there is a change here.
 *
 * Texts, lists and objects live as long as the call that they came from. What
 * may be absent is DEALS_NULL_INT, NAN, -1 (of a truth value), data NULL, or a
 * NULL pointer.
 */

#ifndef DEALS_ROWS_H
#define DEALS_ROWS_H

#include <deals/types.h>

#ifdef __cplusplus
extern "C" {
#endif

END
    for my $row (map { $rows->{$_} } sort keys %$rows) {
        for my $object (objects($row)) {
            if ($object->{defined_here}) {
                $out .= struct($object->{ctype}, "Part of deals_$row->{name}.",
                               $object->{fields});
            } else {
                $out .= "typedef $object->{ctype}  $object->{alias};\n\n";
            }
        }
        $out .= struct("deals_$row->{name}", $row->{doc}, $row->{fields});
    }
    for my $row (map { $rows->{$_} } sort keys %$rows) {
        for my $object (grep { $_->{defined_here} } objects($row)) {
            $out .= "extern DEALS_API const deals_shape"
                . "  $object->{shape};\n";
        }
        $out .= "extern DEALS_API const deals_shape"
            . "  deals_$row->{name}_shape;\n";
    }
    return $out . <<'END';

#ifdef __cplusplus
}
#endif

#endif /* DEALS_ROWS_H */
END
}

# A shape and its table of fields. first: never absent, as it decides whether
# there is an object.
sub shape {
    my ($ctype, $shape, $name, $fields, $first) = @_;
    my $out = "static const deals_field  ${shape}_fields[] = {\n";

    for my $field (grep { !$_->{private} } @$fields) {
        my ($kind, $of) = $field->{list}
            ? ('DEALS_LIST', "&deals_$field->{list}_shape")
            : $field->{object} ? ('DEALS_OBJECT', "&$field->{object}{shape}")
            : ($field->{type}{shape}, 'NULL');
        my $null = $field->{object} ? $field->{nullable}
            : $field->{type} ? $field->{type}{nullable} : 0;
        if ($first && $field == $first) {
            $null = 0;
        }
        my $flags = join '|', ($null ? 'DEALS_NULLABLE' : ()),
            ($field->{page} ? 'DEALS_PAGE_ONLY' : ()),
            ($field->{viewer} ? 'DEALS_VIEWER' : ());
        $flags = '0' if $flags eq '';
        $out .= "    { \"$field->{name}\", $kind, $flags,\n"
            . "      offsetof($ctype, $field->{name}), $of },\n";
    }
    return $out . "};\n\nconst deals_shape  $shape = {\n"
        . "    \"$name\", sizeof($ctype),\n    ${shape}_fields,"
        . " sizeof(${shape}_fields) / sizeof(deals_field)\n};\n\n";
}

sub shapes {
    my ($rows) = @_;
    my $out = '';

    for my $row (map { $rows->{$_} } sort keys %$rows) {
        for my $field (grep { $_->{object} } @{ $row->{fields} }) {
            my $object = $field->{object};
            next if !$object->{defined_here};
            $out .= shape($object->{ctype}, $object->{shape}, $field->{name},
                          $object->{fields}, $object->{first});
        }
        $out .= shape("deals_$row->{name}", "deals_$row->{name}_shape",
                      $row->{name}, $row->{fields});
    }
    return $out;
}

# One column into one place: a condition that is true if it failed.
sub decode_one {
    my ($field, $cell, $to, $nullable) = @_;
    my $code = $field->{type}{code};
    my $arena = $code eq 'texts' ? 'arena, ' : '';

    return "deals_decode_$code(&cells[$cell], $nullable, $arena&$to)";
}

sub decode_all {
    my ($indent, @conditions) = @_;

    return '' if !@conditions;
    return "${indent}if (" . join(" != 0\n$indent    || ", @conditions)
        . " != 0)\n$indent\{\n$indent    return -1;\n$indent}\n\n";
}

# Values that are filled in later are absent until then.
sub nulls {
    my ($indent, $to, $fields) = @_;
    my $out = '';

    for my $field (grep { $_->{type} && !defined $_->{sql} } @$fields) {
        next if !$field->{type}{nullable} || !$field->{type}{null};
        $out .= "$indent$to$field->{name} = $field->{type}{null};\n";
    }
    return $out eq '' ? '' : "$out\n";
}

# decode_NAME(arena, cells, row): own_row 1: every field is a column.
sub decoder {
    my ($row, $own_row) = @_;
    my (@plain, $objects, $cell);
    my $cells = 0;

    $objects = '';
    for my $field (@{ $row->{fields} }) {
        if (!$field->{object}) {
            next if !$own_row && !defined $field->{sql};
            push @plain, decode_one($field, $cells++, "row->$field->{name}",
                                    $field->{type}{nullable});
            next;
        }
        $objects .= decode_object($field, \$cells);
    }
    my $body = decode_all('    ', @plain) . $objects;
    $body .= nulls('    ', 'row->', $row->{fields}) if !$own_row;
    my $unused = $body =~ /\barena\b/ ? '' : "    (void) arena;\n\n";

    return "static int\ndecode_$row->{name}(deals_arena *arena,"
        . " const deals_cell *cells, void *data)\n{\n"
        . "    deals_$row->{name}  *row = data;\n\n"
        . "$unused${body}    return 0;\n}\n\n";
}

sub decode_object {
    my ($field, $cells) = @_;
    my $object = $field->{object};
    my ($first, @conditions);

    return '' if !$object->{first};
    for my $sub (grep { defined $_->{sql} } @{ $object->{fields} }) {
        if ($sub == $object->{first}) {
            $first = $$cells;
        }
        push @conditions, decode_one($sub, $$cells++, "$field->{name}->"
            . "$sub->{name}", $sub == $object->{first} ? 0
                                                     : $sub->{type}{nullable});
    }
    my $fill = "$field->{name} = deals_arena_alloc(arena,"
        . " sizeof(*$field->{name}));\n"
        . "        if ($field->{name} == NULL) {\n"
        . "            return -1;\n        }\n"
        . decode_all('        ', @conditions)
        . nulls('        ', "$field->{name}->", $object->{fields})
        . "        row->$field->{name} = $field->{name};\n";
    my $test = $field->{nullable} ? "if (cells[$first].len >= 0) " : '';

    return "    $test\{\n        $object->{ctype}  *$field->{name};\n\n"
        . "        $fill    }\n\n";
}

1;
