-- import_claim: claims a record of elsewhere, by its source's key, for a deal.
-- in:    source text, source_id text, deal_id int8
-- out:   none
-- write
INSERT INTO import_keys (source, source_id, deal_id)
VALUES (:source, :source_id, :deal_id)
ON CONFLICT (source, source_id) DO NOTHING
