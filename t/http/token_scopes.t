#!/usr/bin/perl

# Every operation of the API by access tokens of all sets of scopes, and by a
# moderator's: what the description says each needs is what it takes, and what is
# refused has changed nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_cache zone=pages:4m;
%%UNLIMITED%%
%%SITE%%
CONF

my $doc = $t->get('/api/v1/openapi.json')->json;
my %op;
for my $path (keys %{ $doc->{paths} }) {
    my $item = $doc->{paths}{$path};
    $op{"\U$_\E $path"} = $item->{$_} for grep { $_ ne 'parameters' } keys %$item;
}

# All addresses of the API are described, so that none is left out here.
my $table = Deals::Test::read_file($t->root
    . '/ngx_deals_module/ngx_http_deals_routes.c');
my @rows = $table =~ m{"/api/v1(/[^"]+)"}g;
my %described = map { s/.* //r =~ s/\{(?!id\}|cid\})\w+\}/{name}/r => 1 } keys %op;
is_deeply [sort keys %described], [do { my %h = map { $_ => 1 } @rows;
    sort keys %h }], 'every address of the table is described';
is scalar(keys %op), scalar(@rows), '  and every method';

# What an access token needs: its scopes; none named: no token will do. Undefined:
# it does not matter who asks.
sub needs {
    my ($op) = @_;
    my ($token) = map { $_->{accessToken} || () } @{ $op->{security} };
    return $token if $token;
    return undef if !grep { %$_ } @{ $op->{security} };
    return ['session'];
}

my $ann = $t->member('ann');
my $maud = $t->member('maud');
my $bob = $t->member('bob');
$t->sql("UPDATE users SET role = 'moderator' WHERE name = 'maud'");

sub make {
    my ($name, $c, @scopes) = @_;
    return $c->post('/api/v1/tokens', json => { label => 'x',
        scopes => \@scopes, current => "password of $name" })->json->{token};
}
my %token = map { $_ => make('ann', $ann, split /,/, $_) } 'read', 'vote', 'write',
    'read,vote', 'read,write', 'vote,write', 'read,vote,write';
my $moderators = make('maud', $maud, qw(read vote write));

my %sure = (current => 'password of ann');
my %body = (createDeal => { title => 'A title' },
    updateDeal => { title => 'Changed' }, voteOnDeal => { value => -1 },
    voteOnComment => { value => -1 }, createComment => { body => 'x' },
    updateComment => { body => 'changed' },
    createToken => { label => 'stolen', scopes => ['read'], %sure },
    endSession => \%sure, endOtherSessions => \%sure,
    changePassword => { current => 'password of ann',
                        password => 'a longer password' });

# The member's other session and token, for whoever would end them.
my $spare = $t->client;
$spare->post('/api/v1/sessions', json => { name => 'ann', password =>
    'password of ann' });
my ($session) = map { $_->{id} } grep { $_->{current} }
    @{ $spare->get('/api/v1/sessions')->json->{sessions} };
my ($access) = map { $_->{id} } @{ $ann->get('/api/v1/tokens')->json->{tokens} };

sub fresh {
    my $deal = $ann->post('/api/v1/deals', json => { title => 'A deal' })
        ->json->{id};
    my $comment = $ann->post("/api/v1/deals/$deal/comments",
        json => { body => 'A comment' })->json->{id};
    return (id => $deal, cid => $comment, name => 'ann', session => $session,
        access => $access);
}

# All that can be changed.
sub state {
    return $t->sql(join ' UNION ALL ', map { "SELECT md5(string_agg(x::text, ','
        ORDER BY x::text)) FROM $_ x" } 'deals', 'deal_stats', 'comments',
        'votes', 'comment_votes', 'users',
        '(SELECT user_id, token_hash FROM sessions)');
}
sub same { return "@{ $_[0] }" eq "@{ $_[1] }" }

sub ask {
    my ($what, $token, %at) = @_;
    my ($method, $path) = split ' ', $what;
    $path =~ s/\{(\w+)\}/$at{$1}/g;
    my $json = $body{ $op{$what}{operationId} };
    return $t->client->request($method, "/api/v1$path", bearer => $token,
        $json ? (json => $json) : ());
}

# Who lacks something first: they all change nothing.
for my $what (sort keys %op) {
    my $needs = needs($op{$what}) or next;
    next if $what eq 'DELETE /sessions/current';        # t/http/tokens.t
    my ($good) = grep { /^2/ } sort keys %{ $op{$what}{responses} };
    my (%lacks, @before);
    for my $scopes (keys %token) {
        my %has = map { $_ => 1 } split /,/, $scopes;
        ($lacks{$scopes}) = grep { !$has{$_} } @$needs;
    }
    my %at = fresh();
    @before = state();
    for my $scopes (grep { $lacks{$_} } sort keys %token) {
        my $r = ask($what, $token{$scopes}, %at);
        is $r->status, 403, "$scopes: not $what" or diag $r->body;
        is $r->header('WWW-Authenticate'), 'Bearer realm="deals",'
            . ' error="insufficient_scope"' . ($lacks{$scopes} eq 'session' ? ''
            : qq(, scope="$lacks{$scopes}")), "  but $lacks{$scopes}";
    }
    ok same([state()], \@before), '  nothing has changed' if $what !~ /^GET/;
    for my $scopes (grep { !$lacks{$_} } sort keys %token) {
        %at = fresh() if $what !~ /^GET/;
        @before = state() if $what !~ /^GET/;
        my $r = ask($what, $token{$scopes}, %at);
        is $r->status, $good, "$scopes: $what" or diag $r->body;
        ok !same([state()], \@before), '  which is done' if $what !~ /^GET/;
    }
}

# A moderator's token at others' things: as another member's session.
for my $what (sort keys %op) {
    my $needs = needs($op{$what}) or next;
    next if $what eq 'DELETE /sessions/current' || $needs->[0] eq 'session';
    my %at = fresh();
    my @before = state();
    my $want = ask($what, $bob->{cookie}{deals}, %at)->status;
    my $kept = same([state()], \@before);
    %at = fresh();
    @before = state();
    is ask($what, $moderators, %at)->status, $want, "a moderator's: $what: $want";
    is same([state()], \@before), $kept, $kept ? '  changes nothing'
        : '  is done';
}

$t->finish;
