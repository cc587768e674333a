package Types;

# Each type that statements and rows can name: what it is in PostgreSQL, in C,
# in a shape, and which functions of io/codec.h read and write it.

use strict;
use warnings;

#   oid     of PostgreSQL
#   c       type of a field
#   shape   deals_type
#   code    deals_encode_CODE, deals_decode_CODE
#   null    what an absent value is in C, when not zeroed
#   in/out  0: not there
#   item    of an array parameter: the type of its items
my %TYPES = (
    int2        => { oid => 21, c => 'int64_t', shape => 'DEALS_INT',
                     code => 'int2', null => 'DEALS_NULL_INT' },
    int4        => { oid => 23, c => 'int64_t', shape => 'DEALS_INT',
                     code => 'int4', null => 'DEALS_NULL_INT' },
    int8        => { oid => 20, c => 'int64_t', shape => 'DEALS_INT',
                     code => 'int8', null => 'DEALS_NULL_INT' },
    float8      => { oid => 701, c => 'double', shape => 'DEALS_FLOAT',
                     code => 'float8', null => 'NAN' },
    bool        => { oid => 16, c => 'int', shape => 'DEALS_BOOL',
                     code => 'bool', null => '-1' },
    text        => { oid => 25, c => 'deals_str', shape => 'DEALS_TEXT',
                     code => 'text' },
    url         => { oid => 25, c => 'deals_str', shape => 'DEALS_URL',
                     code => 'text' },
    html        => { oid => 25, c => 'deals_str', shape => 'DEALS_HTML',
                     code => 'text' },
    timestamptz => { oid => 1184, c => 'int64_t', shape => 'DEALS_TIME',
                     code => 'time', null => 'DEALS_NULL_INT',
                     about => 'seconds' },
    timestamptz_us => { oid => 1184, c => 'int64_t', shape => 'DEALS_INT',
                     code => 'time_us', null => 'DEALS_NULL_INT',
                     about => 'microseconds' },
    'text[]'    => { oid => 1009, c => 'deals_list', shape => 'DEALS_LIST',
                     code => 'texts', item => 'deals_str' },
    'int8[]'    => { oid => 1016, code => 'int8s', item => 'int64_t',
                     out => 0 },
    'int4[]'    => { oid => 1007, code => 'int4s', item => 'int64_t',
                     out => 0 },
    'int2[]'    => { oid => 1005, code => 'int2s', item => 'int64_t',
                     out => 0 },
    'timestamptz[]' => { oid => 1185, code => 'times', item => 'int64_t',
                     about => 'seconds', out => 0 },
    'timestamptz_us[]' => { oid => 1185, code => 'times_us',
                     item => 'int64_t', about => 'microseconds', out => 0 },
);

# "int8?" to { type's fields, name => 'int8', nullable => 1 }; dies through
# Lex::fail. use: 'in' or 'out'.
sub parse {
    my ($file, $line, $text, $use) = @_;
    my ($name, $nullable) = $text =~ /\A(.*?)(\??)\z/;
    my $type = $TYPES{$name};

    if (!$type || (exists $type->{$use} && !$type->{$use})) {
        Lex::fail($file, $line, "unknown type '$name' of "
                  . ($use eq 'in' ? 'a parameter' : 'a column')
                  . ': one of ' . join(' ', grep {
                      !exists $TYPES{$_}{$use} || $TYPES{$_}{$use}
                  } sort keys %TYPES));
    }
    return { %$type, name => $name, nullable => $nullable ? 1 : 0 };
}

1;
