-- The part of scripts that moves users on the board. Appended to rules.lua.

-- Counts a user at its new score, and no longer at its old one. A score that no user has any more
-- leaves the distinct scores.
--   distinct_key  ZSET  the distinct scores: member = score as text, score = the same
--   counts_key    HASH  score as text → how many users have it
--   before        the old score as text, nil for a row that comes to the board
--   after         the new score as text, another one, nil for a row that leaves the board
local function count_score(distinct_key, counts_key, before, after)
  if after and redis.call('HINCRBY', counts_key, after, 1) == 1 then
    redis.call('ZADD', distinct_key, after, after)
  end
  if before and redis.call('HINCRBY', counts_key, before, -1) == 0 then
    redis.call('HDEL', counts_key, before)
    redis.call('ZREM', distinct_key, before)
  end
end

-- Returns the tie key of a user that reaches its score at a revision: 14 hex digits, the revision or
-- its inverse, so that from the end of the ZSET of equal scores the last or the first that was
-- reached comes first.
local function tie_key(rules, revision)
  return string.format('%014x', rules.tie_break and revision or MAX_SCORE - 1 - revision)
end

-- Moves a user to a score.
--   rules     the rules
--   keys      {board, distinct scores, counts of them}
--   id        the user
--   earlier   its member on the board, nil for a new user
--   before    its old score on the board as text
--   after     its new score on the board as text, another one
--   revision  the revision at which it reached that
-- Returns its new member: the tie key and the user id.
local function move_user(rules, keys, id, earlier, before, after, revision)
  local member = tie_key(rules, revision) .. id
  redis.call('ZADD', keys[1], after, member)
  if earlier then
    -- After the new one: in a cluster's slot that is being moved, an emptied set is gone.
    redis.call('ZREM', keys[1], earlier)
  end
  if rules.rank_style == 'dense' then
    count_score(keys[2], keys[3], earlier and before, after)
  end
  return member
end
