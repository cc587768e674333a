/*
 * calls/migrations.h - the commands of sql/migrations, as the generator
 * compiles them in.
 */

#ifndef DEALS_CALLS_MIGRATIONS_H
#define DEALS_CALLS_MIGRATIONS_H

#include <stddef.h>

typedef struct {
    int                 version;        /* 1, 2, ... without a gap */
    const char         *name;           /* "settings" of 0001_settings.sql */
    const char *const  *commands;       /* each is sent by itself */
    size_t              ncommands;
} deals_migration;

extern const deals_migration  deals_migrations[];
extern const size_t           deals_nmigrations;

#endif /* DEALS_CALLS_MIGRATIONS_H */
