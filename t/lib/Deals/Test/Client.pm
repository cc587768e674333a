package Deals::Test::Client;

=head1 NAME

Deals::Test::Client - an HTTP client that keeps cookies, on plain sockets

=head1 SYNOPSIS

    my $c = Deals::Test::Client->new(port => 8080);
    my $r = $c->post('/login', form => { name => 'ann', password => '...' });
    $r->status;  $r->header('Location');  $r->body;  $r->json;

=head1 REQUESTS

=head2 $c->request($method, $path, %options); get, post, put, patch, delete, head

    json    => $data         body as JSON (UTF-8)
    form    => {...}|[...]   body as application/x-www-form-urlencoded
    body    => $bytes        body as it is
    type    => $text         Content-Type (default by json or form; undef: none)
    headers => {...}|[...]   more headers; they win over those made here
    bearer  => $token        Authorization
    cookies => 0             neither send nor keep cookies
    site    => $text         Sec-Fetch-Site; default same-origin, undef: none

=head2 $c->begin($method, $path, %options)

Asks, and returns a sub that waits for the response and returns it.

C<$c-E<gt>{cookie}{NAME}> is what the client keeps. new(): C<port>, C<host> (to
connect to, default 127.0.0.1), C<from> (the address to come from, of 127.0.0.0/8),
C<name> (for Host), C<timeout> (20 seconds),
C<headers> (with every request).

=head1 RESPONSES

status, reason, body (bytes, transfer coding removed), text (body as characters),
json, header($name) (all of that name joined with ", "), headers($name) (a list),
head (the raw header). A connection that closes without an answer: status 0.

=cut

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

sub new {
    my ($class, %o) = @_;
    return bless { host => '127.0.0.1', name => 'localhost',
                   timeout => $ENV{DEALS_VALGRIND} ? 200 : 20,
                   cookie => {}, headers => [], %o }, $class;
}

for my $method (qw(get post put patch delete head options)) {
    no strict 'refs';
    *$method = sub {
        my $self = shift;
        return $self->request(uc $method, @_);
    };
}

sub connect {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => $self->{host},
        PeerPort => $self->{port}, Timeout => $self->{timeout},
        $self->{from} ? (LocalAddr => $self->{from}) : ())
        // die "cannot connect to $self->{host}:$self->{port}: $!\n";
}

sub raw {
    my ($self, $bytes) = @_;
    my $s = $self->connect;
    local $SIG{PIPE} = 'IGNORE';
    my ($got, $sent) = ('', 0);
    my $until = time + $self->{timeout};
    # Both ways at once: a server may answer, and close, before it has all.
    while (time < $until) {
        my ($r, $w) = IO::Select->select(IO::Select->new($s),
            $sent < length $bytes ? IO::Select->new($s) : undef, undef, 0.5);
        if ($r && @$r) {
            sysread($s, $got, 65536, length $got) or last;
        }
        if ($w && @$w) {
            my $n = syswrite $s, $bytes, 65536, $sent;
            $sent = defined $n ? $sent + $n : length $bytes;
        }
    }
    return $got;
}

sub pairs {
    my ($in) = @_;
    return () if !$in;
    return @$in if ref $in eq 'ARRAY';
    return map { ($_ => $in->{$_}) } sort keys %$in;
}

