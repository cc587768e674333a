-- comment_replies_of: what hangs below the roots that comment_roots_of answers with
-- the same parameters; of as many whole threads as comment_replies.
-- in:    deal_id int8, comment_ids int8[]
-- out:   comment
SELECT @comment@
  FROM (SELECT r.comment_id, r.reply_count, row_number() OVER w AS place,
               sum(1 + r.reply_count) OVER w AS total,
               sum(r.thread_bytes) OVER w AS bytes
          FROM unnest(:comment_ids) WITH ORDINALITY AS x (id, place)
         CROSS JOIN LATERAL (
               SELECT y.comment_id, y.reply_count, y.thread_bytes
                 FROM comments y
                WHERE y.deal_id = :deal_id AND y.comment_id = x.id
                LIMIT 1) r
        WINDOW w AS (ORDER BY x.place)) t
 CROSS JOIN LATERAL (
       SELECT y.*
         FROM comments y
        WHERE y.deal_id = :deal_id
          AND y.root_id = t.comment_id
          AND y.parent_id IS NOT NULL
        LIMIT 500) c
 WHERE (t.place = 1 OR (t.total <= 500 AND t.bytes <= 1048576))
   AND t.reply_count > 0
 ORDER BY c.wilson DESC, c.comment_id DESC
 LIMIT 500
