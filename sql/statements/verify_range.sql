-- verify_range: the last of the next 1,000 deals, how many they are, and about
-- how many there are in all.
-- in:    after_id int8
-- out:   last_id int8?, count int8, total int8
SELECT max(x.deal_id), count(*),
       greatest((SELECT c.reltuples FROM pg_class c
                  WHERE c.oid = 'deals'::regclass), 0)::int8
  FROM (SELECT d.deal_id FROM deals d
         WHERE d.deal_id > :after_id
         ORDER BY d.deal_id
         LIMIT 1000) x
