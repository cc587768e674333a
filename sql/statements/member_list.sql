-- member_list: members by name, for the operator.
-- in:    after text
-- out:   member
SELECT @member@
  FROM user_names n
  JOIN users u ON u.user_id = n.user_id
 WHERE n.name_key > :after
 ORDER BY n.name_key
 LIMIT 1000
