-- deal_get: a deal, hidden or not, unless it was deleted.
-- in:    id int8
-- out:   deal
SELECT @deal@
  FROM deals d
  JOIN deal_stats s ON s.deal_id = d.deal_id
 WHERE d.deal_id = :id
   AND s.deal_id = :id
   AND d.deleted_at IS NULL
