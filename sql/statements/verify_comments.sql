-- verify_comments: what is derived of the comments on the deals in a range of
-- ids and differs from what their rows and votes say now; votes on no comment too.
-- in:    after_id int8, last_id int8
-- out:   deal_id int8, id int8, field text, stored text?, expected text?
-- slow
WITH v AS (
    SELECT deal_id, comment_id, count(*) FILTER (WHERE value = 1) AS up,
           count(*) FILTER (WHERE value = -1) AS down
      FROM comment_votes
     WHERE deal_id > :after_id AND deal_id <= :last_id
     GROUP BY deal_id, comment_id
), c AS (
    SELECT * FROM comments
     WHERE deal_id > :after_id AND deal_id <= :last_id
), threads AS (
    SELECT deal_id, root_id,
           count(*) FILTER (WHERE parent_id IS NOT NULL) AS n,
           coalesce(sum(octet_length(body) + octet_length(html)), 0) AS bytes
      FROM comments
     WHERE deal_id > :after_id AND deal_id <= :last_id
     GROUP BY deal_id, root_id
), expected AS (
    SELECT c.deal_id, c.comment_id, coalesce(v.up, 0) AS up,
           coalesce(v.down, 0) AS down, coalesce(t.n, 0) AS reply_count,
           coalesce(t.bytes, 0) AS thread_bytes,
           CASE WHEN c.parent_id IS NULL THEN c.comment_id ELSE p.root_id END
               AS root_id,
           CASE WHEN c.parent_id IS NULL THEN 0 ELSE p.depth + 1 END AS depth
      FROM c
      LEFT JOIN v ON v.deal_id = c.deal_id AND v.comment_id = c.comment_id
      LEFT JOIN threads t ON t.deal_id = c.deal_id
                             AND t.root_id = c.comment_id
      LEFT JOIN c p ON p.deal_id = c.deal_id AND p.comment_id = c.parent_id
)
SELECT c.deal_id, c.comment_id, f.field, f.stored, f.expected
  FROM c
  JOIN expected e ON e.deal_id = c.deal_id AND e.comment_id = c.comment_id
 CROSS JOIN LATERAL (VALUES
    ('up', c.up::text, e.up::text),
    ('down', c.down::text, e.down::text),
    ('score', c.score::text, (e.up - e.down)::text),
    ('wilson', c.wilson::text, deals_wilson(e.up, e.down)::text),
    ('reply_count', c.reply_count::text, e.reply_count::text),
    ('thread_bytes', c.thread_bytes::text, e.thread_bytes::text),
    ('root_id', c.root_id::text, e.root_id::text),
    ('depth', c.depth::text, e.depth::text)
 ) AS f (field, stored, expected)
 WHERE f.stored IS DISTINCT FROM f.expected
UNION ALL
SELECT v.deal_id, v.comment_id, 'votes', (v.up + v.down)::text, NULL
  FROM v
 WHERE NOT EXISTS (SELECT FROM c WHERE c.deal_id = v.deal_id
                                   AND c.comment_id = v.comment_id)
 ORDER BY 1, 2, 3
 LIMIT 10000
