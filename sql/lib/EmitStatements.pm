package EmitStatements;

# Statements as C: their parameters, the table of all variants, and the
# functions that choose one and bind its parameters.

use strict;
use warnings;

use EmitRows;
use Lex;

# How a parameter stands in its struct: lines of C.
sub param_field {
    my ($param) = @_;
    my $type = $param->{type};
    my @about = ($type->{name} . ($type->{nullable} ? ', may be absent' : ''));

    push @about, "$type->{about} since 1970" if $type->{about};
    if (!grep { !%$_ } @{ $param->{when} }) {
        my %said;
        my @when = grep { !$said{$_}++ }
            map { condition($_, '') } @{ $param->{when} };
        push @about, 'if ' . join(' or ', @when);
    }
    my $field = $type->{item}
        ? "    const $type->{item}  *$param->{name};\n"
          . "    size_t  n$param->{name};\n"
        : "    $type->{c}  $param->{name};\n";

    return Lex::comment('    ', join('; ', @about)) . $field;
}

sub has_params {
    my ($s) = @_;

    return @{ $s->{in} } || @{ $s->{blocks} } || @{ $s->{limits} };
}

sub signature {
    my ($s) = @_;
    my $params = has_params($s)
        ? ",\n    const deals_$s->{name}_params *p" : '';

    return "deals_q_$s->{name}(deals_arena *arena$params)";
}

# stmts.h
sub header {
    my ($statements) = @_;
    my $out = <<'END';
/*
 * stmts.h - the statements of sql/statements. Generated from them.
 *
 * deals_q_NAME(arena, params) makes an execution for deals_call_query; all
 * values are copied. NULL: out of memory, or a defect of the caller: a
 * combination of blocks that the file does not list, a limit above the highest,
 * a value that its type can't hold. What may be absent is DEALS_NULL_INT, NAN,
 * -1 (bool), data NULL, or a NULL array; an array that must be there is empty if it is NULL.
 */

#ifndef DEALS_STMTS_H
#define DEALS_STMTS_H

#include <deals/rows.h>

#include "io/stmt.h"

END
    for my $s (@$statements) {
        if ($s->{own_row}) {
            $out .= EmitRows::struct("deals_$s->{out}{name}", $s->{out}{doc},
                                     $s->{out}{fields});
        }
        my $answer = !$s->{out} ? 'Answers no rows.'
            : "Rows: deals_$s->{out}{name}.";
        if (has_params($s)) {
            $out .= "typedef struct {\n"
                . join('', map { param_field($_) } @{ $s->{in} })
                . join('', map { "    int  $_;    /* 1: with this block */\n" }
                           @{ $s->{blocks} })
                . (@{ $s->{limits} }
                   ? Lex::comment('    ', 'at most '
                                  . join(' or ', @{ $s->{limits} })
                                  . ': the smallest that is not below it')
                     . "    int  limit;\n" : '')
                . "} deals_$s->{name}_params;\n\n";
        }
        $out .= Lex::comment('', "$s->{doc} $answer")
            . 'deals_query *' . signature($s) . ";\n\n\n";
    }
    return $out . "#endif /* DEALS_STMTS_H */\n";
}

# The blocks `when` as a condition in C.
sub condition {
    my ($when, $p) = @_;

    return join ' && ', map { ($when->{$_} ? '' : '!') . "$p$_" }
        sort keys %$when;
}

# The order of parameters is that of their declaration in every variant.
sub encode_param {
    my ($param) = @_;
    my $type = $param->{type};
    my $value = "p->$param->{name}"
        . ($type->{item} ? ", p->n$param->{name}" : '');
    my $call = "deals_encode_$type->{code}(&e, $value, $type->{nullable});\n";
    my %seen;
    my @when = grep { !$seen{$_}++ }
        map { condition($_, 'p->') } @{ $param->{when} };

    if (grep { $_ eq '' } @when) {
        return ('', $call);
    }
    if (@when > 1) {
        @when = map { / && / ? "($_)" : $_ } @when;
    }
    return (join(' || ', @when), $call);
}

