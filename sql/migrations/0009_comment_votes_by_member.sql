-- A deal's page asks for one member's votes on its comments: they lie together
-- now, and are found however many others have voted there.
ALTER TABLE comment_votes
    DROP CONSTRAINT comment_votes_pkey,
    ADD PRIMARY KEY (deal_id, user_id, comment_id);
