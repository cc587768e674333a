#!/usr/bin/perl

# Every field of every body that the API's description names, with hostile texts
# and values: each is refused by its name, or kept as it was written (normalised,
# without white space around it) and shown so. A new field joins by itself, and
# fails until it is said here what is good for it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Unicode::Normalize ();
use Deals::Test;
use Deals::Test::Schema;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
%%UNLIMITED%%
%%SITE%%
CONF

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $doc = $t->get('/api/v1/openapi.json')->json;
my $schema = Deals::Test::Schema->new($doc);
my $ann = $t->member('ann');
my ($id, $cid) = talk();
# There is something that a code could confirm.
is $ann->post('/api/v1/me/factor', json => { current => 'password of ann' })
    ->status, 200, 'a second factor is begun';

# --- what is good ---------------------------------------------------------------

my $names = 0;
my %good = (
    title => 'A kettle', url => 'https://shop.example/k', merchant => 'Kettles',
    description => 'It *boils*.', tags => ['tea'], value => 1,
    price => { amount => 1999, currency => 'EUR' },
    list_price => { amount => 2999, currency => 'EUR' },
    starts_at => '2020-01-01T00:00:00Z', expires_at => '2099-01-01T00:00:00Z',
    body => 'Good', parent_id => undef, email => undef,
    password => 'long enough for it',
    current => sub { $_[0] eq '/tokens' ? 'password of ann' : 'not this one' },
    token => '7.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    code => '12', label => 'A program', scopes => ['vote'], days => 30,
    name => sub { 'member_' . ++$names },
);

# They must agree, and either may be named.
my %pair = (price => 'list_price', list_price => 'price',
            starts_at => 'expires_at', expires_at => 'starts_at');

# What an operation answers to what is good.
my %status = (createDeal => 201, updateDeal => 200, voteOnDeal => 200,
    createComment => 201, updateComment => 200, voteOnComment => 200,
    createAccount => 201, createSession => 401, changePassword => 422,
    resetPassword => 422, createToken => 201, endSession => 422,
    endOtherSessions => 422, beginFactor => 422, confirmFactor => 422,
    renewRecoveryCodes => 422, endFactor => 422);

# --- what is not ------------------------------------------------------------------

# JSON texts, in the place of a field's value. Those of the first list are no
# JSON, by their bytes or by what the escapes say, and nobody can tell a field.
my @no_json = map { qq("x $_ y") } "\xc0\x80", "\xe0\x80\xaf", "\xc1\xbf",
    "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
    "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xff\xfe", "\x80", "\0", "\x1f", "\n",
    '\ud800', '\udfff', '\ud800\ud800', '\udc00\ud800', '\u12', '\x00', "\t";
push @no_json, '1e999', '99999999999999999999', '-99999999999999999999', 'NaN',
    '01', '+1', '1.', '.5', '0x10', 'nul', "'x'", '', '[1,]', '{"a":1,}',
    '[' x 70 . ']' x 70, '[' x 20_000, '{"a":' x 70 . '1' . '}' x 70,
    '1' x 600, '"x', '"x" "y"', '/**/1';

# Texts that are Unicode; whether they are good is the field's affair.
my @texts = ("'; DROP TABLE deals; --", "' OR '1'='1", '\\', "\\'", '%_%', '$1',
    '$$', "E'\\x00'", '"', '""', "''", '{a,b}', '(1,2)', 'NULL', 'null', '-1',
    "cafe\x{301}", "caf\x{e9}", "\x{1f600} \x{10ffff}", "\x{ffff}\x{fdd0} x",
    "x\x{202e}gpj.exe", "x\x{2066}y\x{2069}", "x\x{200b}y", "\x{feff}x y",
    "\x{202e}\x{200b}\x{2066}", "\x{a0}\x{3000}", ' ', '', "x\x00y", "x\x01y",
    "x\x1b[31my", "x\x7fy", "x\x{85}y", "x\x{9b}y", "x\x{2028}y", "x\x{2029}y",
    "two\nlines", "two\r\nlines", "a\ttab", "  spaces around  ",
    'Z' . "\x{301}" x 200, "\x{1100}\x{1161}\x{11a8} \x{212b}", 'x' x 5000,
    "\x{1f600}" x 3000, '> ' x 2000 . 'x', '[' x 3000, '*_' x 3000,
    "- " x 500 . 'x', '<SAVE20> & "quotes"', 'javascript:alert(1)',
    'https://a@b.example/', 'https://example.org/?q=%00', '../../etc/passwd');

