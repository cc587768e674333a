#!/usr/bin/perl

# TLS to Redis: `nginx -t` reads certificates and keys, and says what is wrong
# with them, or with the address, and where it stands.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use POSIX ();
use Deals::Test;
use Deals::Test::Certificates;

my $t = Deals::Test->new(database => 0, redis => 0);
my $dir = $t->dir;
my $certs = Deals::Test::Certificates->new($t);
$certs->make($_) for qw(own other);
my ($ca, $pem, $key) = map { $certs->file($_) } qw(ca.pem own.pem own.key);
my $base = 'rediss://127.0.0.1:1/0';

sub try {
    my ($address) = @_;
    my ($code, $said) = $t->try_nginx(<<"CONF");
%%GLOBALS%%
events { }
http {
    %%BASE%%
    deals_database "host=/nowhere dbname=deals";
    deals_redis "$address";
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { deals; }
    }
}
CONF
    unlike $said, qr/\[alert\]|SSL error/, 'nothing worse';
    return ($code, $said);
}

sub taken {
    my ($what, $address) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($code, $said) = try($address);
    is $code, 0, "$what is taken" or diag $said;
}

sub refused {
    my ($what, $why, $address) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($code, $said) = try($address);
    isnt $code, 0, "$what is refused" or return;
    like $said, qr/invalid value of "deals_redis": (?:redis: )?$why/,
        '  with the reason';
    like $said, qr/ in \S+try\.conf:\d+$/m, '  and the place';
    unlike $said, qr/sesame/, '  no password is in the message';
}

# With this certificate of ours, and this key.
sub own { return "$base?ssl_certificate=$_[0]&ssl_certificate_key=$_[1]" }

sub file {
    my ($name, $text, $mode) = @_;
    Deals::Test::write_file("$dir/$name", $text);
    chmod $mode // 0600, "$dir/$name";
    return "$dir/$name";
}
my $secret = Deals::Test::read_file($key);

# --- addresses --------------------------------------------------------------

taken('TLS', $base);
taken('with a password', 'rediss://me:se%40same@127.0.0.1:1/3');
taken('without a port', 'rediss://127.0.0.1');
taken('an address of IPv6', 'rediss://[::1]:1/0');
taken('in a file', 'file:' . file('address', "$base?ssl_verify=off\n"));
taken('a certificate of ours', own($pem, $key));
taken('an authority', "$base?ssl_trusted_certificate=$ca");
taken('all of it', own($pem, $key) . "&ssl_trusted_certificate=$ca"
    . '&ssl_name=redis.example.org&ssl_verify=on');
taken('in the clear over a network, if it is said', 'redis://192.0.2.1:1/');
refused('in the clear, if it is not', '192\.0\.2\.1 is not on this machine: '
    . 'write rediss://192\.0\.2\.1:1, or', '192.0.2.1:1');
refused('an option that is none', 'there is no option "ssl_verfiy": there are ',
    "$base?ssl_verfiy=off");
refused('verify maybe', 'ssl_verify is "on" or "off", not "optional"',
    "$base?ssl_verify=optional");
refused('an option twice', 'ssl_name is given twice',
    "$base?ssl_name=a&ssl_name=b");
refused('a path from nowhere', 'ssl_trusted_certificate is "ca\.pem", it must '
    . 'be the whole path', "$base?ssl_trusted_certificate=ca.pem");
refused('half of a certificate', 'ssl_certificate_key is missing',
    "$base?ssl_certificate=$pem");
refused('the other half', 'ssl_certificate is missing',
    "$base?ssl_certificate_key=$key");
refused('to trust some and all', 'ssl_verify=off trusts anybody',
    "$base?ssl_verify=off&ssl_trusted_certificate=$ca");
refused('a password that could be an option', 'with TLS write %3F for a "\?"',
    'rediss://:a?sesame@127.0.0.1:1/0');

# --- files ------------------------------------------------------------------

my $unusable = sub { qr{the file "\S+$_[0]" can't be used as $_[1]: } };
for my $case (['ssl_trusted_certificate', 'trusted certificates'],
              ['ssl_certificate', 'a certificate']) {
    my ($option, $what) = @$case;
    my $address = sub {
        my $also = $option eq 'ssl_certificate'
            ? "&ssl_certificate_key=$key" : '';
        return "$base?$option=$_[0]$also";
    };
    refused("$what that is not there", $unusable->('nothing', $what)
        . 'No such file or directory', $address->("$dir/nothing"));
    refused("$what without one", $unusable->('empty', $what) . 'no ',
        $address->(file('empty', '')));
    refused("$what that is something else", $unusable->('text', $what) . 'no ',
        $address->(file('text', "sesame\n")));
    refused("$what that is a key", $unusable->('own.key', $what) . 'no ',
        $address->($key));
    refused("$what that is cut off", $unusable->('cut', $what) . '\S',
        $address->(file('cut', substr Deals::Test::read_file($pem), 0, 300)));
}
my $use = sub { $unusable->($_[0], 'the key of the certificate') };
refused('a key of another certificate', $use->('other.key')
    . 'key values mismatch', own($pem, $certs->file('other.key')));
refused('a key that is none', $use->('word') . '\S',
    own($pem, file('word', "sesame\n")));
refused('a key that is a certificate', $use->('cert') . '\S',
    own($pem, file('cert', Deals::Test::read_file($pem))));
refused('a key that is not there', 'the file "\S+nothing" can\'t be opened: '
    . 'No such', own($pem, "$dir/nothing"));
refused('a key that is a directory', '"\S+" is not a plain file',
    own($pem, "$dir/certificates"));
refused('a key without end', 'the file "\S+" must have less than 32768 bytes',
    own($pem, file('long', $secret . 'x' x 32768)));
POSIX::mkfifo("$dir/pipe", 0600) or die;
refused('a key in a pipe that nobody writes to', '"\S+" is not a plain file',
    own($pem, "$dir/pipe"));

# As for passwords in files.
for my $mode (0644, 0604, 0660, 0620, 0606, $> == 0 ? () : 0640) {
    my $text = sprintf '%04o', $mode;
    refused("a key of mode $text", "the file \"\\S+open\" has mode $text, so "
        . 'that others than its owner get at the key: chmod it to 0600',
        own($pem, file('open', $secret, $mode)));
}
SKIP: {
    skip 'files of others need root', 2 if $> != 0;
    taken('a key of root\'s for a group', own($pem,
        file('group', $secret, 0640)));
    my $foreign = file('foreign', $secret);
    chown 65534, 65534, $foreign;
    refused('a key of somebody else', 'the file "\S+foreign" belongs to user '
        . '65534', own($pem, $foreign));
}
my $locked = "$dir/locked";
is $t->command(['openssl', 'pkey', '-in', $key, '-aes256', '-passout',
    'pass:sesame', '-out', $locked])->{code}, 0, 'a key with a password';
chmod 0600, $locked;
refused('it', "the key \"$locked\" is locked with a password: write it without "
    . 'one', own($pem, $locked));

# --- what is wrong is said before anything runs --------------------------------

my $r = $t->deals('verify', { env => { DEALS_DATABASE => 'host=/nowhere',
    DEALS_REDIS => own($pem, "$dir/open") } });
is $r->{code}, 2, 'the command line refuses it too';
like $r->{err}, qr/has mode \d+, so that others than its owner get at the key/,
    '  with the reason';
is scalar(() = $r->{err} =~ /\n/g), 1, '  and nothing else';

$t->finish;
