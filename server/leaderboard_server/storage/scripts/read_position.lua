-- Reads the position of a contest. Appended to position.lua.
--
-- KEYS[1]  board  ZSET    member = tie key + user id, score = points
-- KEYS[2]  users  HASH    user id → tie key + display name
-- KEYS[3]  meta   HASH    epoch, revision
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
--
-- Returns {epoch, revision}, both as text.

local epoch, revision = current_position(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
return {epoch, whole(revision)}
