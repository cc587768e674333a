package Deals::Test::Schema;

=head1 NAME

Deals::Test::Schema - holds a value against a JSON Schema

=head1 SYNOPSIS

    my $schema = Deals::Test::Schema->new($openapi_document);
    my @wrong = $schema->check($value, { '$ref' => '#/components/schemas/Deal' });

=head1 DESCRIPTION

The part of JSON Schema 2020-12 that the API's description uses. A keyword that is
not known here is an error, so that nothing is taken for checked that is not.
Values come from JSON::PP, whose numbers and strings can be told apart.

=cut

use strict;
use warnings;

use B ();
use JSON::PP ();

my %silent = map { $_ => 1 } qw(description summary title default examples);

sub new {
    my ($class, $document) = @_;
    return bless { document => $document }, $class;
}

sub resolve {
    my ($self, $thing) = @_;
    while (ref $thing eq 'HASH' && defined(my $ref = $thing->{'$ref'})) {
        my $at = $self->{document};
        for my $part (split m{/}, $ref =~ s{^#/}{}r) {
            $at = $at->{$part} // die "$ref leads nowhere\n";
        }
        $thing = $at;
    }
    return $thing;
}

sub type {
    my ($value) = @_;
    return 'null' if !defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return 'array' if ref $value eq 'ARRAY';
    return 'object' if ref $value eq 'HASH';
    my $flags = B::svref_2object(\$value)->FLAGS;
    return 'string' if $flags & B::SVp_POK;
    return $value == int $value ? 'integer' : 'number';
}

# What is wrong, a line each; empty: nothing.
sub check {
    my ($self, $value, $schema, $path) = @_;
    $path //= '$';
    $schema = $self->resolve($schema);
    my @wrong;
    for my $keyword (sort keys %$schema) {
        next if $silent{$keyword};
        my $check = $self->can("check_$keyword")
            // die "$path: the keyword $keyword is not known here\n";
        push @wrong, map { /^\$/ ? $_ : "$path: $_" }
            $check->($self, $value, $schema->{$keyword}, $schema, $path);
    }
    return @wrong;
}

sub check_type {
    my ($self, $value, $want) = @_;
    my $type = type($value);
    return if grep { $_ eq $type || $_ eq 'number' && $type eq 'integer' }
        ref $want ? @$want : $want;
    return "is of type $type, not " . (ref $want ? join ' or ', @$want : $want);
}

sub check_enum {
    my ($self, $value, $want) = @_;
    return if defined $value && grep { $_ eq $value } @$want;
    return 'is ' . ($value // 'null') . ", not one of @$want";
}

sub check_oneOf {
    my ($self, $value, $schemas, undef, $path) = @_;
    my @tried = map { [$self->check($value, $_, $path)] } @$schemas;
    my $good = grep { !@$_ } @tried;
    return if $good == 1;
    return "is $good of " . @tried . ' things', map { @$_ } @tried;
}

sub check_properties {
    my ($self, $value, $properties, undef, $path) = @_;
    return if ref $value ne 'HASH';
    return map { $self->check($value->{$_}, $properties->{$_}, "$path.$_") }
        grep { exists $value->{$_} } sort keys %$properties;
}

sub check_additionalProperties {
    my ($self, $value, $allowed, $schema) = @_;
    return if ref $value ne 'HASH' || $allowed;
    return map { "has $_, which is not described" }
        grep { !exists $schema->{properties}{$_} } sort keys %$value;
}

sub check_required {
    my ($self, $value, $names) = @_;
    return if ref $value ne 'HASH';
    return map { "lacks $_" } grep { !exists $value->{$_} } @$names;
}

sub check_items {
    my ($self, $value, $schema, undef, $path) = @_;
    return if ref $value ne 'ARRAY';
    return map { $self->check($value->[$_], $schema, "$path\[$_]") }
        0 .. $#$value;
}

sub check_minItems {
    my ($self, $value, $n) = @_;
    return ref $value eq 'ARRAY' && @$value < $n ? "has fewer than $n items" : ();
}

sub check_maxItems {
    my ($self, $value, $n) = @_;
    return ref $value eq 'ARRAY' && @$value > $n ? "has more than $n items" : ();
}

sub check_minLength {
    my ($self, $value, $n) = @_;
    return type($value) eq 'string' && length $value < $n
        ? "is shorter than $n" : ();
}

sub check_maxLength {
    my ($self, $value, $n) = @_;
    return type($value) eq 'string' && length $value > $n
        ? "is longer than $n" : ();
}

sub check_pattern {
    my ($self, $value, $pattern) = @_;
    return type($value) eq 'string' && $value !~ /$pattern/
        ? "\"$value\" does not match $pattern" : ();
}

sub check_minimum {
    my ($self, $value, $n) = @_;
    return type($value) =~ /^(?:integer|number)$/ && $value < $n
        ? "$value is less than $n" : ();
}

sub check_maximum {
    my ($self, $value, $n) = @_;
    return type($value) =~ /^(?:integer|number)$/ && $value > $n
        ? "$value is more than $n" : ();
}

my %format = (
    'date-time' => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
    uri         => qr/^[a-z][a-z0-9+.-]*:[!-~]+$/,
);

sub check_format {
    my ($self, $value, $name) = @_;
    my $pattern = $format{$name} // die "the format $name is not known here\n";
    return type($value) eq 'string' && $value !~ $pattern
        ? "\"$value\" is no $name" : ();
}

1;
