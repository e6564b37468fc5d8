-- Reads the commits after a revision from the log, and the one at that revision, by which a server
-- can tell whether this is the history that it knows. Follows position.lua.
--
-- KEYS[1]  board  ZSET
-- KEYS[2]  users  HASH (unused here; the same keys for every reading script)
-- KEYS[3]  meta   HASH
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  the revision after which to read, in decimal digits
-- ARGV[6]  how many commits at most
--
-- Returns {epoch, revision, payload at the revision or '', {payload, ...}}, with numbers as text.

local epoch, revision = position_of(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
local after, limit = ARGV[5] .. '-0', tonumber(ARGV[6])
local known, payloads = '', {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[4], after, '+', 'COUNT', limit + 1)) do
  if entry[1] == after then
    known = entry[2][2]
  elseif #payloads < limit then
    payloads[#payloads + 1] = entry[2][2]
  end
end
return {epoch, whole(revision), known, payloads}
