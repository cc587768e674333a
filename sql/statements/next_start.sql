-- next_start: when the next deal begins that waits for its time. No row: none.
-- in:    now timestamptz
-- out:   starts_at timestamptz
SELECT s.starts_at
  FROM deal_stats s
 WHERE s.live
   AND s.starts_at > :now
 ORDER BY s.starts_at
 LIMIT 1
