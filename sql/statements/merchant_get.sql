-- merchant_get: a merchant by slug.
-- in:    slug text
-- out:   name text, slug text
SELECT m.name, m.slug FROM merchants m WHERE m.slug = :slug
