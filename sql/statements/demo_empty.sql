-- demo_empty: whether the community has no members and no deals yet.
-- out:   is_empty bool
SELECT NOT EXISTS (SELECT FROM users) AND NOT EXISTS (SELECT FROM deals)
