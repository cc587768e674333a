#!/usr/bin/perl

# Every field of every form, as the pages have them, with hostile texts: each is
# taken, or the page comes again with all that was typed and with what is wrong
# beside its field. Bytes that are no text are refused as a whole.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
%%SITE%%
CONF

my $ann = $t->member('ann');
my $id = $ann->post('/api/v1/deals', json => { title => 'A kettle' })->json->{id};
my $cid = $ann->post("/api/v1/deals/$id/comments", json => { body => 'Good' })
    ->json->{id};

# What ends other sessions is there where there are some.
$t->post('/login', form => { name => 'ann', password => 'password of ann' });
my ($names, $tokens) = (0, 0);

# What is good for each field; a new one fails until it stands here.
my %good = (title => 'A kettle', url => 'https://shop.example/k', price => '19.99',
    list_price => '29.99', currency => 'EUR', merchant => 'Kettles',
    tags => 'tea, pot', description => 'It *boils*.',
    starts_at => '2020-01-01T00:00', expires_at => '2099-01-01T00:00',
    body => 'Good', parent_id => '', value => '1', next => '/new', hide => '1',
    name => sub { 'member_' . ++$names }, email => '',
    password => 'long enough for it', current =>
    sub { $_[0] =~ /tokens$/ ? 'password of ann' : 'not this one' },
    token => '7.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    label => 'A program', scopes => 'read', days => '30');

# Kept from pages: passwords; and what a browser sends by itself.
my %secret = map { $_ => 1 } qw(password current);

my @texts = ("'; DROP TABLE deals; --", '"><b>', '&amp;&lt;', '\\', '%s%n', '$1',
    "caf\x{e9}", "e\x{301}", "\x{1f600}", "x\x{202e}y", "\x{202e}\x{200b}",
    "x\x{2028}y", "\x00", "x\x01y", "x\x7fy", "x\x{9b}y", "a\ttab", "two\r\nlines",
    ' ', '', 'x' x 300, 'x' x 21000, '-1', '1e9', '9' x 40, "\x{661}\x{662}",
    '2020-02-30T00:00', 'soon', 'javascript:alert(1)', '//evil.example/',
    '/\\evil.example/', 'a,b,c,d,e,f,g,h,i,j', ',,,', '> ' x 2000, '{{title}}');
my @bytes = ("\xc0\x80", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
    "\xe2\x82");

my %form;
for my $page ('/submit', "/deals/$id/-/edit", "/deals/$id/a-kettle",
    "/deals/$id/-/comments/$cid/edit", '/settings')
{
    forms_of($ann->get($page)->body);
}
forms_of($t->get($_)->body) for '/login', '/signup', '/reset?token=7.A';
cmp_ok scalar(keys %form), '>=', 9, 'forms: ' . join ' ', sort keys %form;
is join(' ', sort grep { !exists $good{$_} } map { keys %$_ } values %form), '',
    'what is good for each field is said';

for my $action (sort keys %form) {
    my @fields = sort keys %{ $form{$action} } or next;
    for my $field (@fields) {
        my @wrong;
        for my $text (@texts) {
            my $why = try($action, \@fields, $field, $text);
            push @wrong, sprintf '%s: %s', $why, substr Encode::encode('UTF-8',
                $text), 0, 60 if defined $why;
        }
        is join("\n", @wrong), '', "$action: $field: taken, or shown again";
        @wrong = grep { $_->status != 400 || $_->header('Content-Type') !~ /html/ }
            map { sent($action, \@fields, $field, "x $_ y") } @bytes;
        is join(' ', map { $_->status } @wrong), '', '  no text: refused';
    }
    my @all = map { ($_ => plain($_, $action)) } @fields;
    for my $odd ([@all, @all], [@all, map { ("f$_" => 1) } 1 .. 2000],
        [@all, "\x00" => 1], [@all, '<b>' => '<b>'], [@all, '' => ''])
    {
        my $r = who($action)->post($action, form => $odd);
        ok $r->status < 500 && $r->status >= 300, "  odd names: " . $r->status;
    }
}
is $t->deals('verify')->{code}, 0, 'what was written is sound';
$t->finish;

# The names of the fields by the form's address.
sub forms_of {
    my ($html) = @_;
    while ($html =~ m{<form\b([^>]*)>(.*?)</form>}gs) {
        my ($head, $inside) = ($1, $2);
        $head =~ /method="post"/ or next;
        my ($action) = $head =~ /action="([^"]*)"/ or next;
        # Others end the session, or the deal; they have no fields to fill.
        next if $action =~ m{/(?:logout|delete)$|/tokens/.*/end$};
        $form{$action}{$_} = 1
            for $inside =~ /<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"/g;
    }
}

sub plain {
    my ($field) = @_;
    return ref $good{$field} ? $good{$field}->($_[1]) : $good{$field};
}

# Who signs up or in is nobody yet.
sub who { $_[0] =~ m{^/(?:login|signup|reset)} ? $t->client : $ann }

sub sent {
    my ($action, $fields, $field, $value) = @_;
    $value = Encode::encode('UTF-8', $value) if utf8::is_utf8($value);
    # There are not many for each.
    $t->sql('DELETE FROM sessions WHERE scopes IS NOT NULL')
        if $action =~ m{/tokens$} && ++$tokens % 40 == 0;
    return who($action)->post($action, form => [
        map { ($_ => $_ eq $field ? $value : plain($_, $action)) } @$fields ]);
}

# What is wrong with the answer; undef: nothing.
sub try {
    my ($action, $fields, $field, $text) = @_;
    utf8::upgrade($text);
    my $r = sent($action, $fields, $field, $text);
    return undef if $r->status == 303;
    # A token is shown once.
    return undef if $r->status == 200 && $action =~ m{/tokens$};
    # The size of a body has an end too.
    return undef if $r->status == 413 && length $text > 20_000;
    return undef if $r->status == 400 && $text =~ /\x00/;
    return 'status ' . $r->status if $r->status != 422;
    my $page = $r->text;
    return 'nothing is said to be wrong' if $page !~ m{role="alert">\s*<p>[^<\s]|
        role="alert">\s*<p>\s*<a[^>]*>[^<\s]|class="error"[^>]*>[^<\s]|
        <h1>Invalid\ input</h1>\s*<p>[^<\s]}x;
    # A button has no place for it.
    return undef if $secret{$field} || $page !~ /<\w+[^>]*\bname="\Q$field\E"/
        || $page =~ /<(?:button|select)[^>]*\bname="\Q$field\E"/
        || $page =~ /type="checkbox"[^>]*\bname="\Q$field\E"/;
    my @shown = typed($page, $field);
    (my $want = $text) =~ s/\r\n/\n/g;
    return undef if grep { $_ eq $want } @shown;
    return 'not shown again, but ' . Encode::encode('UTF-8', join '|', @shown);
}

# The values of all fields of this name.
sub typed {
    my ($page, $field) = @_;
    my @found;
    while ($page =~ m{<input\b([^>]*)>|<textarea\b([^>]*)>\n?(.*?)</textarea>}gs) {
        my ($in, $value) = ($1 // $2, $3);
        $in =~ /\bname="\Q$field\E"/ or next;
        $value //= ($in =~ /\bvalue="([^"]*)"/)[0] // '';
        $value =~ s/&lt;/</g;
        $value =~ s/&gt;/>/g;
        $value =~ s/&quot;/"/g;
        $value =~ s/&#39;/'/g;
        $value =~ s/&#(\d+);/chr $1/ge;
        $value =~ s/&amp;/&/g;
        $value =~ s/\r\n/\n/g;
        push @found, $value;
    }
    return @found;
}
