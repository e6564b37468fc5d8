#!lua flags=allow-oom
-- Erases a user from a contest, hidden or not, and the log up to now if it may name the user.
-- Appended to position.lua, epoch.lua, log.lua, rules.lua, moves.lua,
-- requests.lua and hiding.lua.
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
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6]  the user
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, 1 if the contest held the user
-- or else 0, payload or ''}, with numbers as text. The payload is [epoch, previous revision, revision,
-- total users, "user_erased"], and then the change if a row left the board. The log has it without
-- that change, as its first entry. The epoch of a contest that does not exist is ''.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local board, users, meta, log, _, _, hidden = unpack(KEYS)
local ended, epoch, revision, rules, any_hidden, servers = begin_moderation(KEYS, {{'XRANGE', log, '-', '+'}})
if ended then
  return ended[1]
elseif epoch == '' then
  return {'', '0', '0', ''}
end
local id, total = ARGV[6], redis.call('ZCARD', board)
local READ_AT_ONCE = 200  -- entries of the log

-- Returns whether the log names the user, though it is not among the users: only entries up to the
-- latest removal may.
local function is_logged()
  local removed_at = redis.call('HMGET', meta, 'removed_at')[1]
  local first, name = '-', '["' .. id .. '",'  -- the beginning of a change
  while removed_at do
    local entries = redis.call('XRANGE', log, first, removed_at, 'COUNT', READ_AT_ONCE)
    for _, entry in ipairs(entries) do
      first = '(' .. entry[1]
      if entry[2][2]:find(name, 1, true) then
        return true
      end
    end
    if #entries < READ_AT_ONCE then
      return false
    end
  end
  return false
end

local user = redis.call('HMGET', users, id)[1]
local is_hidden = any_hidden and redis.call('HEXISTS', hidden, id) == 1
if not user and not is_hidden and not is_logged() then
  return {epoch, whole(revision), '0', ''}
end
local change = leave_board(rules, KEYS, id, user)
redis.call('HDEL', users, id)
if is_hidden then
  local others = redis.call('HLEN', hidden) > 1
  redis.call('HDEL', hidden, id)
  note_hidden(KEYS, any_hidden, others)
end
forget_replies(servers, {unpack(KEYS, 10)})
local at = whole(revision + 1)
local payload = payload_head(epoch, revision, revision + 1, change and total - 1 or total)
  .. ',"user_erased"'
redis.call('HSET', meta, 'revision', at)
redis.call('XADD', log, 'MINID', '=', at, at .. '-0', 'commit', payload .. ']')
payload = payload .. (change and ',' .. change or '') .. ']'
redis.pcall('PUBLISH', ARGV[3], payload)
return {epoch, at, '1', payload}