sub escape {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub form {
    my @pair = pairs($_[0]);
    my @out;
    while (my ($name, $value) = splice @pair, 0, 2) {
        push @out, escape($name) . '=' . escape($_ // '')
            for ref $value ? @$value : $value;
    }
    return join '&', @out;
}

sub written {
    my ($self, $method, $path, %o) = @_;
    my ($body, $type) = ($o{body});
    if (exists $o{json}) {
        ($body, $type) = ($JSON->encode($o{json}), 'application/json');
    } elsif (exists $o{form}) {
        ($body, $type) = (form($o{form}), 'application/x-www-form-urlencoded');
    }
    $type = $o{type} if exists $o{type};

    my @header = (Host => "$self->{name}:$self->{port}",
                  Connection => 'close');
    push @header, 'Sec-Fetch-Site' => 'same-origin' if !exists $o{site};
    push @header, 'Sec-Fetch-Site' => $o{site} if defined $o{site};
    push @header, 'Content-Type' => $type if defined $type;
    push @header, Authorization => "Bearer $o{bearer}" if defined $o{bearer};
    if (defined $body || $method =~ /^(?:POST|PUT|PATCH)$/) {
        $body //= '';
        utf8::encode($body) if utf8::is_utf8($body);
        push @header, 'Content-Length' => length $body;
    }
    my $jar = $self->{cookie};
    push @header, Cookie => join '; ', map { "$_=$jar->{$_}" } sort keys %$jar
        if ($o{cookies} // 1) && %$jar;
    my @own = (pairs($self->{headers}), pairs($o{headers}));
    my %own = map { lc $own[2 * $_] => 1 } 0 .. @own / 2 - 1;
    my $text = "$method $path HTTP/1.1\r\n";
    for my $list (\@header, \@own) {
        for (my $i = 0; $i < @$list; $i += 2) {
            next if $list == \@header && $own{ lc $list->[$i] };
            $text .= "$list->[$i]: $list->[$i + 1]\r\n"
                if defined $list->[$i + 1];
        }
    }
    return "$text\r\n" . ($body // '');
}

sub request {
    my ($self, $method, $path, %o) = @_;
    my $r = Deals::Test::Response->parse(
        $self->raw($self->written($method, $path, %o)), $method);
    $self->keep($r) if $o{cookies} // 1;
    return $r;
}

sub begin {
    my ($self, $method, $path, %o) = @_;
    my $s = $self->connect;
    local $SIG{PIPE} = 'IGNORE';
    print {$s} $self->written($method, $path, %o);
    $s->flush;
    return sub {
        local $/;
        my $r = Deals::Test::Response->parse(<$s> // '', $method);
        $self->keep($r) if $o{cookies} // 1;
        return $r;
    };
}

sub keep {
    my ($self, $r) = @_;
    for my $line ($r->headers('Set-Cookie')) {
        my ($name, $value, $rest) = $line =~ /^([^=;]+)=([^;]*)(.*)/ or next;
        if ($rest =~ /;\s*Max-Age=0*(?:;|$)/i || $rest =~ /Max-Age=-/i
            || $rest =~ /Expires=[^;]*1970/i) {
            delete $self->{cookie}{$name};
        } else {
            $self->{cookie}{$name} = $value;
        }
    }
}

package Deals::Test::Response;

use strict;
use warnings;

sub parse {
    my ($class, $bytes, $method) = @_;
    my $self = bless { status => 0, reason => '', head => '', body => '',
                       header => [] }, $class;
    # Interim answers (100, 103) come first.
    $bytes =~ s{\AHTTP/1\.1 1\d\d.*?\r\n\r\n}{}s;
    my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
    return $self if !defined $head || $head !~ m{\AHTTP/1\.\d (\d+) ?(.*)};
    @$self{qw(status reason head)} = ($1, $2, $head);
    $self->{reason} =~ s/\r?\n.*//s;
    for my $line (split /\r\n/, $head) {
        push @{ $self->{header} }, [$1, $2] if $line =~ /^([^:\s]+):\s*(.*?)\s*$/;
    }
    $body //= '';
    if (lc($self->header('Transfer-Encoding') // '') eq 'chunked') {
        my $out = '';
        while ($body =~ s/\A([0-9A-Fa-f]+)[^\r]*\r\n//) {
            my $size = hex $1 or last;
            $out .= substr $body, 0, $size, '';
            $body =~ s/\A\r\n//;
        }
        $body = $out;
    }
    $self->{body} = $body;
    return $self;
}

sub status { $_[0]{status} }
sub reason { $_[0]{reason} }
sub head   { $_[0]{head} }
sub body   { $_[0]{body} }

sub text {
    my $text = $_[0]{body};
    utf8::decode($text);
    return $text;
}

sub headers {
    my ($self, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{header} };
}

sub header {
    my @all = $_[0]->headers($_[1]);
    return @all ? join ', ', @all : undef;
}

sub json {
    my ($self) = @_;
    return $self->{json} //= eval { $JSON->decode($self->{body}) }
        // die "not JSON: $self->{status} " . substr($self->{body}, 0, 300)
            . "\n";
}

1;
