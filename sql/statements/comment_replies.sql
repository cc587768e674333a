-- comment_replies: what hangs below the roots that comment_roots answers with the
-- same parameters, best first: of as many whole threads as have 500 comments
-- and 1048576 bytes of text and HTML together, and of at least one. Thread by
-- thread: a deal may have thousands of comments elsewhere.
-- in:    deal_id int8, after_rank float8, after_id int8
-- out:   comment
-- blocks: after
-- limit: 26 101
SELECT @comment@
  FROM (SELECT r.comment_id, r.reply_count, row_number() OVER w AS place,
               sum(1 + r.reply_count) OVER w AS total,
               sum(r.thread_bytes) OVER w AS bytes
          FROM (SELECT x.comment_id, x.reply_count, x.thread_bytes, x.wilson
                  FROM comments x
                 WHERE x.deal_id = :deal_id
                   AND x.parent_id IS NULL
/*[after]*/
                   AND (x.wilson, x.comment_id) < (:after_rank, :after_id)
/*[/after]*/
                 ORDER BY x.wilson DESC, x.comment_id DESC
                 LIMIT @limit@) r
        WINDOW w AS (ORDER BY r.wilson DESC, r.comment_id DESC)) t
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
