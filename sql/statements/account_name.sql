-- account_name: claims a name; 23505 if it is taken.
-- in:    name_key text, user_id int8, name text
-- out:   none
-- write
INSERT INTO user_names (name_key, user_id, name)
VALUES (:name_key, :user_id, :name)
