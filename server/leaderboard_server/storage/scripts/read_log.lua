-- Reads the commits after a revision from the commit log, and the one at that revision, by which a
-- server detects another history. Appended to position.lua.
--
-- KEYS[1]  board  ZSET    member = tie key + user id, score = points
-- KEYS[2]  users  HASH    user id → tie key + display name
-- KEYS[3]  meta   HASH    epoch, revision
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  the revision after which to read, in decimal digits
-- ARGV[6]  how many commits at most
--
-- Returns {epoch, revision, payload at the revision or '', {payload, ...}}, oldest first, with numbers
-- as text.

local epoch, revision = current_position(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
local after, limit = ARGV[5] .. '-0', tonumber(ARGV[6])
local payload_at_revision, payloads = '', {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[4], after, '+', 'COUNT', limit + 1)) do
  local id, payload = entry[1], entry[2][2]
  if id == after then
    payload_at_revision = payload
  elseif #payloads < limit then
    payloads[#payloads + 1] = payload
  end
end
return {epoch, whole(revision), payload_at_revision, payloads}
