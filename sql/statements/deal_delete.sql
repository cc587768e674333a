-- deal_delete: by its author or a moderator.
-- in:    id int8, actor int8, is_moderator bool, now timestamptz
-- out:   status text
-- write
SELECT deals_deal_delete(:id, :actor, :is_moderator, :now)
