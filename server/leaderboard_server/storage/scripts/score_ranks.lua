#!lua flags=no-writes
-- Reads the ranks that users who reached some scores now would have, and where requested the rows
-- around them. Appended to position.lua, rules.lua and rows.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points (see rules.lua)
-- KEYS[2]  users   HASH    user id → tie key + profile (see profiles.lua)
-- KEYS[3]  meta    HASH    epoch, revision, rules
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  the first score, an integer
-- ARGV[4]  how many rows to read around it; then the same two for each further score
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, rules, total users, result of each
-- score...} with numbers as text; a result is {rank, place} or {rank, place, rows as of rows.lua}.

local epoch, revision, state, rules_text = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local board, call = KEYS[1], redis.call
local rules, total = decode_rules(rules_text), call('ZCARD', board)
local reply = {epoch, whole(revision), rules_text, whole(total)}

for i = 3, #ARGV, 2 do
  local score, count = whole(stored_score(rules, tonumber(ARGV[i]))), tonumber(ARGV[i + 1])
  local better = call('ZCOUNT', board, '(' .. score, '+inf')
  local place = better + 1
  if not rules.tie_break then
    place = call('ZCOUNT', board, score, '+inf') + 1  -- below all equal scores
  end
  local rank = place
  if rules.rank_style then
    rank = shared_rank(rules, board, KEYS[5], score)
  end
  local result = {whole(rank), whole(place)}
  if count > 0 and total > 0 then
    local first = first_around(math.min(better, total - 1), count, total)
    result[3] = read_rows(rules, KEYS, first, first + count - 1)
  end
  reply[#reply + 1] = result
end
return reply
