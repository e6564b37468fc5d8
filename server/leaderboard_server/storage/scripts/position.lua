-- The first part of every script: reads the position and the rules of a contest, and detects that
-- its history was lost, that its season is over, or that it has expired. With each call a server sends
-- the latest position it has seen; a store that is behind that position, or in an earlier season, was
-- restored or failed over, so what follows is another history. A contest without an epoch does not
-- exist.

-- Returns an integer as text. Lua's own conversion is faster but keeps only 14 digits.
local function whole(number)
  if number < 1e14 and number > -1e14 then
    return number .. ''
  end
  return string.format('%.0f', number)
end

-- Returns the number of the season of an epoch: from the second one on its name ends with '_<number>'.
-- 0 if there is no contest.
local function season_of(epoch)
  return epoch == '' and 0 or tonumber(epoch:match('_(%d+)$') or 1)
end

-- Returns the time of the store in milliseconds since 1970; it stands still while a script runs. No
-- script knows the time from elsewhere.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Returns how the name of an epoch of a later season ends: with the epoch that the contest began with
-- ('0' where an earlier version began it), and the number of the season.
local function end_of_name(meta_key, season)
  return '-' .. (redis.call('HMGET', meta_key, 'first_epoch')[1] or '0') .. '_' .. season
end

-- Returns whether a store that is in another epoch than a server has seen is in an earlier season of
-- the same contest; not so if the contest was deleted and has begun again.
local function is_season_before(meta_key, epoch, seen_epoch)
  local season = season_of(seen_epoch)
  if season_of(epoch) >= season then
    return false
  end
  local ending = end_of_name(meta_key, season)
  return seen_epoch:sub(-#ending) == ending
end

-- Reads the position.
--   meta_key       HASH  the position and the settings of the contest
--   seen_epoch     epoch of the latest position this server has seen, '' for none
--   seen_revision  revision of that position
--   ...            names of further fields of meta
-- Returns the epoch ('' if the contest does not exist), the revision (a number), the state of the
-- history, the rules as JSON ('' for the default ones), and {epoch, revision, rules, schema, when the
-- contest expires, when its season ends, the further fields...} as the store has them, false for
-- those that are absent.
-- The state is nil, 'expired', 'due' if the season is over by the schedule, or 'lost'. Where it is not
-- nil a reading script returns nil; the server then recovers the contest (see recover.lua), and reads
-- again.
local function read_position(meta_key, seen_epoch, seen_revision, ...)
  local meta = redis.call(
    'HMGET', meta_key, 'epoch', 'revision', 'rules', 'schema', 'expires_at', 'reset_at', ...)
  local epoch, revision, state = meta[1] or '', tonumber(meta[2] or 0), nil
  if meta[5] and now_ms() >= tonumber(meta[5]) then
    state = 'expired'
  elseif meta[6] and now_ms() >= tonumber(meta[6]) then
    state = 'due'
  elseif epoch ~= '' and (epoch == seen_epoch and revision < tonumber(seen_revision)
    or epoch ~= seen_epoch and is_season_before(meta_key, epoch, seen_epoch)) then
    state = 'lost'
  end
  return epoch, revision, state, meta[3] or '', meta
end
