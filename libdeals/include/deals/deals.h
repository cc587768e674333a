/*
 * deals/deals.h - all of libdeals.
 */

#ifndef DEALS_DEALS_H
#define DEALS_DEALS_H

#include <deals/types.h>
#include <deals/ctx.h>
#include <deals/input.h>
#include <deals/rows.h>
#include <deals/calls.h>
#include <deals/view.h>
#include <deals/pages.h>
#include <deals/admin.h>

#endif /* DEALS_DEALS_H */
