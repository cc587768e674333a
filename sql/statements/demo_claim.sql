-- demo_claim: says that the demo community was loaded; 23505 if it was already.
-- in:    none
-- out:   none
-- write
INSERT INTO import_keys (source, source_id, deal_id)
VALUES ('demo', 'community', 0)
