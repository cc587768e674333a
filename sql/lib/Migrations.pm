package Migrations;

# Reads sql/migrations/NNNN_name.sql and splits each into its commands: one is
# sent to the server at a time.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use Lex;

# In order: { version, name, file, commands => [SQL] }.
sub load {
    my ($dir, $errors) = @_;
    my @migrations;

    for my $file (sort { $a cmp $b } bsd_glob("$dir/*")) {
        my $migration = eval { parse($file) };
        if (!$migration) {
            push @$errors, $@;
            next;
        }
        push @migrations, $migration;
        if ($migration->{version} != @migrations) {
            push @$errors, sprintf "%s:1: number %d is expected: numbers go on"
                . " from 0001 without a gap or a repeat\n", $file,
                scalar @migrations;
        }
    }
    return \@migrations;
}

sub parse {
    my ($file) = @_;
    my ($number, $name) = $file =~ m{([0-9]{4})_([a-z0-9_]+)\.sql\z}
        or Lex::fail($file, 1, "name it NNNN_name.sql");
    my @commands = split_commands(Lex::read_file($file), $file);

    if (!@commands) {
        Lex::fail($file, 1, "there is no command");
    }
    return { version => $number + 0, name => $name, file => $file,
             commands => [ map { $_->[0] } @commands ] };
}

# Each [text, line], without comments outside of strings and without semicolon.
sub split_commands {
    my ($text, $file) = @_;
    my @commands;
    my ($sql, $first) = ('', undef);

    for my $token (Lex::tokens($text, $file, 1)) {
        my ($kind, $part, $line) = @$token;

        if ($kind eq 'comment') {
            next;
        }
        if ($kind eq 'mark') {
            Lex::fail($file, $line, "$part: a migration has no blocks");
        }
        if ($kind eq 'semi') {
            if (!defined $first) {
                Lex::fail($file, $line, "a semicolon without a command");
            }
            push @commands, [ tidy($sql), $first ];
            ($sql, $first) = ('', undef);
            next;
        }
        if ($kind ne 'space' && !defined $first) {
            $first = $line;
            if (uc($part) =~ /\A(?:BEGIN|START|COMMIT|ROLLBACK|END)\z/) {
                Lex::fail($file, $line, "$part: every migration is a"
                          . " transaction already");
            }
        }
        $sql .= $part;
    }
    if (defined $first) {
        Lex::fail($file, $first, "a command without its semicolon");
    }
    return @commands;
}

sub tidy {
    my ($sql) = @_;

    $sql =~ s/ +\n/\n/g;
    $sql =~ s/\A\s+|\s+\z//g;
    return $sql;
}

# migrations.c
sub source {
    my ($migrations) = @_;
    my ($commands, $table) = ('', '');

    for my $m (@$migrations) {
        $commands .= "static const char *const  commands_$m->{version}\[] = {\n"
            . join(",\n\n", map { Lex::c_string('    ', $_) }
                            @{ $m->{commands} })
            . "\n};\n\n";
        $table .= "    { $m->{version}, \"$m->{name}\", commands_"
            . "$m->{version},\n      sizeof(commands_$m->{version})"
            . " / sizeof(char *) },\n";
    }
    return <<"END";
/*
 * migrations.c - the commands of sql/migrations. Generated from them.
 */

#include "calls/migrations.h"


${commands}const deals_migration  deals_migrations[] = {
$table    { 0, NULL, NULL, 0 }
};

const size_t  deals_nmigrations = ${\ scalar @$migrations};
END
}

1;
