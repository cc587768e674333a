-- setting_put: changes a setting that is there; what decides ranks makes all of
-- them due. No row: it has this value already.
-- in:    name text, value text
-- out:   name text
-- write
WITH changed AS (
    UPDATE settings SET value = :value
     WHERE key = :name AND value <> :value
    RETURNING key
), due AS (
    INSERT INTO settings (key, value)
    SELECT 'rerank', '1 0' FROM changed c WHERE c.key IN ('epoch', 'tau')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
)
SELECT c.key FROM changed c
