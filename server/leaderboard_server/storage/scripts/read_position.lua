-- Reads the position of a contest. Follows position.lua.
--
-- KEYS[1]  board  ZSET
-- KEYS[2]  users  HASH (unused here; the same keys for every reading script)
-- KEYS[3]  meta   HASH
-- KEYS[4]  log    STREAM
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
--
-- Returns {epoch, revision}, both as text.

local epoch, revision = position_of(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
return {epoch, whole(revision)}
