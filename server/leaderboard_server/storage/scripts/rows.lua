-- The part of reading scripts that reads rows of a board. Appended to rules.lua.

-- Reads consecutive rows.
--   rules, keys  the rules, and the keys of the script: board, users, meta, log, distinct scores
--   first, last  indexes from 0, inclusive, as numbers or text
-- Returns {index of the first row, its rank if ranks are shared, else 0, {member, score, ...},
-- {tie key + profile, ...}}, with the scores as text.
local function read_rows(rules, keys, first, last)
  local rows = redis.call('ZREVRANGE', keys[1], first, last, 'WITHSCORES')
  local ids = {}
  for i = 1, #rows, 2 do
    ids[#ids + 1] = rows[i]:sub(15)
  end
  local users, first_rank = {}, 0
  if #ids > 0 then
    users = redis.call('HMGET', keys[2], unpack(ids))
    if rules.rank_style then
      first_rank = shared_rank(rules, keys[1], keys[5], rows[2])
    end
  end
  return {first, first_rank, rows, users}
end

-- Returns the index of the first of `count` rows around a row: at most one row more is below it than
-- above it, and at the ends of the board the rows are moved so that there are `count` of them.
local function first_around(index, count, total)
  return math.max(0, math.min(index - math.floor((count - 1) / 2), total - count))
end
