#!lua flags=allow-oom
-- Deletes a contest with all its keys. Appended to position.lua and epoch.lua.
--
-- A full store takes it too, since it makes room.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + profile
-- KEYS[3]  meta      HASH    the position and the settings of the contest
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores    ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  counts    HASH    score → how many users have it, where the rank style is dense
-- KEYS[7]  hidden    HASH    the hidden users, see hiding.lua
-- KEYS[8]  seasons   HASH    kept seasons, see new_season.lua
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket, see requests.lua
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket
-- KEYS[13] and further  the keys of the kept seasons
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  an epoch, not needed here: the arguments of all scripts that write begin alike
-- ARGV[5]  the epoch that is meant
-- ARGV[6]  1 to delete it only if it has expired, else 0
-- ARGV[7]  number of kept seasons, whose keys are given
--
-- Returns {epoch, revision, epoch that was deleted or ''}, as text: the position after it. The epoch
-- of a contest that does not exist is ''. Where the contest has another epoch or other kept seasons,
-- or its season is over, nothing is deleted.
--
-- It publishes [epoch, revision, revision, 0, "contest_deleted"]. The store frees the keys beside its
-- work.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local epoch, revision, state, _, fields = read_position(KEYS[3], ARGV[1], ARGV[2])
local at = whole(revision)
if epoch == '' or epoch ~= ARGV[5] or state == 'due' or ARGV[6] == '1' and state ~= 'expired'
  or whole(redis.call('HLEN', KEYS[8])) ~= ARGV[7] then
  return {epoch, at, ''}
end
local refused = newer_schema(fields[4]) or missing_right({{'UNLINK', KEYS[1]}})
if refused then
  return refused
end
redis.call('UNLINK', unpack(KEYS))
redis.pcall('PUBLISH', ARGV[3], '["' .. epoch .. '",' .. at .. ',' .. at .. ',0,"contest_deleted"]')
return {'', '0', epoch}
