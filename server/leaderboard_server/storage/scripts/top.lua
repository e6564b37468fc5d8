#!lua flags=no-writes
-- Reads consecutive rows of a contest. Appended to position.lua, rules.lua and rows.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points (see rules.lua)
-- KEYS[2]  users   HASH    user id → tie key + profile (see profiles.lua)
-- KEYS[3]  meta    HASH    epoch, revision, rules
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  first index, from 0
-- ARGV[4]  last index, inclusive
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, rules, total users, rows as of
-- rows.lua, time left until the season ends by the schedule in milliseconds or ''}, with numbers as
-- text.

local epoch, revision, state, rules_text, meta = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local rows = read_rows(decode_rules(rules_text), KEYS, ARGV[3], ARGV[4])
local left = meta[6] and whole(meta[6] - now_ms()) or ''
return {epoch, whole(revision), rules_text, whole(redis.call('ZCARD', KEYS[1])), rows, left}
