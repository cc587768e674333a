#!/usr/bin/perl

# The published JSON parsing cases (JSONTestSuite) as bodies of the API: what is
# JSON is read, and refused for what it says if at all; what is not is a 400;
# what may be either is the same each time. The file is in nobody's checkout:
# DEALS_SHARED names the directory that has it.

use strict;
use warnings;
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Deals::Test;

my $shared = $ENV{DEALS_SHARED} // "$FindBin::Bin/../../../shared";
my $archive = "$shared/data/JSONTestSuite.tar.gz";
plan skip_all => "no $archive" if !-r $archive;

my $dir = File::Temp::tempdir(CLEANUP => 1);
system('tar', '-xzf', $archive, '-C', $dir) == 0 or die "tar: $?\n";
my %cases;
push @{ $cases{substr s{.*/}{}r, 0, 1} }, $_
    for sort glob "$dir/test_parsing/[yni]_*.json";

my $t = Deals::Test->new;
$t->nginx(<<'CONF');
deals_rate_limit post=off comment=off vote=off;
%%SITE%%
CONF

my $ann = $t->member('ann');

# The answer's status, and of a refusal what is wrong with the body: undef (its
# syntax), or the fields' names.
sub post {
    my ($body) = @_;
    my $r = $ann->post('/api/v1/deals', body => $body,
        type => 'application/json');
    my $problem = eval { $r->json } // {};
    my $sane = ($r->header('Content-Type') // '')
        eq 'application/problem+json' && ($problem->{status} // 0)
        == $r->status && length($problem->{detail} // '');
    my $fields = join ' ', map { $_->{field} } @{ $problem->{errors} || [] };
    return ($r->status, $sane, $problem->{detail} // '', $fields);
}

my %say = (y => 'accepted as JSON', n => 'refused');
for my $kind (qw(y n)) {
    my @wrong;
    for my $file (@{ $cases{$kind} }) {
        my ($status, $sane, $detail, $fields) = post(slurp($file));
        my $good = $kind eq 'n' ? $status == 400 && $fields eq ''
            : $status == 201 || ($status == 422 && $detail !~ /cannot be read/);
        push @wrong, "$status $detail ($fields): $file"
            if !$good || ($status != 201 && !$sane);
    }
    is join("\n", @wrong), '',
        @{ $cases{$kind} } . " cases are $say{$kind}";
}

is scalar @{ $cases{y} }, 95, 'all that must be read';
is scalar @{ $cases{n} }, 188, 'all that must not';

# In the place of a value that is read.
my @inside;
for my $file (@{ $cases{y} }) {
    my ($status, undef, $detail, $fields) =
        post('{"title": "A kettle", "more": ' . slurp($file) . '}');
    push @inside, "$status $detail ($fields): $file"
        if $status != 422 || $fields ne 'more';
}
is join("\n", @inside), '', 'in an object they are an unknown field';

# As they are: UTF-8 that is none, surrogates alone, numbers that no type holds
# and other encodings are refused; the rest is read.
my (@unsteady, %read);
for my $file (@{ $cases{i} }) {
    my ($status, $sane, $detail) = post(slurp($file));
    my ($again, undef, $same) = post(slurp($file));
    push @unsteady, "$status $detail: $file" if !$sane || $again != $status
        || $same ne $detail || $status !~ /^(?:400|422)$/;
    $read{$file =~ s{.*/i_|\.json$}{}gr} = $status == 422;
}
is scalar keys %read, 35, 'all that may be either';
is join("\n", @unsteady), '', 'they are refused the same way each time';
my @open = sort grep { $read{$_} } keys %read;
is "@open", join(' ', qw(number_double_huge_neg_exp number_real_underflow)),
    'only numbers too small to tell from 0 are read';

$t->finish;

sub slurp {
    my ($path) = @_;
    open my $f, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar(<$f>) // '';
}
