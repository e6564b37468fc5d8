-- The first part of every script: reads the position and the rules of a contest, and detects that
-- its history was lost. With each call a server sends the latest position it has seen; a store that
-- is behind that position was emptied, restored or failed over, so what follows is another history.

-- Returns an integer as text. Lua's own conversion is faster but keeps only 14 digits.
local function whole(number)
  if number < 1e14 and number > -1e14 then
    return number .. ''
  end
  return string.format('%.0f', number)
end

-- Reads the position.
--   meta_key       HASH  epoch, revision, rules and schema of the contest
--   seen_epoch     epoch of the latest position this server has seen, '' for none
--   seen_revision  revision of that position
-- Returns the epoch ('' if there is no history), the revision (a number), whether the history was
-- lost, the rules as JSON ('' for the default ones), and the schema version (false for the first).
-- Where the history was lost a reading script returns nil, and the server begins an epoch and reads
-- again.
local function read_position(meta_key, seen_epoch, seen_revision)
  local meta = redis.call('HMGET', meta_key, 'epoch', 'revision', 'rules', 'schema')
  local epoch, revision = meta[1] or '', tonumber(meta[2] or 0)
  local lost = seen_epoch ~= ''
    and (epoch == '' or (epoch == seen_epoch and revision < tonumber(seen_revision)))
  return epoch, revision, lost, meta[3] or '', meta[4]
end
