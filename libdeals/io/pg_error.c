#include <string.h>

#include "io/pg.h"


const deals_outcome  deals_outcome_ok = { .code = DEALS_OK };

const deals_outcome  deals_outcome_lost = {
    .code = DEALS_UNAVAILABLE,
    .message = "The connection to the database was lost. Please try again.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_unknown = {
    .code = DEALS_UNAVAILABLE,
    .message = "The connection to the database was lost. It is not known "
               "whether the change was saved: please look before you try "
               "again.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_down = {
    .code = DEALS_UNAVAILABLE,
    .message = "The database cannot be reached. Please try again soon.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_read_only = {
    .code = DEALS_UNAVAILABLE,
    .message = "Nothing can be changed at the moment. Please try again soon.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_full = {
    .code = DEALS_UNAVAILABLE,
    .message = "Too many requests are waiting. Please try again soon.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_no_memory = {
    .code = DEALS_NO_MEMORY,
    .message = "There is not enough memory. Please try again soon.",
    .retry_after = 1
};

const deals_outcome  deals_outcome_defect = {
    .code = DEALS_INTERNAL,
    .message = "Something went wrong here. It has been noted.",
};


static int
is_one_of(const char *sqlstate, const char *const *list)
{
    for ( /* void */ ; *list != NULL; list++) {
        if (strncmp(sqlstate, *list, strlen(*list)) == 0) {
            return 1;
        }
    }

    return 0;
}


deals_error_class
deals_sqlstate_class(const char *sqlstate)
{
    static const char *const  conflict[] = { "40001", "40P01", NULL };
    static const char *const  stale[] = { "26000", "0A000", NULL };
    static const char *const  aborted[] = { "25P02", NULL };
    static const char *const  reconnect[] = {
        "08", "57P01", "57P02", "57P03", "57P05", "25006", "25P03", NULL
    };

    if (is_one_of(sqlstate, conflict)) {
        return ERROR_CONFLICT;
    }

    if (is_one_of(sqlstate, stale)) {
        return ERROR_STALE_PLAN;
    }

    if (is_one_of(sqlstate, aborted)) {
        return ERROR_ABORTED;
    }

    if (is_one_of(sqlstate, reconnect)) {
        return ERROR_RECONNECT;
    }

    return ERROR_OTHER;
}


void
deals_sqlstate_outcome(const char *sqlstate, deals_outcome *outcome)
{
    static const char *const  timeout[] = { "57014", "55P03", NULL };
    static const char *const  full[] = { "53100", NULL };
    /* 26000: the PREPARE ahead of it failed, twice */
    static const char *const  busy[] = {
        "53", "40", "25P02", "26000", NULL
    };
    static const char *const  away[] = {
        "08", "57P", "25006", "25P03", NULL
    };
    static const char *const  schema[] = {
        "42P01", "42703", "42883", "3F000", NULL
    };

    if (is_one_of(sqlstate, timeout)) {
        outcome->code = DEALS_TIMEOUT;
        outcome->message = "The database did not answer in time. Please try "
                           "again.";
        outcome->retry_after = 1;

    } else if (is_one_of(sqlstate, full)) {
        outcome->code = DEALS_UNAVAILABLE;
        outcome->message = "The database's disk is full: nothing can be "
                           "stored at the moment.";
        outcome->retry_after = 10;

    } else if (is_one_of(sqlstate, busy)) {
        outcome->code = DEALS_UNAVAILABLE;
        outcome->message = "The database is too busy. Please try again.";
        outcome->retry_after = 1;

    } else if (is_one_of(sqlstate, away)) {
        *outcome = deals_outcome_lost;

    } else if (is_one_of(sqlstate, schema)) {
        outcome->code = DEALS_SCHEMA;
        outcome->message = "The database's schema is not the one this program "
                           "needs: run `deals migrate`.";
        outcome->retry_after = 0;

    } else {
        *outcome = deals_outcome_defect;
    }

    strncpy(outcome->sqlstate, sqlstate, 5);
    outcome->sqlstate[5] = '\0';
}
