-- deal_hide: hides a deal or shows it again; without actor: the operator.
-- in:    id int8, hide bool, actor int8?, now timestamptz
-- out:   status text
-- write
SELECT deals_deal_hide(:id, :hide, :actor, :now)
