package Deals::Test::Traffic;

=head1 NAME

Deals::Test::Traffic - what a community asks of its server, all at once

=head1 SYNOPSIS

    my $traffic = Deals::Test::Traffic->new($t, members => \@clients,
        deals => \@ids, http2 => 'https://127.0.0.1:8443');
    $traffic->begin;
    $traffic->away;             # from here on 503 is an answer, too
    $traffic->back;             # and here no more
    $traffic->end;
    $traffic->{asked};          # how many
    $traffic->{answers};        # { '200' => 17, ... }
    is_deeply $traffic->{odd}, [], 'no answers but the expected';

Each of these is a process of its own: two readers (lists and pages, packed or
not, conditional, what is not there); a process a member, who reads pages, votes,
comments, posts, edits, deletes and asks twice with an Idempotency-Key; somebody
who signs up, in and out and changes the password; one who sends nonsense; one
who hangs up; one who speaks HTTP/2.

=cut

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Deals::Test::Standstill;
use Deals::Test::Steady;

my $serial = 0;
my $BACK = 2.5;          # seconds in which a part that is back is used again

sub new {
    my ($class, $t, %o) = @_;
    return bless { t => $t, owner => $$, asked => 0, answers => {}, odd => [],
                   pids => {}, %o }, $class;
}

sub begin {
    my ($self) = @_;
    $self->{file} = $self->{t}->dir . '/traffic.' . ++$serial;
    $self->{gone} = $self->{t}->dir . '/traffic.away';
    $self->{still} = Deals::Test::Standstill->new;
    my %who = (
        (map { my $n = $_; ("reader$n" => sub { $_[0]->reader }) } 1, 2),
        (map { my $m = $_; ("member$m" => sub { $_[0]->member($m) }) }
            0 .. $#{ $self->{members} }),
        account => sub { $_[0]->account }, nonsense => sub { $_[0]->nonsense },
        hasty => sub { $_[0]->hasty }, http2 => sub { $_[0]->http2 });
    for my $name (sort keys %who) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            srand $$;
            $self->{asked} = 0;
            @$self{qw(answers odd name)} = ({}, [], $name);
            eval { $who{$name}->($self); 1 } or $self->odd("died: $@");
            open my $f, '>', "$self->{file}.$name" or POSIX::_exit(1);
            print {$f} JSON::PP::encode_json({ map { ($_ => $self->{$_}) }
                qw(asked answers odd) });
            close $f;
            POSIX::_exit(0);
        }
        $self->{pids}{$name} = $pid;
    }
    return $self;
}

sub end {
    my ($self) = @_;
    open my $f, '>', "$self->{file}.stop" or die "$self->{file}: $!\n";
    close $f;
    for my $name (sort keys %{ $self->{pids} }) {
        waitpid delete $self->{pids}{$name}, 0;
        open my $in, '<', "$self->{file}.$name" or die "$name left nothing\n";
        local $/;
        my $said = JSON::PP::decode_json(<$in>);
        $self->{asked} += $said->{asked};
        $self->{answers}{$_} += $said->{answers}{$_}
            for keys %{ $said->{answers} };
        push @{ $self->{odd} }, map { $_->[0] } grep {
            my (undef, $back, $asked) = @$_;
            !$back || $self->{still}->took($back, $asked) > $BACK
        } @{ $said->{odd} };
    }
    delete $self->{still};
    return $self;
}

# A test that dies leaves nobody asking.
sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    kill 'KILL', values %{ $self->{pids} };
    waitpid $_, 0 for values %{ $self->{pids} };
}

# A part is away: the file says until when, and a little after it.
sub away { $_[0]->until(time + 3600) }
sub back { $_[0]->until(time + $BACK) }

sub until {
    my ($self, $until) = @_;
    open my $f, '>', "$self->{gone}.new" or die "$self->{gone}: $!\n";
    print {$f} $until;
    close $f;
    rename "$self->{gone}.new", $self->{gone} or die "$self->{gone}: $!\n";
    return $self;
}

