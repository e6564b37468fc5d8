-- The first part of every script: reads the position of a contest and begins a new epoch where its
-- history was lost. With each call a server sends the latest position it has seen; a store that is
-- behind that position was emptied, restored or failed over, so what follows is another history.

-- Returns an integer as text. Lua's own conversion is faster but keeps only 14 digits.
local function whole(number)
  if number < 1e14 and number > -1e14 then
    return number .. ''
  end
  return string.format('%.0f', number)
end

-- Reads the position without writing.
--   meta_key       HASH  epoch and revision of the contest
--   seen_epoch     epoch of the latest position this server has seen, '' for none
--   seen_revision  revision of that position
-- Returns the epoch ('' if there is no history), the revision (a number), and whether the history
-- was lost.
local function read_position(meta_key, seen_epoch, seen_revision)
  local meta = redis.call('HMGET', meta_key, 'epoch', 'revision')
  local epoch, revision = meta[1] or '', tonumber(meta[2] or 0)
  local lost = seen_epoch ~= ''
    and (epoch == '' or (epoch == seen_epoch and revision < tonumber(seen_revision)))
  return epoch, revision, lost
end

-- Begins a new epoch at the revision the store holds. A log without a position belongs to the lost
-- history, and its ids would clash with the new revisions, so it is deleted.
local function begin_epoch(meta_key, log_key, old_epoch, new_epoch, revision)
  if old_epoch == '' then
    redis.call('DEL', log_key)
  end
  redis.call('HSET', meta_key, 'epoch', new_epoch, 'revision', whole(revision))
end

-- Returns epoch and revision for a reading script. If the history was lost, this begins a new epoch
-- first and publishes it as a commit without changes.
local function current_position(board_key, meta_key, log_key, channel, seen_epoch, seen_revision, new_epoch)
  local epoch, revision, lost = read_position(meta_key, seen_epoch, seen_revision)
  if not lost then
    return epoch, revision
  end
  begin_epoch(meta_key, log_key, epoch, new_epoch, revision)
  local at = whole(revision)
  local total = whole(redis.call('ZCARD', board_key))
  redis.pcall('PUBLISH', channel, '["' .. new_epoch .. '",' .. at .. ',' .. at .. ',' .. total .. ']')
  return new_epoch, revision
end