# Of another type than most fields have.
my @values = ('true', 'false', 'null', '0', '-0', '-1', '2', '1.5', '1e3',
    '9007199254740993', '9223372036854775807', '[]', '[[]]', '[null]', '[1]',
    '["a","a"]', '{}', '{"a":1}', '{"amount":1}', '[' x 60 . ']' x 60,
    '{"amount":"1","currency":"USD"}', '{"amount":1,"currency":"usd"}',
    '{"amount":-1,"currency":"USD"}', '{"amount":1,"currency":"USD","x":1}',
    '{"amount":999999999999999,"currency":"USD"}', '["' . 'x' x 40 . '"]',
    '{"amount":1,"amount":2,"currency":"USD"}', '["\u0000"]', '["caf\u00e9"]',
    '[' . join(',', map { qq("t$_") } 1 .. 200) . ']');

# --- each field -------------------------------------------------------------------

for my $path (sort keys %{ $doc->{paths} }) {
    for my $method (sort keys %{ $doc->{paths}{$path} }) {
        my $op = $doc->{paths}{$path}{$method};
        next if ref $op ne 'HASH' || !$op->{requestBody};
        my ($type) = keys %{ $op->{requestBody}{content} };
        my $body = $schema->resolve(
            $op->{requestBody}{content}{$type}{schema});
        try_operation($op->{operationId}, uc $method, $path, $body);
    }
}

sub try_operation {
    my ($name, $method, $path, $body) = @_;
    ok defined $status{$name}, "$name: what is good for it is said" or return;
    my @fields = sort keys %{ $body->{properties} };
    my @unknown = grep { !exists $good{$_} } @fields;
    is "@unknown", '', "$name: for each of its fields" or return;
    my $r = ask($method, $path, \@fields, $fields[0], undef);
    is $r->status, $status{$name}, "$name: it is good" or diag $r->body;
    for my $field (@fields) {
        my @wrong;
        for my $value (@no_json) {
            my $got = ask($method, $path, \@fields, $field, $value);
            push @wrong, told($value, $got)
                if $got->status != 400 || !is_problem($got);
        }
        is join("\n", @wrong), '', "$name: $field: what is no JSON is refused";
        @wrong = ();
        for my $value (@values, map { $json->encode($_) } @texts) {
            my $got = ask($method, $path, \@fields, $field, $value);
            my $why = judge($name, $field, $value, $got, $status{$name});
            push @wrong, "$why: " . told($value, $got) if defined $why;
        }
        is join("\n", @wrong), '', "$name: $field: or by its name, or kept";
    }
    my @wrong = grep { $_->status != 422 && $_->status != 400 } map {
        post_raw($method, $path, $_)
    } '{"' . ('x' x 3000) . '":1}', "{\"$fields[0]\":1,\"$fields[0]\":2}",
        '[]', '"x"', '1', '{"\u0000":1}', '{"":1}', '{"__proto__":{}}',
        '{' . join(',', map { qq("f$_":1) } 1 .. 3000) . '}';
    is join("\n", map { told('', $_) } @wrong), '', "$name: odd bodies";
}

# The field's value is this text of JSON; undef: all are good.
sub ask {
    my ($method, $path, $fields, $field, $value) = @_;
    my @pairs = map {
        my $g = $good{$_};
        qq("$_":) . ($_ eq $field && defined $value ? $value
            : $json->encode(ref $g eq 'CODE' ? $g->($path) : $g))
    } @$fields;
    return post_raw($method, $path, '{' . join(',', @pairs) . '}');
}

sub post_raw {
    my ($method, $path, $body) = @_;
    my $to = "/api/v1$path" =~ s/\{id\}/$id/r =~ s/\{cid\}/$cid/r
        =~ s/\{session\}/'0' x 32/er;
    # Who signs up or in is nobody yet.
    my $who = $path =~ m{^/(?:accounts|sessions$|password)} ? $t->client : $ann;
    my $r = $who->request($method, $to, body => $body,
        type => 'application/json');
    # There are not many for each.
    $ann->delete($r->header('Location'))
        if $path eq '/tokens' && $r->status == 201;
    return $r;
}

