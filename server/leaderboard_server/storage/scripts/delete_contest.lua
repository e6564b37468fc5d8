#!lua flags=allow-oom
-- Deletes a contest. Appended to position.lua, epoch.lua and deletion.lua.
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
-- KEYS[8]  requests  HASH    current request bucket, see requests.lua
-- KEYS[9]  requests  HASH    previous request bucket
-- KEYS[10] requests  HASH    next request bucket
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  an epoch, not needed here: the arguments of all scripts that write begin alike
-- ARGV[5]  the epoch that is meant, '' for any
--
-- Returns {epoch, revision, epoch that was deleted or ''}, as text: the position after it. The epoch
-- of a contest that does not exist is ''.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local epoch, revision, _, _, fields = read_position(KEYS[3], ARGV[1], ARGV[2])
if epoch == '' or ARGV[5] ~= '' and ARGV[5] ~= epoch then
  return {epoch, whole(revision), ''}
end
local refused = newer_schema(fields[4]) or missing_deletion_right(KEYS)
if refused then
  return refused
end
delete_contest(KEYS, ARGV[3], epoch, revision)
return {'', '0', epoch}
