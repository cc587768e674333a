package Lex;

# The parts of SQL that can hide others: strings, quoted names, dollar quotes,
# comments. Whoever looks for a semicolon, a parameter or a block looks only at
# the tokens that are left.

use strict;
use warnings;

# fail("file", 12, "what is wrong"): FILE:LINE for editors and people.
sub fail {
    my ($file, $line, $what) = @_;

    die "$file:$line: $what\n";
}

sub read_file {
    my ($file) = @_;

    open(my $in, '<:raw', $file) or die "$file: $!\n";
    local $/;
    my $text = <$in>;
    close($in);

    my $copy = $text;
    if (!utf8::decode($copy)) {
        fail($file, 1, "is not UTF-8");
    }
    if ($text =~ /\A(.*?)[\t\r\0]/s) {
        fail($file, 1 + ($1 =~ tr/\n//), "no tabs, carriage returns or NULs");
    }
    return $text;
}

my $BLOCK_COMMENT = qr{(?<c>/\*(?:[^*/]++|\*(?!/)|/(?!\*)|(?&c))*+\*/)};

# Tokens [kind, text, line] of `text`, whose first line is `line`. Together they
# are the text again. Kinds: string, name (quoted), dollar, comment, mark (a
# comment that is a block mark, "/*[x]*/"), param (":x"), row ("@x@"), semi,
# space, word, other.
sub tokens {
    my ($text, $file, $line) = @_;
    my @tokens;

    pos($text) = 0;
    while (pos($text) < length($text)) {
        my $kind
            = $text =~ /\G[ \n]+/gc                              ? 'space'
            : $text =~ /\G--[^\n]*/gc                            ? 'comment'
            : $text =~ m{\G/\*\[[^\]\n]*\]\*/}gc                 ? 'mark'
            : $text =~ /\G$BLOCK_COMMENT/gc                      ? 'comment'
            : $text =~ m{\G/\*}                                  ? undef
            : $text =~ /\G[eE]'(?:[^'\\]|\\.|'')*+'/gcs          ? 'string'
            : $text =~ /\G'(?:[^']|'')*+'/gc                     ? 'string'
            : $text =~ /\G"(?:[^"]|"")*+"/gc                     ? 'name'
            : $text =~ /\G["']/                                  ? undef
            : $text =~ /\G\$(?<tag>[A-Za-z_]*)\$.*?\$\k<tag>\$/gcs ? 'dollar'
            : $text =~ /\G\$[A-Za-z_]*\$/                        ? undef
            : $text =~ /\G[A-Za-z_0-9][A-Za-z_0-9\$]*/gc         ? 'word'
            : $text =~ /\G::/gc                                  ? 'other'
            : $text =~ /\G:[A-Za-z_][A-Za-z_0-9]*/gc             ? 'param'
            : $text =~ /\G\@[a-z][a-z0-9_]*\@/gc                 ? 'row'
            : $text =~ /\G;/gc                                   ? 'semi'
            : $text =~ /\G./gcs                                  ? 'other'
            :                                                      undef;

        if (!defined $kind) {
            fail($file, $line, "a quote or comment that is never closed");
        }
        push @tokens, [ $kind, substr($text, $-[0], $+[0] - $-[0]), $line ];
        $line += ($tokens[-1][1] =~ tr/\n//);
    }
    return @tokens;
}

# The line of a documentation comment, wrapped.
sub comment {
    my ($indent, $text) = @_;
    my $width = 80 - length($indent) - 3;
    my @lines = ('');

    for my $word (split ' ', $text) {
        if ($lines[-1] ne ''
            && length($lines[-1]) + 1 + length($word) > $width - 3)
        {
            push @lines, '';
        }
        $lines[-1] .= ($lines[-1] eq '' ? '' : ' ') . $word;
    }
    s{\*/}{* /}g for @lines;
    return "$indent/* " . join("\n$indent * ", @lines) . " */\n";
}

# A C string over several lines of source, indented.
sub c_string {
    my ($indent, $text) = @_;
    my @lines = split /(?<=\n)/, $text;

    for (@lines) {
        s/(["\\])/\\$1/g;
        s/\?\?/?\\?/g;
        s/\n/\\n/g;
        s/([^ -~])/sprintf '\\%03o', ord $1/ge;
    }
    return join("\n", map { "$indent\"$_\"" } @lines);
}

my %RESERVED = map { $_ => 1 } qw(
    auto break case char const continue default do double else enum extern float
    for goto if inline int long register restrict return short signed sizeof
    static struct switch typedef union unsigned void volatile while asm typeof
    bool class delete new operator private protected public template this throw
    try catch using virtual true false and or not xor);

# A name that C, C++ and SQL all take.
sub check_name {
    my ($file, $line, $what, $name) = @_;

    if ($name !~ /\A[a-z][a-z0-9_]{0,47}\z/) {
        fail($file, $line, "$what '$name': write lower-case letters, digits"
             . " and _, starting with a letter");
    }
    if ($RESERVED{$name}) {
        fail($file, $line, "$what '$name' is a word of C or C++");
    }
    return;
}

1;
