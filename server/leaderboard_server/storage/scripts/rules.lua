-- The part of scripts that depends on the rules of a contest: the order of its rows, and their ranks.
-- Appended to position.lua.
--
-- Rows are read from the end of the ZSET. Where the lowest scores come first, the ZSET holds the
-- scores negated, so that everything else is the same for both orders.
--
-- Rules are JSON that holds what is not the default:
--   order         'lowest_first'; by default the highest scores come first
--   tie_break     'last_reached'; by default the first of equal scores to be reached comes first
--   rank_style    'competition' (1 2 2 4) or 'dense' (1 2 2 3); by default the rank is the place
--   default_mode  the mode of updates without one: 'set' or 'best'; by default 'increment'
--   min_score, max_score, max_points  numbers; by default the bounds of exact scores

local MAX_SCORE = 9007199254740992

-- Returns the rules as a table, an empty one for the default rules.
local function decode_rules(text)
  return text == '' and {} or cjson.decode(text)
end

-- Returns the score on the board of a user's score, or the other way round. A 0 has no sign.
local function stored_score(rules, score)
  return rules.order and 0 - score or score
end

-- Returns the rank of a score where ranks are shared: one more than the number of better rows, or of
-- better distinct scores.
--   rules       the rules
--   board_key   ZSET  member = tie key + user id, score = points, negated for the lowest first
--   distinct_key  ZSET  the distinct scores of the board, if the style is dense
--   score       a score of the ZSET, as text
local function shared_rank(rules, board_key, distinct_key, score)
  local counted = rules.rank_style == 'dense' and distinct_key or board_key
  return redis.call('ZCOUNT', counted, '(' .. score, '+inf') + 1
end
