/*
 * Drafts of pages as they come from memory that others write to: the header fits
 * the sizes, the rest is anything. What opens can be used: it writes as many
 * bytes as it said.
 */

#include "fuzz.h"

#include "view/draft.h"

static void
put_parts(deals_buf *buf, deals_str *input, size_t len)
{
    while (len-- > 0) {
        deals_buf_char(buf, (char) take_byte(input));
    }
}


static void
use(const deals_draft *draft, const unsigned char *states, deals_str name)
{
    char           *out;
    size_t          i, size;
    unsigned char   hash[DEALS_DRAFT_HASH];

    for (i = 0; i < draft->nrows; i++) {
        (void) deals_draft_get_row(draft, i);
    }

    size = deals_draft_size(draft, states, name);

    if (size == 0) {
        return;
    }

    need(size < 1 << 24);
    out = malloc(size);
    need(out != NULL);
    deals_draft_write(draft, states, name, out);
    need(deals_utf8_count((deals_str) { out, size }) <= size);
    free(out);
    deals_draft_hash(draft, states, name, hash);
}


/* Sizes, states and a name; then the bytes of the parts. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t               i;
    char                *memory;
    deals_buf            buf = { 0 };
    deals_str            input, bytes, name;
    deals_draft          draft;
    deals_draft_header   h = { .magic = DEALS_DRAFT_MAGIC };
    unsigned char        states[16];

    static const deals_str  names[] = {
        DEALS_STR("kim"), DEALS_STR("kim_the-twentieth_20"), DEALS_STR("<b>"),
        { NULL, 0 }
    };

    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    name = names[take_byte(&input) % 4];
    h.base = take_byte(&input);
    h.parts = take_byte(&input) & 0x3f;
    h.nholes = take_byte(&input) & 7;
    h.nalternatives = take_byte(&input) & 7;
    h.nrows = take_byte(&input) & 7;

    for (i = 0; i < sizeof(states); i++) {
        states[i] = (unsigned char) (take_byte(&input) % DEALS_DRAFT_STATES);
    }

    put_parts(&buf, &input, h.base + h.parts
              + h.nholes * sizeof(deals_draft_hole)
              + h.nalternatives * sizeof(deals_draft_alternative)
              + h.nrows * sizeof(deals_draft_row));
    h.size = (uint32_t) (sizeof(h) + buf.len);
    bytes = own_copy((deals_str) { buf.data, buf.len });
    deals_buf_clear(&buf);
    deals_buf_add(&buf, &h, sizeof(h));
    deals_buf_str(&buf, bytes);
    free((void *) (uintptr_t) bytes.data);
    bytes = own_copy((deals_str) { buf.data, buf.len });

    if (deals_draft_open(&draft, bytes) == 0) {
        use(&draft, states, name);
    }

    /* and cut short */
    (void) deals_draft_open(&draft, deals_str_sub(bytes, 0, size));

    free((void *) (uintptr_t) bytes.data);
    deals_buf_free(&buf);
    free(memory);

    return 0;
}
