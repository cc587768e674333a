/*
 * Addresses with passwords in them: out of sight of `ps`, or in files that only
 * their owner can read.
 */

#include <string.h>

#include "base/str.h"
#include "io/secret_file.h"
#include "cli/cli.h"

#define FILE_WORD  "file:"

static deals_arena  *arena;


static deals_arena *
memory(void)
{
    if (arena == NULL) {
        arena = deals_arena_new();
    }

    if (arena == NULL) {
        cli_error("out of memory");
    }

    return arena;
}


const char *
cli_address_option(char *given)
{
    deals_str     text = deals_str_of(given);
    deals_arena  *copies = memory();

    if (copies == NULL) {
        return NULL;
    }

    text = deals_arena_copy(copies, text);

    if (text.data == NULL) {
        cli_error("out of memory");
        return NULL;
    }

    /* any user of this machine may read it as long as it stands there */

    memset(given, 'x', text.len);

    return text.data;
}


int
cli_address_read(const char **address, const char *field)
{
    deals_str           line;
    const deals_error  *error = NULL;

    if (*address == NULL
        || strncmp(*address, FILE_WORD, sizeof(FILE_WORD) - 1) != 0)
    {
        return CLI_OK;
    }

    if (memory() == NULL) {
        return CLI_FAILED;
    }

    if (deals_secret_file(arena, *address + sizeof(FILE_WORD) - 1, field,
                          &line, arena, &error)
        != 0)
    {
        (void) cli_say(error);
        return CLI_USAGE;
    }

    *address = line.data;

    return CLI_OK;
}


void
cli_address_end(void)
{
    deals_arena_free(arena);
    arena = NULL;
}
