package Deals::Test::Hostile;

=head1 NAME

Deals::Test::Hostile - texts that try to be more than text

=head1 SYNOPSIS

    my @all = payloads();
    my $title = line($all[0], 300);

=head1 DESCRIPTION

payloads() are pieces of HTML, script and Markdown, and, where the directory
C<DEALS_SHARED> (default: F<shared> beside the checkout) has the published list
F<data/dompurify_expect.json>, those of it too. line($text, $length) is the same
in one line without control characters, not longer than that.

=cut

use strict;
use warnings;
use utf8;

use Exporter 'import';
use File::Basename ();
use JSON::PP ();

our @EXPORT = qw(payloads line);

my $root = File::Basename::dirname(__FILE__) . '/../../../..';

my @own = (
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)", '</title><script>alert(1)</script>',
    '</textarea><svg onload=alert(1)>', '<b onclick=alert(1)>x</b>',
    '{{{prefix}}}<i>{{title}}', '&lt;script&gt;alert(1)&#x3c;/script&#62;',
    "<a href='javascript:alert(1)'>a", '" autofocus onfocus=alert(1) x="',
    '<!--', '--><script>alert(1)</script>', ']]><x>', '<SAVE20>', '</p></main>',
    '[x](javascript:alert(1))', '![x](javascript:alert(1))',
    '<javascript:alert(1)>', '[x](data:text/html,<script>alert(1)</script>)',
    "[x](java\tscript:alert(1))", '[x](&#106;avascript:alert(1))',
    '![x](x"onerror="alert(1))', '[x](https://a "onmouseover=alert(1)")',
    "[x]: javascript:alert(1)\n[x]", '<https://a/"onclick=alert(1)>',
    "```\"><script>alert(1)</script>\nx\n```", '<style>*{color:red}</style>',
    '<iframe src=//evil.example>', '<details open ontoggle=alert(1)>x',
    '<svg><script>alert(1)</script></svg>', '<base href="//evil.example/">',
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    '<form action="//evil.example"><button>x', '<math><mi xlink:href="data:x">',
    "javascript:/*'/*`/*\"/*</script>*/alert(1)", "\x{202e}gpj.exe",
    "\x{2028}alert(1)\x{2029}", "'; DROP TABLE deals; --", '%3Cscript%3E',
    '${alert(1)} #{7*7} {{7*7}} <%= 7*7 %>', '<xmp><plaintext><noscript>',
    '<template><img src=x onerror=alert(1)></template>',
    "<img src=x onerror\x{0c}=alert(1)>", '<a href="//evil.example">x</a>',
    "\x{ff1c}script\x{ff1e}alert(1)", '|a|b|' . "\n|-|-|\n" . '|<img src=x>|"|',
);

sub payloads {
    my $shared = $ENV{DEALS_SHARED} // "$root/../shared";
    open my $f, '<:raw', "$shared/data/dompurify_expect.json" or return @own;
    local $/;
    my %seen;
    return grep { !$seen{$_}++ } @own,
        map { $_->{payload} } @{ JSON::PP->new->utf8->decode(<$f>) };
}

sub line {
    my ($text, $length) = @_;
    $text =~ s/[\x00-\x20\x7f-\xa0\x{2028}\x{2029}]+/ /g;
    $text =~ s/^ +//;
    return substr($text, 0, $length) =~ s/ +$//r;
}

1;