sub away_until {
    my ($self) = @_;
    open my $f, '<', $self->{gone} or return 0;
    return <$f> + 0;
}

sub is_away { return $_[0]->away_until > $_[1] }

# --- in the processes ---------------------------------------------------------

sub goes_on {
    my ($self) = @_;
    sleep 0.002;
    return !-e "$self->{file}.stop";
}

# When a part came back and when this was asked then, if that may be why.
sub odd {
    my ($self, $what, $asked) = @_;
    my $back = $asked && $self->away_until - $BACK;
    push @{ $self->{odd} }, ["$self->{name}: $what",
        $back && $back > 0 ? ($back, $asked) : ()] if @{ $self->{odd} } < 20;
}

sub pick { return $_[rand @_] }

sub who {
    my ($self, %o) = @_;
    return Deals::Test::Steady->new(port => $self->{t}->port, again => 1,
        timeout => 10, %o);
}

# The answer, if it is one of these; nothing if a part is away.
sub ask {
    my ($self, $who, $expected, $method, $path, @more) = @_;
    my $began = time;
    my $r = $who->request($method, $path, @more);
    $self->{asked}++;
    $self->{answers}{ $r->status }++;
    return $r if $r->status =~ /^(?:$expected)$/;
    return if $r->status == 503 && $r->header('Retry-After')
        && $self->is_away($began);
    $self->odd("$method $path: " . $r->status . ' ' . ($who->{why} // '') . ' '
        . substr($r->body, 0, 200),
        $r->status == 503 && $r->header('Retry-After') ? $began : undef);
    return;
}

sub lists {
    my ($self) = @_;
    my $id = pick(@{ $self->{deals} });
    return ('/', '/new', '/top', '/top?window=all', '/tags/soak',
            '/users/soak1', "/deals/$id/a-deal", '/api/v1/deals', '/api/v1/deals?sort=new',
            '/api/v1/deals?sort=top&window=week&limit=10', "/api/v1/deals/$id",
            "/api/v1/deals/$id/comments", '/api/v1/users/soak2');
}

sub reader {
    my ($self) = @_;
    my $c = $self->who;
    my %tag;
    while ($self->goes_on) {
        my $path = pick($self->lists);
        my $packed = int rand 2;
        my $tag = rand() < 0.3 ? $tag{"$path $packed"} : undef;
        my $r = $self->ask($c, '200|301|304', pick('HEAD', ('GET') x 9), $path,
            headers => { $packed ? ('Accept-Encoding' => 'gzip') : (),
                         defined $tag ? ('If-None-Match' => $tag) : () })
            or next;
        $tag{"$path $packed"} = $r->header('ETag');
        next if rand() < 0.9;
        $self->ask($c, 404, 'GET', pick('/nothing', '/deals/1/a',
            '/users/nobody', '/api/v1/deals/17'))
            if rand() < 0.8;
        $self->ask($c, 200, 'GET', pick('/login', '/signup', '/robots.txt',
            '/favicon.ico', '/api/v1/openapi.json'));
        $c->drop if rand() < 0.3;
    }
}

sub member {
    my ($self, $n) = @_;
    my $c = $self->who(like => $self->{members}[$n]);
    my $i = 0;
    while ($self->goes_on) {
        my $what = rand;
        if ($what < 0.5) {
            $self->ask($c, '200|301', 'GET', pick($self->lists, '/submit'));
        } elsif ($what < 0.7) {
            my $id = pick(@{ $self->{deals} });
            my $value = int(rand 3) - 1;
            rand() < 0.7
                ? $self->ask($c, 200, 'PUT', "/api/v1/deals/$id/vote",
                    json => { value => $value })
                : $self->ask($c, 303, 'POST', "/deals/$id/-/vote",
                    form => { value => $value });
        } elsif ($what < 0.9) {
            $self->talks($c, $i++);
        } else {
            $self->posts($c, $i++);
        }
    }
}

# What is made is made twice with one key, and deleted in the end: there is not
# more and more of it.
sub twice {
    my ($self, $c, $key, $path, $json) = @_;
    my @what = ('201', 'POST', $path, json => $json,
        headers => { 'Idempotency-Key' => $key });
    my $r = $self->ask($c, @what) or return;
    if (rand() < 0.2) {
        my $again = $self->ask($c, @what) or return;
        $self->odd("$path: made twice")
            if $again->json->{id} != $r->json->{id};
    }
    return $r->json->{id};
}

sub talks {
    my ($self, $c, $i) = @_;
    my $deal = pick(@{ $self->{deals} });
    my $path = "/api/v1/deals/$deal/comments";
    my $id = $self->twice($c, "c-$$-$i", $path, { body => "Comment *$i* of $$. "
        . 'word ' x int rand 50 }) or return;
    $self->ask($c, 200, 'PUT', "$path/$id/vote", json => { value => -1 });
    $self->ask($c, 200, 'PATCH', "$path/$id", json => { body => "Edited $i." });
    $self->ask($c, '200|204', 'DELETE', "$path/$id");
}

sub posts {
    my ($self, $c, $i) = @_;
    my $id = $self->twice($c, "d-$$-$i", '/api/v1/deals', {
        title => "Deal $i of $$", tags => ['soak', 'more'],
        url => "https://shop.example/$$/$i", description => 'words ' x 50,
        price => { amount => 100 + $i, currency => 'EUR' } }) or return;
    $self->ask($c, 200, 'PATCH', "/api/v1/deals/$id",
        json => { title => "Edited deal $i of $$" });
    $self->ask($c, '200|301', 'GET', "/deals/$id/edited");
    $self->ask($c, 303, 'POST', "/deals/$id/-/comments",
        form => { body => 'By a form.' });
    $self->ask($c, '200|204', 'DELETE', "/api/v1/deals/$id");
}

# One account in all, and another for each hundred times.
sub account {
    my ($self) = @_;
    my ($name, $password, $i, $n) = ('', '', 0, 0);
    while ($self->goes_on) {
        my $c = $self->who;
        if ($i++ % 100 == 0) {
            ($name, $password) = ("s$$-" . ++$n, "first password of $$");
            my $r = $self->ask($c, 201, 'POST', '/api/v1/accounts',
                json => { name => $name, password => $password });
            $i = 0, next if !$r;
        }
        $self->ask($c, 303, 'POST', '/login', form => { name => $name,
            password => $password }) or next;
        $self->ask($c, 200, 'GET', $_) for qw(/settings /api/v1/me
            /api/v1/sessions);
        if (rand() < 0.2) {
            my $new = "password $i of $$";
            my $r = $self->ask($c, 303, 'POST', '/settings/password',
                form => { current => $password, password => $new });
            # Who got no answer does not know which it is.
            $r ? $password = $new : ($i = 0);
        }
        $self->ask($c, '401|422', 'POST', '/api/v1/sessions', json => {
            name => $name, password => 'a wrong one' }) if rand() < 0.1;
        $self->ask($c, 303, 'POST', @{ pick(['/settings/sessions/end',
            form => { current => $password }], ['/logout', form => {}]) });
        sleep 0.4;          # a password takes much memory for a moment
    }
}

sub nonsense {
    my ($self) = @_;
    my @c = ($self->who, $self->who(like => $self->{members}[0]));
    my $json = sub { (type => 'application/json', body => $_[0]) };
    while ($self->goes_on) {
        my $c = pick(@c);
        my $deal = pick(@{ $self->{deals} });
        my @what = @{ pick(
            [POST => '/api/v1/deals', $json->('{"title":')],
            [POST => '/api/v1/deals', $json->('[' x 200)],
            [POST => '/api/v1/deals', json => { title => 'x', other => 1 }],
            [POST => '/api/v1/deals', json => { title => 'x' x 400 }],
            [POST => '/api/v1/deals', $json->('x' x 100_000)],
            [POST => '/submit', form => { title => "\xff\xfe" }],
            [PUT => "/api/v1/deals/$deal/vote", json => { value => 7 }],
            [PUT => "/api/v1/deals/$deal/vote", body => 'value=1'],
            [GET => '/new?cursor=' . 'A' x int rand 300],
            [GET => '/api/v1/deals?limit=1000'], [GET => '/deals/99x'],
            [GET => '/' . '%25' x int rand 500], [BREW => '/'],
            [DELETE => '/new'],
            [POST => '/api/v1/deals', json => { title => 'From elsewhere' },
                site => 'cross-site'],
            [GET => '/api/v1/me', bearer => '1.' . 'x' x int rand 100],
        ) };
        $self->ask($c, '400|401|403|404|405|413|415|422|501|303|200', @what);
        $c->drop if rand() < 0.1;
        sleep 0.01;
    }
}

# Begins, and leaves.
sub hasty {
    my ($self) = @_;
    my $member = $self->{members}[1];
    my $cookie = join '; ', map { "$_=$member->{cookie}{$_}" }
        keys %{ $member->{cookie} };
    while ($self->goes_on) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{t}->port, Timeout => 5) or next;
        my $head = "Host: localhost\r\nCookie: $cookie\r\n"
            . "Sec-Fetch-Site: same-origin\r\n";
        my $deal = pick(@{ $self->{deals} });
        my $said = pick("GET /new HTTP/1.1\r\n${head}\r\n" x 3,
            "GET /users/x$$ HTTP/1.1\r\n$head\r\n",
            "PUT /api/v1/deals/$deal/vote HTTP/1.1\r\n${head}Content-Type: "
                . "application/json\r\nContent-Length: 11\r\n\r\n{\"value\":1}",
            "POST /submit HTTP/1.1\r\n${head}Content-Type: "
                . "application/x-www-form-urlencoded\r\nContent-Length: 60000"
                . "\r\n\r\n" . 'title=' . 'x' x 30_000,
            "GET / HTTP/1.1\r\nHo", "\x16\x03\x01\x02\x00\x01");
        local $SIG{PIPE} = 'IGNORE';
        syswrite $s, $said, rand() < 0.5 ? length $said : 1 + rand length $said;
        $self->{asked}++;
        sleep rand 0.02;
        setsockopt $s, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
            pack 'ii', 1, 0 if rand() < 0.5;
        close $s;
    }
}

