#!lua flags=allow-oom
-- Begins a new epoch where a reading script found the history lost, or where a server knows it.
-- Appended to position.lua and epoch.lua.
--
-- A full store takes it too, so that its contests can be read: it writes two short fields, and one
-- log entry in place of all others.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision, schema, when the contest began
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin
--
-- Returns {epoch, revision}, both as text: the new ones, or those of the store where no history was
-- lost, as when another server has begun an epoch already. A new epoch is published as a commit
-- without changes.

local board, _, meta, log = unpack(KEYS)
local epoch, revision, lost, _, schema = read_position(meta, ARGV[1], ARGV[2])
if lost then
  local refused = newer_schema(schema) or missing_right({
    {'HSET', meta, 'epoch', ''}, {'TIME'}, {'XADD', log, '*', 'commit', ''},
  })
  if refused then
    return refused
  end
  local payload
  revision, payload = begin_epoch(board, meta, log, ARGV[4], epoch, revision)
  epoch = ARGV[4]
  redis.pcall('PUBLISH', ARGV[3], payload)
end
return {epoch, whole(revision)}
