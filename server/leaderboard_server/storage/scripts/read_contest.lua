#!lua flags=no-writes
-- Reads the settings and the size of a contest. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    the position and the settings of the contest
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, when the contest began in
-- seconds since 1970 or '', total users, the time of the store and when the season ends, in
-- milliseconds since 1970, rules, display name, when it opens, when it closes, after what time it
-- expires, when seasons end, how many are kept}, with numbers as text and '' for what is not set. The
-- epoch of a contest that does not exist is ''.

local epoch, revision, state, rules_text, meta = read_position(
  KEYS[3], ARGV[1], ARGV[2], 'created_at', 'display_name', 'starts_at', 'ends_at', 'expire_after',
  'reset_schedule', 'keep_seasons')
if state then
  return false
end
local total = whole(redis.call('ZCARD', KEYS[1]))
local reply = {
  epoch, whole(revision), meta[7] or '', total, whole(now_ms()), meta[6] or '', rules_text,
}
for i = 8, 13 do
  reply[i] = meta[i] or ''
end
return reply
