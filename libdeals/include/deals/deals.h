/*
 * deals/deals.h - all of libdeals.
 */

#ifndef DEALS_DEALS_H
#define DEALS_DEALS_H

/* Of the library and of every program that comes with it. */
#define DEALS_VERSION  "0.1.0"

#include <deals/types.h>
#include <deals/breached.h>
#include <deals/ctx.h>
#include <deals/input.h>
#include <deals/rows.h>
#include <deals/calls.h>
#include <deals/view.h>
#include <deals/pages.h>
#include <deals/admin.h>
#include <deals/demo.h>
#include <deals/import.h>
#include <deals/members.h>
#include <deals/viewer.h>

#endif /* DEALS_DEALS_H */
