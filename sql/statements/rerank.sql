-- rerank: ranks the next 1,000 deals by the settings as they are now, if that
-- is due.
-- in:    none
-- out:   done bool, pass int4, last_id int8, changed int4
-- write
-- slow
SELECT r.done, r.pass, r.last_id, r.changed FROM deals_rerank(1000) AS r