# Which variant: `stmt` is set.
sub choose {
    my ($s) = @_;
    my $per_combo = @{ $s->{limits} } || 1;
    my $out = '';

    if (@{ $s->{blocks} }) {
        my %bit;
        @bit{ @{ $s->{blocks} } } = map { 1 << $_ } 0 .. $#{ $s->{blocks} };
        my $mask = join "\n            | ",
            map { "(p->$_ ? $bit{$_} : 0)" } @{ $s->{blocks} };
        my $index = $s->{first};
        $out .= "    switch ($mask) {\n";
        for my $combo (@{ $s->{combos} }) {
            my $bits = 0;
            $bits += $bit{$_} for @$combo;
            $out .= "    case $bits:\n        stmt = $index;\n"
                . "        break;\n";
            $index += $per_combo;
        }
        $out .= "    default:\n        return NULL;\n    }\n\n";
    } else {
        $out .= "    stmt = $s->{first};\n\n";
    }
    if (@{ $s->{limits} }) {
        my $n = 0;
        my $last = $s->{limits}[-1];
        $out .= "    if (p->limit < 0 || p->limit > $last) {\n"
            . "        return NULL;\n    }\n";
        for my $limit (@{ $s->{limits} }[ 0 .. $#{ $s->{limits} } - 1 ]) {
            $out .= "    if (p->limit > $limit) {\n        stmt++;\n    }\n";
        }
        $out .= "\n";
    }
    return $out;
}

sub function {
    my ($s) = @_;
    my $max = @{ $s->{in} };
    my $out = "deals_query *\n" . signature($s) . "\n{\n"
        . "    unsigned       stmt;\n    deals_encoder  e;\n\n" . choose($s)
        . "    deals_encode_begin(&e, arena, $max);\n";
    my $open = '';

    for my $param (@{ $s->{in} }) {
        my ($when, $call) = encode_param($param);
        if ($when ne $open) {
            $out .= "    }\n" if $open ne '';
            $out .= "    if ($when) {\n" if $when ne '';
            $open = $when;
        }
        $out .= ($open eq '' ? '    ' : '        ') . $call;
    }
    $out .= "    }\n" if $open ne '';
    my ($decode, $size) = $s->{out}
        ? ("decode_$s->{out}{name}", "sizeof(deals_$s->{out}{name})")
        : ('NULL', '0');
    return $out . "\n    return deals_encode_end(&e, stmt, $decode,\n"
        . "                            $size);\n}\n\n\n";
}

# The table of all variants. Lists of types are shared.
sub table {
    my ($statements) = @_;
    my ($lists, %lists) = ('');
    my $out = '';
    my $list = sub {
        my (@oids) = @_;
        return 'NULL' if !@oids;
        my $key = join ', ', @oids;
        if (!$lists{$key}) {
            $lists{$key} = 'types_' . keys %lists;
            my $text = $key;
            $text =~ s/(.{50,70},) /$1\n    /g;
            $lists .= "static const uint32_t  $lists{$key}\[] = {\n"
                . "    $text\n};\n";
        }
        return $lists{$key};
    };
    my $index = 0;

    for my $s (@$statements) {
        $s->{first} = $index;
        for my $v (@{ $s->{variants} }) {
            my $params = $list->(map { $_->{type}{oid} } @{ $v->{params} });
            my $columns = $list->(map { $_->{oid} } @{ $v->{columns} });
            $out .= "    /* $index */\n    { \"$v->{name}\",\n"
                . Lex::c_string('      ', $v->{sql}) . ",\n      "
                . @{ $v->{params} } . ", $params, " . @{ $v->{columns} }
                . ", $columns, $s->{write}, $s->{slow} },\n\n";
            $index++;
        }
    }
    return "$lists\nconst deals_stmt  deals_stmts[] = {\n$out"
        . "    { NULL, NULL, 0, NULL, 0, NULL, 0, 0 }\n};\n\n"
        . "const size_t  deals_nstmts = $index;\n\n";
}

# stmts.c
sub source {
    my ($statements, $rows, $version) = @_;
    my (%used, @decoders);

    for my $s (grep { $_->{out} } @$statements) {
        next if $used{ $s->{out}{name} }++;
        push @decoders, EmitRows::decoder($s->{out}, $s->{own_row});
    }
    return <<'END'
/*
 * stmts.c - rows and statements. Generated from sql/statements.
 */

#include <math.h>
#include <stddef.h>

#include "stmts.h"
#include "io/codec.h"


END
        . EmitRows::shapes($rows) . "\n" . table($statements)
        . "const int  deals_schema_version = $version;\n\n\n"
        . join("\n", @decoders) . "\n"
        . join('', map { function($_) } @$statements);
}

1;
