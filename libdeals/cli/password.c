/*
 * Passwords: asked for twice on the terminal, unseen, or read from standard
 * input. They stay in no buffer but the caller's.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

static struct termios  before;


/* Ctrl-C must not leave a terminal that shows nothing. */
static void
interrupted(int number)
{
    (void) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    (void) signal(number, SIG_DFL);
    (void) raise(number);
}


/* One line without its end, straight from the descriptor. */
static int
read_line(char out[CLI_PASSWORD_MAX])
{
    char     c;
    size_t   len = 0;
    ssize_t  n;

    for ( ;; ) {
        n = read(STDIN_FILENO, &c, 1);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n == -1) {
            cli_error("standard input: %s", strerror(errno));
            return CLI_FAILED;
        }

        if (n == 0 && len == 0) {
            cli_error("no password was given");
            return CLI_USAGE;
        }

        if (n == 0 || c == '\n') {
            break;
        }

        if (c == '\0' || len == CLI_PASSWORD_MAX - 1) {
            cli_error(c == '\0' ? "a password holds no zero bytes"
                                : "that password is too long");
            return CLI_REFUSED;
        }

        out[len++] = c;
    }

    if (len > 0 && out[len - 1] == '\r') {
        len--;
    }

    out[len] = '\0';

    return CLI_OK;
}


static int
ask(const char *prompt, char out[CLI_PASSWORD_MAX])
{
    int               rc;
    struct termios    silent;
    struct sigaction  now = { .sa_handler = interrupted }, old;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        cli_error("standard input is no terminal: give the password with "
                  "--password-stdin");
        return CLI_USAGE;
    }

    silent = before;
    silent.c_lflag &= ~(tcflag_t) ECHO;

    (void) sigaction(SIGINT, &now, &old);
    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fputs(prompt, stderr);
    rc = read_line(out);
    fputc('\n', stderr);
    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    (void) sigaction(SIGINT, &old, NULL);

    return rc;
}


int
cli_password(char out[CLI_PASSWORD_MAX], const char *name)
{
    int   rc;
    char  prompt[128], again[CLI_PASSWORD_MAX];

    if (cli.password_stdin) {
        return read_line(out);
    }

    snprintf(prompt, sizeof(prompt), "Password for %.64s: ", name);

    rc = ask(prompt, out);
    if (rc == CLI_OK) {
        rc = ask("Once more: ", again);
    }

    if (rc == CLI_OK && strcmp(out, again) != 0) {
        cli_error("the two are not the same");
        rc = CLI_REFUSED;
    }

    explicit_bzero(again, sizeof(again));

    return rc;
}
