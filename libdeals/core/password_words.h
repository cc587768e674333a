/*
 * core/password_words.h - what core/password_common.c looks passwords up in.
 */

#ifndef DEALS_CORE_PASSWORD_WORDS_H
#define DEALS_CORE_PASSWORD_WORDS_H

/* Lower-case letters only, in no order; NULL ends them. */
extern const char *const  deals_password_words[];

/* Whole passwords, in lower case and sorted; NULL ends them. */
extern const char *const  deals_password_list[];

#endif /* DEALS_CORE_PASSWORD_WORDS_H */