sub is_problem {
    my ($r) = @_;
    return 0 if ($r->header('Content-Type') // '') ne 'application/problem+json';
    return (eval { $r->json->{status} } // 0) == $r->status;
}

sub told {
    my ($value, $r) = @_;
    return sprintf '%s: %s %s', substr($value, 0, 60), $r->status,
        substr $r->body, 0, 300;
}

# What is wrong with the answer; undef: nothing.
sub judge {
    my ($name, $field, $value, $r, $status) = @_;
    if ($r->status == 422) {
        return 'no problem' if !is_problem($r);
        my $names = $pair{$field} ? "$field|$pair{$field}" : $field;
        my @other = grep { $_ !~ /^(?:$names)(?:[.\[]|$)/ }
            map { $_->{field} } @{ $r->json->{errors} || [] };
        return 'not by its name' if !@{ $r->json->{errors} || [] };
        # Wrong as the others are, which is told of one of them or of both.
        return undef if $status >= 400 || !@other;
        return "$other[0] is named";
    }
    return undef if $r->status == $status && $status >= 400;
    return undef if $r->status == 409 && $name eq 'createAccount';
    return 'neither' if $r->status != $status;
    my $in = $json->decode($value);
    return undef if !defined $in || ref $in || $value !~ /^"/;
    return cannot_sign_in($r, $in) if "$name $field" eq 'createAccount password';
    my $kept = kept($name, $field, $r);
    return undef if !defined $kept;
    return 'control characters are kept'
        if $kept =~ /[\x00-\x08\x0b-\x1f\x7f-\x9f\x{2028}\x{2029}]/;
    my $want = normal($field, $in);
    return 'kept as ' . $json->encode($kept) if $kept ne $want;
    return shown($name, $field, $r, $want);
}

# A text as it is kept.
sub normal {
    my ($field, $text) = @_;
    # Markdown may begin with white space.
    $text =~ s/^\s+|\s+$//g if $field !~ /^(?:description|body)$/;
    $text =~ s/\r\n?/\n/g;
    $text =~ s/\s+/ /g if $field eq 'merchant';
    return '' if $field eq 'description' && $text =~ /^[ \n\t]*$/;
    return 'shop.example' if $field eq 'merchant' && $text eq '';
    return Unicode::Normalize::NFC($text);
}

# What is there now, read again; undef: it cannot be seen.
sub kept {
    my ($name, $field, $r) = @_;
    my $now = $r->json;
    if ($name =~ /Deal$/) {
        $now = $t->get("/api/v1/deals/$now->{id}")->json;
        return $now->{merchant}{name} if $field eq 'merchant';
        return $field =~ /^(?:title|description)$/ ? $now->{$field} // '' : undef;
    }
    if ($name =~ /Comment$/) {
        my ($again) = grep { $_->{id} == $now->{id} } @{ $t->get(
            "/api/v1/deals/$id/comments?limit=100")->json->{comments} };
        return $field eq 'body' ? $again->{body} : undef;
    }
    return $now->{label} if $name eq 'createToken' && $field eq 'label';
    return $now->{user}{name} if $name eq 'createAccount' && $field eq 'name';
    return undef;
}

# A password is all of its characters.
sub cannot_sign_in {
    my ($r, $password) = @_;
    my $who = { name => $r->json->{user}{name}, password => $password };
    return 'no password' if $t->post('/api/v1/sessions', json => $who)->status
        != 201;
    $who->{password} .= 'x';
    return 'a part of the password does' if $t->post('/api/v1/sessions',
        json => $who)->status == 201;
    return undef;
}

# On the page it stands as it is.
sub shown {
    my ($name, $field, $r, $want) = @_;
    return undef if $name !~ /Deal$/ || $field ne 'title';
    my $deal = $r->json->{id};
    my $page = $t->get($t->get("/deals/$deal")->header('Location')
        // "/deals/$deal/deal");
    my ($h1) = $page->text =~ m{<h1[^>]*>(.*?)</h1>}s;
    $h1 //= '';
    $h1 =~ s/&lt;/</g;
    $h1 =~ s/&gt;/>/g;
    $h1 =~ s/&quot;/"/g;
    $h1 =~ s/&#39;/'/g;
    $h1 =~ s/&amp;/&/g;
    return $h1 eq $want ? undef : 'shown as ' . $json->encode($h1);
}

sub talk {
    my $deal = $ann->post('/api/v1/deals', json => { title => 'A kettle' });
    my $on = $deal->json->{id};
    my $said = $ann->post("/api/v1/deals/$on/comments", json => {
        body => 'Good' });
    return ($on, $said->json->{id});
}

is $t->sql('SELECT count(*) > 0 FROM deals'), 't', 'the table is still there';
is $t->deals('verify')->{code}, 0, 'and what is in it is sound';
$t->finish;
