#!/usr/bin/perl

# Each function that leaves the library is tried while memory runs out, or is
# known to take none: a row in a table of t/unit/*_no_memory*.c, or a line here.

use strict;
use warnings;

use File::Glob qw(bsd_glob);
use FindBin;
use Test::More;

# They give back, or look at what is there already.
my @take_none = qw(
    deals_arena_free deals_breached_close deals_buf_clear deals_buf_free deals_buf_init
    deals_call_arena deals_call_db_time deals_call_error deals_call_free
    deals_call_is_done deals_call_lacks deals_call_owes deals_call_viewer
    deals_call_viewer_bad
    deals_comment_get deals_comments_get deals_ctx_status deals_deal_result_get
    deals_demo_get deals_draft_get_row deals_draft_hash deals_draft_open
    deals_draft_size deals_draft_write deals_error_about deals_feed_get
    deals_import_refused deals_import_stored deals_member_disable_get
    deals_member_list_get
    deals_member_reset_token deals_member_tokens_get deals_overlay_votes
    deals_owes_error
    deals_password_device
    deals_rerank_get
    deals_factor_codes_get deals_factor_setup_get
    deals_password_reset_factor deals_session_ticket
    deals_session_get deals_sessions_get deals_settings_get deals_str_eq
    deals_str_of deals_templates_free deals_tls_free deals_token_get
    deals_user_result deals_verify_get
    deals_viewer_me deals_viewer_votes deals_vote_get
);

# Part of each row: a context is driven, a call waited for, a context ended
# with whatever is under way in it.
my @in_all = qw(
    deals_call_hurry deals_call_wait deals_ctx_free deals_ctx_poll
    deals_ctx_run deals_viewer_known
);

my %row;
for my $test (bsd_glob("$FindBin::Bin/../unit/*_no_memory*.c")) {
    my $text = slurp($test);
    $row{$1} = 1 while $text =~
        /^\ {4}(?:(?:LONG_)?DEED|(?:ROW|WRITE)(?:_OF)?|SLOW)\((deals_\w+),/mgx;
}
ok keys %row > 40, 'there are rows';

my %known = map { $_ => 1 } @take_none, @in_all;
my %public = map { $_ => 1 } functions();

none([grep { !$known{$_} && !$row{$_} && !waits($_) } sort keys %public],
    'each function is tried without memory, or takes none');
none([grep { !$public{$_} } sort keys %known, keys %row],
    'nothing is tried or known that is not there');
none([grep { $row{$_} } sort keys %known], 'nothing is both');

done_testing;

# deals_X_wait is deals_X and deals_call_wait, and nothing else.
sub waits {
    my ($name) = @_;
    return $name =~ s/_wait$// && $row{$name};
}

sub none {
    my ($found, $what) = @_;
    is join("\n", @$found), '', $what;
}

sub slurp {
    my ($path) = @_;
    open my $f, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$f>;
}

sub functions {
    my @names;
    for my $header (bsd_glob("$FindBin::Bin/../../libdeals/include/deals/*.h")) {
        my $text = slurp($header);
        $text =~ s{/\*.*?\*/}{}gs;
        push @names, $1 while $text =~ /\bDEALS_API\b[^;(]*?\b(deals_\w+)\s*\(/g;
    }
    return @names;
}
