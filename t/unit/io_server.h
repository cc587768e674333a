/*
 * io_server.h - real servers for a test: PostgreSQL and Redis in a directory of
 * their own, on unix sockets, as children that end with the test.
 */

#ifndef IO_SERVER_H
#define IO_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "io_check.h"
#include "io/script.h"

static char    server_dir[64];
static pid_t   server_pid = -1;

/* PostgreSQL does not run as root. */

unused static void
become_nobody_special(void)
{
    struct passwd  *pw;

    if (geteuid() != 0) {
        return;
    }

    pw = getpwnam("postgres");

    if (pw == NULL || setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0
        || setuid(pw->pw_uid) != 0)
    {
        _exit(126);
    }
}

static pid_t
launch(const char *const *argv)
{
    int    fd;
    char   log[128];
    pid_t  pid;

    pid = fork();

    if (pid != 0) {
        return pid;
    }

    become_nobody_special();
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void) chdir(server_dir);
    snprintf(log, sizeof(log), "%s/log", server_dir);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    execvp(argv[0], (char *const *) (uintptr_t) argv);
    _exit(127);
}

static int
finish(pid_t pid)
{
    int  status;

    while (waitpid(pid, &status, 0) == -1 && errno == EINTR) { }

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
make_dir(void)
{
    struct passwd  *pw;

    strcpy(server_dir, "/tmp/deals-io-XXXXXX");
    assert_non_null(mkdtemp(server_dir));
    pw = getpwnam("postgres");

    if (geteuid() == 0 && pw != NULL) {
        assert_int_equal(chown(server_dir, pw->pw_uid, pw->pw_gid), 0);
        assert_int_equal(chmod(server_dir, 0755), 0);
    }
}

unused static void
remove_dir(void)
{
    const char *const  argv[] = { "rm", "-rf", server_dir, NULL };

    if (server_dir[0] != '\0') {
        (void) finish(launch(argv));
        (void) rmdir(server_dir);
    }
}

unused static void
stop_server(int sig)
{
    if (server_pid != -1) {
        kill(server_pid, sig);
        (void) finish(server_pid);
        server_pid = -1;
    }
}

unused static int
free_port(void)
{
    int                 fd, port;
    socklen_t           len;
    struct sockaddr_in  sin;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    len = sizeof(sin);
    assert_int_equal(bind(fd, (struct sockaddr *) &sin, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &sin, &len), 0);
    port = ntohs(sin.sin_port);
    close(fd);

    return port;
}


/* --- PostgreSQL ---------------------------------------------------------- */

static char  postgres_bin[256];
static int   postgres_port;         /* on 127.0.0.1 too */
static int   postgres_tls;

unused static const char *
postgres_conninfo(void)
{
    static char  text[160];

    snprintf(text, sizeof(text), "host=%s port=%d dbname=postgres user=deals",
             server_dir, postgres_port);
    return text;
}

unused static void
start_postgres(void)
{
    int                  i;
    char                 path[300], port[16];
    deals_arena         *arena;
    deals_script        *script;
    const deals_error   *error;

    snprintf(path, sizeof(path), "%s/postgres", postgres_bin);
    snprintf(port, sizeof(port), "port=%d", postgres_port);

    const char *const  argv[] = {
        path, "-D", "data", "-k", server_dir, "-c",
        "listen_addresses=127.0.0.1", "-c", port, "-c",
        postgres_tls ? "ssl=on" : "ssl=off", "-c", "fsync=off", "-c",
        "max_connections=20", "-c", "shared_buffers=16MB", "-c",
        "log_min_messages=warning", NULL
    };

    server_pid = launch(argv);
    arena = deals_arena_new();

    for (script = NULL, i = 0; script == NULL && i < 600; i++) {
        usleep(50000);
        script = deals_script_open(postgres_conninfo(), arena, &error);
    }

    assert_non_null(script);
    deals_script_close(script);
    deals_arena_free(arena);
}

/* 0; -1: it is not installed */

unused static int
make_postgres(void)
{
    char    path[300];
    glob_t  found;

    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0) {
        return -1;
    }

    snprintf(postgres_bin, sizeof(postgres_bin), "%s",
             found.gl_pathv[found.gl_pathc - 1]);
    *strrchr(postgres_bin, '/') = '\0';
    globfree(&found);
    snprintf(path, sizeof(path), "%s/initdb", postgres_bin);

    const char *const  argv[] = {
        path, "-D", "data", "-A", "trust", "-U", "deals", "-E", "UTF8",
        "--locale=C.UTF-8", "--no-sync", "--no-instructions", NULL
    };

    const char *const  tls[] = {
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
        "/CN=localhost", "-days", "2", "-keyout", "data/server.key", "-out",
        "data/server.crt", NULL
    };

    make_dir();
    assert_int_equal(finish(launch(argv)), 0);
    postgres_port = free_port();
    postgres_tls = finish(launch(tls)) == 0;
    start_postgres();

    return 0;
}


/* --- Redis --------------------------------------------------------------- */

unused static const char *
redis_socket(void)
{
    static char  path[100];

    snprintf(path, sizeof(path), "%s/redis.sock", server_dir);
    return path;
}

static int
is_listening(const char *path)
{
    int                 fd, rc;
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    rc = connect(fd, (struct sockaddr *) &sun, sizeof(sun));
    close(fd);

    return rc == 0;
}

/* 0; -1: it is not installed */

unused static int
start_redis(const char *password, int port)
{
    int                 i;
    char                number[12];
    const char *const   argv[] = {
        "redis-server", "--port", number, "--bind", "127.0.0.1", "--unixsocket",
        redis_socket(), "--unixsocketperm", "777", "--save", "",
        "--appendonly", "no",
        password != NULL ? "--requirepass" : NULL, password, NULL
    };

    if (access("/usr/bin/redis-server", X_OK) != 0) {
        return -1;
    }

    snprintf(number, sizeof(number), "%d", port);
    (void) unlink(redis_socket());
    server_pid = launch(argv);

    for (i = 0; i < 1000; i++) {
        if (is_listening(redis_socket())) {
            return 0;
        }

        usleep(20000);
    }

    fail_msg("Redis does not listen");
    return 0;
}

#endif /* IO_SERVER_H */
