/*
 * calls/vary.c - what calls/present.c makes of a row for a member, for every
 * state that the row can be in for members: the rules of drafts.
 */

#include <deals/calls.h>


/* Whose it is, as far as it can be somebody's own: of a comment that was taken
 * away the author is not told. */
static int64_t
owner(int64_t user_id, const deals_card_author *author)
{
    return user_id == DEALS_NULL_INT || author == NULL || !author->member
           ? 0 : user_id;
}


static int
vary_row(const deals_shape *shape, const void *row, deals_draft_row *key)
{
    const deals_card     *card = row;
    const deals_deal     *deal = row;
    const deals_comment  *comment = row;

    if (shape == &deals_card_shape) {
        *key = (deals_draft_row) { card->id, 0,
                                   owner(card->user_id, card->author) };

    } else if (shape == &deals_deal_shape) {
        *key = (deals_draft_row) { deal->id, 0,
                                   owner(deal->user_id, deal->author) };

    } else if (shape == &deals_comment_shape) {
        *key = (deals_draft_row) { comment->deal_id, comment->id,
                                   owner(comment->user_id, comment->author) };

    } else {
        return -1;
    }

    return 0;
}


#define VOTED(row, vote)                                                      \
    (row)->my_vote = (vote);                                                  \
    (row)->voted_up = (vote) == 1;                                            \
    (row)->voted_down = (vote) == -1


static void
vary(const deals_shape *shape, void *row, int my_vote, int own)
{
    deals_card     *card = row;
    deals_deal     *deal = row;
    deals_comment  *comment = row;

    if (shape == &deals_card_shape) {
        VOTED(card, my_vote);
        card->own = own;

    } else if (shape == &deals_deal_shape) {
        VOTED(deal, my_vote);
        deal->own = own;
        deal->can_edit = own;
        deal->can_moderate = 0;

    } else if (shape == &deals_comment_shape) {
        VOTED(comment, my_vote);
        comment->own = own;
        comment->can_edit = own && !comment->deleted;
        comment->can_delete = own && !comment->deleted;
    }
}


const deals_draft_rules  deals_vary = { vary_row, vary };
