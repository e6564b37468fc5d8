-- Reads the last commits up to a revision from the commit log. Appended to position.lua.
--
-- KEYS[1]  board  ZSET    member = tie key + user id, score = points
-- KEYS[2]  users  HASH    user id → tie key + display name
-- KEYS[3]  meta   HASH    epoch, revision
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  the revision up to which to read, inclusive
-- ARGV[6]  how many commits at most
--
-- Returns {epoch, revision, {payload, ...}}, latest first, with numbers as text.

local epoch, revision = current_position(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
local entries = redis.call('XREVRANGE', KEYS[4], ARGV[5] .. '-0', '-', 'COUNT', ARGV[6])
local payloads = {}
for i, entry in ipairs(entries) do
  payloads[i] = entry[2][2]
end
return {epoch, whole(revision), payloads}
