-- comment_replies: what hangs below the roots that comment_roots answers with
-- the same parameters, best first: as many whole threads as have 500 comments
-- together, until they have 2 MB.
-- in:    deal_id int8, after_rank float8, after_id int8
-- out:   comment
-- blocks: after
-- limit: 26 101
SELECT @comment@
  FROM comments c
 WHERE c.deal_id = :deal_id
   AND c.parent_id IS NOT NULL
   AND c.root_id = ANY (ARRAY(
       SELECT s.comment_id
         FROM (SELECT u.comment_id, u.size,
                      sum(u.size) OVER (ORDER BY u.total) AS sum
                 FROM (SELECT t.comment_id, t.total,
                              (SELECT coalesce(sum(octet_length(y.body)
                                                   + octet_length(y.html)), 0)
                                 FROM comments y
                                WHERE y.deal_id = :deal_id
                                  AND y.root_id = t.comment_id
                                  AND y.parent_id IS NOT NULL) AS size
                         FROM (SELECT r.comment_id, r.reply_count,
                                      sum(1 + r.reply_count) OVER (
                                          ORDER BY r.wilson DESC,
                                                   r.comment_id DESC) AS total
                                 FROM (SELECT x.comment_id, x.reply_count,
                                              x.wilson
                                         FROM comments x
                                        WHERE x.deal_id = :deal_id
                                          AND x.parent_id IS NULL
/*[after]*/
                                          AND (x.wilson, x.comment_id)
                                              < (:after_rank, :after_id)
/*[/after]*/
                                        ORDER BY x.wilson DESC,
                                                 x.comment_id DESC
                                        LIMIT @limit@) r) t
                        WHERE t.total <= 500 AND t.reply_count > 0) u) s
        WHERE s.sum - s.size < 2097152))
 ORDER BY c.wilson DESC, c.comment_id DESC
 LIMIT 500
