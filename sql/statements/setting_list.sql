-- setting_list: the settings that an operator may change, by name.
-- in:    none
-- out:   name text, value text
SELECT s.key, s.value FROM settings s WHERE s.key <> 'rerank' ORDER BY s.key
