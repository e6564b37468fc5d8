#!lua flags=no-writes
-- Reads the settings and the size of a contest. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision, rules, display name, when the contest began
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
--
-- Returns nil if the history was lost, else {epoch, revision, rules, display name, when the contest
-- began in seconds since 1970 or '', total users}, with numbers as text. The epoch of a contest that
-- does not exist is ''.

local epoch, revision, lost, rules_text = read_position(KEYS[3], ARGV[1], ARGV[2])
if lost then
  return false
end
local more = redis.call('HMGET', KEYS[3], 'display_name', 'created_at')
local total = whole(redis.call('ZCARD', KEYS[1]))
return {epoch, whole(revision), rules_text, more[1] or '', more[2] or '', total}
