#!lua flags=allow-oom
-- Hides users: their rows leave the board. Appended to position.lua, epoch.lua, log.lua, rules.lua, moves.lua,
-- requests.lua and hiding.lua.
--
-- A full store takes it too: it moves rows.
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
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6] and further  1 to 1,000 users
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, number of users, payload or
-- ''}, with numbers as text: how many of the users were not hidden. The payload is
-- that of log.lua; a row that left the board has the score, the rank and the place 0.
-- The epoch of a contest that does not exist is ''.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local ended, epoch, revision, rules, any_hidden = begin_moderation(KEYS, {})
if ended then
  return ended[1]
elseif epoch == '' then
  return {'', '0', '0', ''}
end
local board, users, _, _, _, _, hidden = unpack(KEYS)
local ids = {unpack(ARGV, 6)}
local total, count, changes = redis.call('ZCARD', board), 0, {}
for i, user in ipairs(redis.call('HMGET', users, unpack(ids))) do
  local id = ids[i]
  if redis.call('HEXISTS', hidden, id) == 0 then
    local change, score = leave_board(rules, KEYS, id, user)
    redis.call('HSET', hidden, id, change and user:sub(1, 14) .. score or '')
    changes[#changes + 1] = change
    count = count + 1
  end
end
note_hidden(KEYS, any_hidden, redis.call('HLEN', hidden) > 0)
return commit_rows(KEYS, epoch, revision, total - #changes, changes, count)
