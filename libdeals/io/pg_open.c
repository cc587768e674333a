#include "io/pg_open.h"

#define MAX_OPTIONS  80


static void
join(deals_buf *list, size_t i, const char *s)
{
    if (i > 0) {
        deals_buf_char(list, ',');
    }

    deals_buf_c(list, s);
}


PGconn *
deals_pg_open(const deals_pg_address *address, size_t first, int wait)
{
    int                     failed;
    size_t                  i, n;
    PGconn                 *pg;
    deals_buf               hosts, addrs, ports;
    const char             *keywords[MAX_OPTIONS], *values[MAX_OPTIONS];
    const deals_pg_target  *t;

    for (n = 0; n < address->noptions && n < MAX_OPTIONS - 4; n++) {
        keywords[n] = address->keywords[n];
        values[n] = address->values[n];
    }

    deals_buf_init(&hosts);
    deals_buf_init(&addrs);
    deals_buf_init(&ports);

    for (i = 0; i < address->ntargets; i++) {
        t = &address->targets[(first + i) % address->ntargets];
        join(&hosts, i, t->host);
        join(&addrs, i, t->hostaddr);
        join(&ports, i, t->port);
    }

    deals_buf_char(&hosts, '\0');
    deals_buf_char(&addrs, '\0');
    deals_buf_char(&ports, '\0');

    failed = hosts.failed || addrs.failed || ports.failed;
    pg = NULL;

    if (!failed) {
        keywords[n] = "host";
        values[n++] = hosts.data;
        keywords[n] = "hostaddr";
        values[n++] = addrs.data;
        keywords[n] = "port";
        values[n++] = ports.data;
        keywords[n] = NULL;
        values[n] = NULL;

        pg = wait ? PQconnectdbParams(keywords, values, 0)
                  : PQconnectStartParams(keywords, values, 0);
    }

    deals_buf_free(&hosts);
    deals_buf_free(&addrs);
    deals_buf_free(&ports);

    return pg;
}
