-- The second part of scripts that read a kept season: the reading scripts themselves, on the keys of
-- that season, with another `read_position`. Appended to position.lua.
--
-- KEYS[1]  board    ZSET  the board of the season
-- KEYS[2]  users    HASH  its users
-- KEYS[3]  seasons  HASH  the kept seasons, see new_season.lua
-- KEYS[4]  log      not needed here: the keys of all reading scripts begin alike
-- KEYS[5]  scores   ZSET  the distinct scores of the season, where the rank style is dense
-- ARGV[1]  number of the season
-- ARGV[2]  '', not needed here
-- Further arguments, and the reply, are those of the reading script; nil if the season is not kept.

-- Reads the position of a kept season; in place of that of position.lua.
--   seasons_key  HASH  the kept seasons
--   season       number of the season
-- Returns the epoch, the revision (a number), the state (nil, or 'absent' if the season is not kept),
-- the rules as JSON ('' for the default ones), and an empty table: no settings hold for it any more.
local function read_position(seasons_key, season)
  local entry = redis.call('HMGET', seasons_key, season)[1]
  if not entry then
    return '', 0, 'absent', '', {}
  end
  local epoch, revision, rules = entry:match('^(%S+) (%d+) %S+ %S+ %d+ ?(.*)$')
  return epoch, tonumber(revision), nil, rules, {}
end
