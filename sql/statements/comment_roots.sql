-- comment_roots: the comments that answer a deal itself, best first, until they
-- have 2 MB.
-- in:    deal_id int8, after_rank float8, after_id int8
-- out:   comment
-- blocks: after
-- limit: 26 101
SELECT @comment@
  FROM (SELECT r.*,
               sum(r.size) OVER (ORDER BY r.wilson DESC, r.comment_id DESC)
                   - r.size AS before
          FROM (SELECT x.*,
                       coalesce(octet_length(x.body) + octet_length(x.html), 0)
                           AS size
                  FROM comments x
                 WHERE x.deal_id = :deal_id
                   AND x.parent_id IS NULL
/*[after]*/
                   AND (x.wilson, x.comment_id) < (:after_rank, :after_id)
/*[/after]*/
                 ORDER BY x.wilson DESC, x.comment_id DESC
                 LIMIT @limit@) r) c
 WHERE c.before < 2097152
 ORDER BY c.wilson DESC, c.comment_id DESC
 LIMIT @limit@
