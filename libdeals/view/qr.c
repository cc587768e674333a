/*
 * view/qr.c - a text as a QR code (ISO/IEC 18004). See deals/pages.h.
 */

#include <string.h>

#include <qrencode.h>

#include <deals/pages.h>

#define QUIET  4                        /* modules around it, as the standard asks */


/* The runs of dark modules of a row, left to right; how many. */
static size_t
row_bars(const QRcode *code, int y, deals_bar *bars)
{
    int     x, first;
    size_t  n = 0;

    for (x = 0; x < code->width; x++) {
        if (!(code->data[y * code->width + x] & 1)) {
            continue;
        }

        for (first = x; x + 1 < code->width
                        && code->data[y * code->width + x + 1] & 1; x++)
        {
            /* void */
        }

        if (bars != NULL) {
            bars[n].x = first + QUIET;
            bars[n].y = y + QUIET;
            bars[n].width = x + 1 - first;
        }
        n++;
    }

    return n;
}


int
deals_qr(deals_arena *arena, deals_str text, deals_picture *picture)
{
    int         y;
    char       *copy;
    size_t      n = 0;
    QRcode     *code;
    deals_bar  *bars;

    copy = deals_arena_printf(arena, "%.*s", (int) text.len, text.data);
    if (copy == NULL) {
        return -1;
    }

    code = QRcode_encodeString8bit(copy, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return -1;
    }

    for (y = 0; y < code->width; y++) {
        n += row_bars(code, y, NULL);
    }

    bars = deals_arena_alloc(arena, n * sizeof(deals_bar));
    if (bars == NULL) {
        QRcode_free(code);
        return -1;
    }

    picture->size = code->width + 2 * QUIET;
    picture->bars = (deals_list) { bars, n };

    for (y = 0; y < code->width; y++) {
        bars += row_bars(code, y, bars);
    }

    QRcode_free(code);

    return 0;
}
