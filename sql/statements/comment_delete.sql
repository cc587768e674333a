-- comment_delete: by its author or a moderator.
-- in:    deal_id int8, id int8, actor int8, is_moderator bool, now timestamptz
-- out:   status text
-- write
SELECT deals_comment_delete(:deal_id, :id, :actor, :is_moderator, :now)
