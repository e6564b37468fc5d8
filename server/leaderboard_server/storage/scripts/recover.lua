#!lua flags=allow-oom
-- Makes a contest readable where another script found its history lost or the contest expired:
-- begins a new epoch, or deletes the contest. A server that knows of a lost history runs it too.
-- Appended to position.lua, epoch.lua and deletion.lua.
--
-- A full store takes it too, so that its contests can be read: it writes two short fields, and one
-- log entry in place of all others.
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
-- ARGV[4]  epoch to begin if the history was lost
--
-- Returns {epoch, revision, epoch that was deleted or ''}, as text: the new position, or that of the
-- store where there was nothing to do, as when another server was faster. The epoch of a contest that
-- does not exist is ''. A new epoch is published as a commit without changes.

local _, _, meta, log = unpack(KEYS)
local epoch, revision, state, _, fields = read_position(meta, ARGV[1], ARGV[2])
local deleted = ''
if state == 'lost' then
  local refused = newer_schema(fields[4]) or missing_right({
    {'HSET', meta, 'epoch', ''}, {'XADD', log, '*', 'commit', ''},
  })
  if refused then
    return refused
  end
  epoch, revision = begin_and_publish(KEYS, ARGV[3], ARGV[4], epoch, revision)
elseif state == 'expired' then
  local refused = newer_schema(fields[4]) or missing_deletion_right(KEYS)
  if refused then
    return refused
  end
  delete_contest(KEYS, ARGV[3], epoch, revision)
  epoch, revision, deleted = '', 0, epoch
end
return {epoch, whole(revision), deleted}
