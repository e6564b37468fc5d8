#!lua flags=no-writes
-- Reads the position of a contest. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
--
-- Returns nil if recover.lua has to run before, else {epoch, revision}, both as text.

local epoch, revision, state = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
return {epoch, whole(revision)}
