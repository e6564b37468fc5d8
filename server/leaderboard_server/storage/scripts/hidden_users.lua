#!lua flags=no-writes
-- Reads hidden users of a contest. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    the position and the settings of the contest
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  hidden  HASH    the hidden users, see hiding.lua
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  the cursor of HSCAN
-- ARGV[4]  about how many users
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, rules, next cursor, user id,
-- score on the board or '', tie key + profile or '', ...}, with numbers as text.

local epoch, revision, state, rules_text = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local scanned = redis.call('HSCAN', KEYS[6], ARGV[3], 'COUNT', ARGV[4])
local reply = {epoch, whole(revision), rules_text, scanned[1]}
for i = 1, #scanned[2], 2 do
  local id, row = scanned[2][i], scanned[2][i + 1]
  reply[#reply + 1] = id
  reply[#reply + 1] = row:sub(15)
  reply[#reply + 1] = redis.call('HMGET', KEYS[2], id)[1] or ''
end
return reply
