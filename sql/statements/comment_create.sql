-- comment_create: 23505 if the id is taken.
-- in:    deal_id int8, id int8, parent_id int8?, user_id int8, author_name text, body text, html text, html_version int4, now timestamptz, max_replies int4, max_bytes int4, max_depth int4
-- out:   status text
-- write
SELECT deals_comment_create(:deal_id, :id, :parent_id, :user_id, :author_name,
           :body, :html, :html_version, :now, :max_replies, :max_bytes,
           :max_depth)
