-- comment_roots_of: some comments that answer the deal itself, in the order in
-- which they are named, as many as comment_roots would answer.
-- in:    deal_id int8, comment_ids int8[]
-- out:   comment
SELECT @comment@
  FROM (SELECT r.*, x.place, sum(r.thread_bytes) OVER (ORDER BY x.place)
                             - r.thread_bytes AS bytes_before
          FROM unnest(:comment_ids) WITH ORDINALITY AS x (id, place)
         CROSS JOIN LATERAL (
               SELECT y.*
                 FROM comments y
                WHERE y.deal_id = :deal_id AND y.comment_id = x.id
                LIMIT 1) r) c
 WHERE c.place <= 2 OR c.bytes_before <= 1048576
 ORDER BY c.place