# [status or what went wrong, path] of each. nginx closes a connection that is
# new when it is reloaded without an answer to the request that came with it.
sub curl {
    my ($self, $url, @paths) = @_;
    my @out = readpipe "curl --http2 -k -sS -Z --parallel-max 30 --compressed"
        . " -w '%{http_code} %{http_version} %{url} %{errormsg}\\n' "
        . join(' ', map { "-o /dev/null '$url$_'" } @paths) . ' 2>/dev/null';
    return map {
        my ($status, $version, $asked, $why) = /^(\d+) (\S+) (\S+) ?(.*)$/;
        [$version eq '2' ? $status : "HTTP/$version: $status $why",
         substr $asked, length $url];
    } @out;
}

sub http2 {
    my ($self) = @_;
    my $url = $self->{http2} // return;
    while ($self->goes_on) {
        my $began = time;
        for my $got ($self->curl($url, map { pick($self->lists) } 1 .. 30)) {
            # Once more, as browsers do.
            ($got) = $self->curl($url, $got->[1]) if $got->[0] =~ /: 000 /;
            my ($status, $path) = @$got;
            $self->{asked}++;
            $self->{answers}{ $status =~ /^\d+$/ ? $status : 0 }++;
            $self->odd("$path: $status", $status eq '503' ? $began : undef)
                if $status !~ /^(?:200|301)$/
                && !$self->is_away($began);
        }
        sleep 0.2;
    }
}

1;
