-- comment_update: a new text.
-- in:    deal_id int8, id int8, actor int8, is_moderator bool, body text, html text, html_version int4, now timestamptz, max_bytes int4
-- out:   status text
-- write
SELECT deals_comment_update(:deal_id, :id, :actor, :is_moderator, :body, :html,
           :html_version, :now, :max_bytes)
