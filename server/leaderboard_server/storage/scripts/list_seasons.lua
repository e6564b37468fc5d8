#!lua flags=no-writes
-- Reads a page of the seasons of a contest, the latest first. Appended to position.lua.
--
-- KEYS[1]  board    ZSET    member = tie key + user id, score = points
-- KEYS[2]  users    HASH    user id → tie key + profile
-- KEYS[3]  meta     HASH    the position and the settings of the contest
-- KEYS[4]  log      STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores   ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  seasons  HASH    the kept seasons, see new_season.lua
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  the season that all are before, 0 for none
-- ARGV[4]  how many seasons at most
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, the oldest season, the season,
-- its entry, the season before, its entry, ...} with numbers as text. An entry is that of
-- new_season.lua; that of the current season has '-' for its end. The epoch of a contest that does
-- not exist is '', and nothing follows the revision.

local epoch, revision, state, rules_text, meta = read_position(
  KEYS[3], ARGV[1], ARGV[2], 'season_started_at', 'created_at')
if state then
  return false
elseif epoch == '' then
  return {epoch, whole(revision)}
end

local started_at, created_at = meta[#meta - 1], meta[#meta]
local current = season_of(epoch)
local oldest = current - redis.call('HLEN', KEYS[6])
local before, size = tonumber(ARGV[3]), tonumber(ARGV[4])
local first = before > 0 and math.min(before - 1, current) or current
local last = math.max(oldest, first - size + 1)

local numbers, entries = {}, {}
for number = first, last, -1 do
  numbers[#numbers + 1] = whole(number)
end
if #numbers > 0 then
  entries = redis.call('HMGET', KEYS[6], unpack(numbers))
end
if first == current then
  local began = started_at or created_at and created_at .. '000' or '-'
  local total = whole(redis.call('ZCARD', KEYS[1]))
  entries[1] = table.concat({epoch, whole(revision), began, '-', total, rules_text}, ' ')
end
local reply = {epoch, whole(revision), whole(oldest)}
for i, number in ipairs(numbers) do
  reply[#reply + 1] = number
  reply[#reply + 1] = entries[i]
end
return reply
