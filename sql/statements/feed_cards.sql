-- feed_cards: some deals, in the order in which they are named, as far as a
-- ranked list still shows them.
-- in:    now timestamptz, deal_ids int8[]
-- out:   card
-- blocks: active
-- limit: 26 101
SELECT @card@
  FROM unnest(:deal_ids) WITH ORDINALITY AS x (id, place)
  JOIN deal_stats s ON s.deal_id = x.id
  JOIN deals d ON d.deal_id = x.id
 WHERE s.live
   AND (s.starts_at IS NULL OR s.starts_at <= :now)
/*[active]*/
   AND (s.expires_at IS NULL OR s.expires_at > :now)
/*[/active]*/
 ORDER BY x.place
 LIMIT @limit@
