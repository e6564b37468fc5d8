#!lua flags=allow-oom
-- Finds out what has to be done before other scripts read a contest or write to it, and begins a new
-- epoch if its history was lost. A server that knows of a lost history runs it too. Appended to
-- position.lua and epoch.lua.
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
-- KEYS[8]  seasons   HASH    kept seasons, see new_season.lua
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket, see requests.lua
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if the history was lost
--
-- Returns {epoch, revision, what is left to do, number of kept seasons, the time of the store, when
-- the season ends, when seasons end, when the contest closes, how many seasons to keep}, as text, ''
-- for what is not set, with times in milliseconds since 1970. What is left is 'expired': the contest
-- has to be deleted; 'due': its season has to end; or ''. The position is the new one, or that of the
-- store where there was nothing to do, as when another server was faster. The epoch of a contest that
-- does not exist is ''. A new epoch is published as a commit without changes.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local _, _, meta, log = unpack(KEYS)
local epoch, revision, state, _, fields = read_position(
  meta, ARGV[1], ARGV[2], 'reset_schedule', 'ends_at', 'keep_seasons')
if state then
  local refused = newer_schema(fields[4]) or missing_right({
    {'HSET', meta, 'epoch', ''}, {'XADD', log, '*', 'commit', ''},
  })
  if refused then
    return refused
  end
end
if state == 'lost' then
  epoch, revision = begin_and_publish(KEYS, ARGV[3], ARGV[4], epoch, revision)
end
local kept = redis.call('HLEN', KEYS[8])
local to_do = recover_first(state) and state or ''
local reply = {epoch, whole(revision), to_do, whole(kept), whole(now_ms())}
for i = 6, 9 do
  reply[i] = fields[i] or ''
end
return reply
