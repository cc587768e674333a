-- comment_roots: the comments that answer a deal itself, best first: those of the
-- page (see comment_replies) and at least one more, if there is one; not all that
-- were asked for where their threads are large.
-- in:    deal_id int8, after_rank float8, after_id int8
-- out:   comment
-- blocks: after
-- limit: 26 101
SELECT @comment@
  FROM (SELECT r.*, row_number() OVER w AS place,
               sum(r.thread_bytes) OVER w - r.thread_bytes AS bytes_before
          FROM (SELECT x.*
                  FROM comments x
                 WHERE x.deal_id = :deal_id
                   AND x.parent_id IS NULL
/*[after]*/
                   AND (x.wilson, x.comment_id) < (:after_rank, :after_id)
/*[/after]*/
                 ORDER BY x.wilson DESC, x.comment_id DESC
                 LIMIT @limit@) r
        WINDOW w AS (ORDER BY r.wilson DESC, r.comment_id DESC)) c
 WHERE c.place <= 2 OR c.bytes_before <= 1048576
 ORDER BY c.wilson DESC, c.comment_id DESC
